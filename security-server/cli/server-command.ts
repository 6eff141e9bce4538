import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { parseRestServer, printShort } from '../../gateway/identifier/index.ts';
import { userCommand } from '../../gateway/people/index.ts';
import { causes, startCause } from '../diagnostics/index.ts';
import { initServer } from '../init.ts';
import type { RunningServer } from '../running-server.ts';
import { serveFolder } from '../serve.ts';
import { archiveCommand } from './archive-command.ts';
import { serverBackupCommands } from './backup-commands.ts';
import { bodyPolicyCommand } from './body-policy-command.ts';
import { joinCommand } from './join-command.ts';
import { joinSettings } from './join-settings.ts';
import { requestCommand, requestsCommand } from './request-command.ts';
import {
  loadStartSettings,
  loggerOf,
  pinCommandOption,
  pinFdOption,
  pinOption,
  readPin,
  serverSettings,
  withStartOptions,
} from './start-settings.ts';

interface InitOptions {
  readonly data: string;
  readonly id: string;
  readonly anchor: string;
  readonly pinFile?: string;
  readonly pinFd?: string;
  readonly pinCommand?: string;
  readonly json?: boolean;
}

/** `waygate server`: set up a security server, run it, and register it. */
export function serverCommand(): Command {
  const command = new Command('server').description('a security server of one administration');
  command
    .command('init')
    .description('found a security server: its token, its settings, its anchor')
    .requiredOption('--data <dir>', 'folder of this server alone')
    .requiredOption('--id <id>', 'identifier: instance/class/member/server, e.g. PILOT/GOV/1001/ss1')
    .requiredOption('--anchor <file>', 'configuration anchor, as the registry hands it out')
    .option(...pinOption)
    .option(...pinFdOption)
    .option(...pinCommandOption)
    .option('--json', 'print one JSON document')
    .action(init);
  const starting = command
    .command('start')
    .description('serve information systems, other security servers and administrators until interrupted')
    .option('--settings <file>', 'YAML or JSON file with any of the settings below')
    .option('--data <dir>', 'folder of this server')
    .option(...pinOption)
    .option(...pinFdOption)
    .option(...pinCommandOption);
  withStartOptions(starting).option('--json', 'print one JSON document when ready').action(start);
  command.addCommand(joinCommand());
  command.addCommand(requestCommand());
  command.addCommand(requestsCommand());
  command.addCommand(archiveCommand());
  command.addCommand(bodyPolicyCommand());
  for (const one of serverBackupCommands()) command.addCommand(one);
  command.addCommand(
    userCommand({ admin: 'http://127.0.0.1:4100', passwordVariable: 'WAYGATE_SERVER_PASSWORD' }),
  );
  return command;
}

async function init({ data, id, anchor, json, pinFd, ...places }: InitOptions): Promise<void> {
  const serverId = parseRestServer(id);
  const pin = await readPin({ ...places, ...(pinFd !== undefined && { pinFd: Number(pinFd) }) });
  await initServer({ data, id: serverId, pin, anchor: await readFile(anchor) });
  const next = `waygate server start --data ${data}`;
  process.stdout.write(
    json === true
      ? `${JSON.stringify({ server: printShort(serverId), data })}\n`
      : `Security server ${printShort(serverId)} is founded in ${data}.\nStart it: ${next}\n`,
  );
}

async function start({
  settings: file,
  json,
  ...overrides
}: Readonly<Record<string, string>> & { readonly json?: boolean }): Promise<void> {
  const settings = loadStartSettings(file, overrides);
  const { data } = settings;
  const pin = await readPin(settings);
  const logger = loggerOf(settings);
  const running = serverSettings(settings, logger);
  const serving = await serveFolder(
    { ...running, pin },
    {
      ...(await joinSettings(settings)),
      onStep: ({ code, state, detail }) => logger.info({ about: 'joining', code, state, detail }),
      onTrouble: running.onTrouble,
    },
  ).catch((error: unknown) => {
    const code = startCause(error);
    if (code !== undefined) logger.error({ about: 'start', code, remedy: causes[code].remedy.en });
    throw error;
  });
  // Whoever starts programs may send the signal as soon as it reads the lines below.
  const interrupted = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  if (serving.server === undefined) showWaiting(serving.adminUrl, data, json === true);
  else show(serving.server, data, json === true);
  await interrupted;
  await serving.close();
}

/** There is no server in the folder yet: an invitation makes one. */
function showWaiting(adminUrl: string, data: string, asJson: boolean): void {
  process.stdout.write(
    asJson
      ? `${JSON.stringify({ adminUrl })}\n`
      : `No security server is founded in ${data} yet. It waits for an invitation: POST ${adminUrl}/api/v1/join\nStop it with Ctrl+C.\n`,
  );
}

function show(
  { id, clientUrl, clientTlsUrl, peerAddress, ocspAddress, adminUrl }: RunningServer,
  data: string,
  asJson: boolean,
): void {
  if (asJson) {
    process.stdout.write(
      `${JSON.stringify({ server: printShort(id), clientUrl, clientTlsUrl, peerAddress, ocspAddress, adminUrl })}\n`,
    );
    return;
  }
  const lines = [
    `Security server ${printShort(id)} is live.`,
    `  information systems  ${clientUrl} and ${clientTlsUrl}`,
    `  security servers     ${peerAddress.host} port ${peerAddress.port}`,
    ...(ocspAddress === undefined
      ? []
      : [`  certificate statuses ${ocspAddress.host} port ${ocspAddress.port}`]),
    `  administration       ${adminUrl}/openapi.json`,
    `  API key              in ${join(data, 'api-key')}`,
    `  readiness            ${adminUrl}/health/ready`,
    'Stop it with Ctrl+C.',
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}
