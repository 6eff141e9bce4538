import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { askAdmin } from '../../gateway/http/index.ts';
import { parseRestServer, printShort } from '../../gateway/identifier/index.ts';
import { userCommand } from '../../gateway/people/index.ts';
import { causes, startCause } from '../diagnostics/index.ts';
import { initServer } from '../init.ts';
import type { RunningServer } from '../running-server.ts';
import { serveFolder } from '../serve.ts';
import { archiveCommand } from './archive-command.ts';
import { serverBackupCommands } from './backup-commands.ts';
import { bodyPolicyCommand } from './body-policy-command.ts';
import { eraseCommand, rotateLogKeyCommand } from './erase-command.ts';
import { exportSettingsCommand } from './export-settings-command.ts';
import { joinCommand } from './join-command.ts';
import { joinSettings } from './join-settings.ts';
import { requestCommand, requestsCommand } from './request-command.ts';
import {
  askPinAtTerminal,
  loadStartSettings,
  loggerOf,
  passwordOption,
  pinCommandOption,
  pinFdOption,
  pinOption,
  readAdministrator,
  readGivenPin,
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
  readonly administrator?: string;
  readonly administratorPasswordFile?: string;
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
    .option('--administrator <name>', 'the first who may sign in; others are added with `server user add`')
    .option(...passwordOption)
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
  command.addCommand(exportSettingsCommand());
  command.addCommand(eraseCommand());
  command.addCommand(rotateLogKeyCommand());
  for (const one of serverBackupCommands()) command.addCommand(one);
  command.addCommand(
    userCommand({ admin: 'http://127.0.0.1:4100', passwordVariable: 'WAYGATE_SERVER_PASSWORD' }),
  );
  return command;
}

async function init({ data, id, anchor, json, pinFd, ...places }: InitOptions): Promise<void> {
  const serverId = parseRestServer(id);
  const pin = await readPin({ ...places, ...(pinFd !== undefined && { pinFd: Number(pinFd) }) });
  const administrator = await readAdministrator(places);
  await initServer({
    ...{ data, id: serverId, pin, anchor: await readFile(anchor) },
    ...(administrator !== undefined && { administrator }),
  });
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
  const pin = await readGivenPin(settings);
  const logger = loggerOf(settings);
  const running = serverSettings(settings, logger);
  const serving = await serveFolder(
    { ...running, ...(pin !== undefined && { pin }) },
    {
      ...(await joinSettings(settings)),
      onStep: ({ code, state, detail }) => logger.info({ about: 'joining', code, state, detail }),
      onTrouble: running.onTrouble,
      askPin: askPinAtTerminal,
      onOpened: (address, codeFile) =>
        logger.warn({
          about: 'first start',
          detail: `the code was used from ${address}; the next is in ${codeFile}`,
        }),
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
  const { code, server } = serving;
  if (code !== undefined) showFirstStart(serving.adminUrl, code, data, json === true);
  else if (server !== undefined) show(server, await isSignedIn(server), data, json === true);
  await interrupted;
  await serving.close();
}

/** There is no server in the folder yet: an invitation makes one. */
function showFirstStart(adminUrl: string, code: string, data: string, asJson: boolean): void {
  if (asJson) {
    process.stdout.write(`${JSON.stringify({ adminUrl, code })}\n`);
    return;
  }
  const lines = [
    `No security server is founded in ${data} yet. Join an instance with an invitation, in a browser:`,
    `  address  ${adminUrl}/`,
    `  code     ${code}`,
    `The code opens once; it is also in ${join(data, 'first-start-code')}`,
    'Stop it with Ctrl+C.',
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

async function isSignedIn({ adminUrl, apiKey }: RunningServer): Promise<boolean> {
  const { token } = await askAdmin<{ readonly token: { readonly isActive: boolean } }>(
    { url: adminUrl, key: apiKey },
    'GET',
    '/status',
  );
  return token.isActive;
}

function show(
  { id, clientUrl, clientTlsUrl, peerAddress, ocspAddress, adminUrl }: RunningServer,
  hasPin: boolean,
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
    ...(hasPin ? [] : [`It exchanges nothing until its PIN is entered: ${adminUrl}/tokens`]),
    'Stop it with Ctrl+C.',
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}
