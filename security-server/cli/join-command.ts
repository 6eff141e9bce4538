import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { Command } from 'commander';
import { printShort } from '../../gateway/identifier/index.ts';
import { type JoinStep, joinStepTitles } from '../../gateway/joining/index.ts';
import { prepareFirstPerson } from '../../gateway/people/index.ts';
import { Joining, type JoiningBegin, joiningServer } from '../join/index.ts';
import { startServer } from '../main.ts';
import { type CertificateFolders, joinSettings } from './join-settings.ts';
import {
  loadStartSettings,
  loggerOf,
  passwordOption,
  pinOption,
  readAdministrator,
  readPin,
  type StartSettings,
  serverSettings,
  withStartOptions,
} from './start-settings.ts';

interface JoinOptions {
  readonly settings?: string;
  readonly address?: string;
  readonly subsystem: readonly string[];
  readonly signingToken?: string;
  readonly csrOut?: string;
  readonly certificateIn?: string;
  readonly wait: boolean;
  readonly stay?: boolean;
  readonly administrator?: string;
  readonly administratorPasswordFile?: string;
  readonly json?: boolean;
}

/** Exit status of each end of a run. */
const statuses = { joined: 0, declined: 1, failed: 2, waiting: 3 } as const;

/** `waygate server join`: from an invitation to a registered server, in one flow that can be broken off. */
export function joinCommand(): Command {
  const command = new Command('join')
    .description('join an instance with the invitation of its registry, or go on with a joining')
    .argument('[invitation]', 'the invitation, a file that holds it, or - for standard input; none: go on')
    .option('--address <host>', 'host name or IP address at which other servers will reach this one')
    .option(
      '--subsystem <code[=name]>',
      'to register on the server; may be given again',
      (one: string, all: readonly string[]) => [...all, one],
      [] as readonly string[],
    )
    .option('--signing-token <name>', 'device of the settings that has the key for signing (the own token)')
    .option('--csr-out <dir>', 'where requests for certificates are put (folder requests of the server)')
    .option('--certificate-in <dir>', 'where their certificates are looked for (the same folder)')
    .option('--administrator <name>', 'the first who may sign in to the server that is founded')
    .option(...passwordOption)
    .option('--no-wait', 'return when somebody else has to act, instead of waiting')
    .option('--stay', 'go on serving when the server has joined')
    .option('--settings <file>', 'YAML or JSON file with the settings of the server')
    .option('--data <dir>', 'folder of the server')
    .option(...pinOption);
  return withStartOptions(command)
    .option('--json', 'print one JSON document at the end')
    .addHelpText(
      'after',
      '\nA file or standard input keeps the invitation from the other users of the machine, who see every argument.' +
        '\n\nProgress goes to standard error, a line for each change of a step. Broken off, or crashed, it goes on where it' +
        '\nwas: run it again without the invitation.' +
        '\n\nExit status: 0 joined, 1 declined by the registry, 2 a step failed or wrong usage, 3 somebody else has to act' +
        '\n(with --no-wait).',
    )
    .action(runJoin);
}

async function runJoin(
  invitation: string | undefined,
  {
    settings: file,
    address,
    subsystem,
    signingToken,
    csrOut,
    certificateIn,
    wait,
    stay,
    administrator,
    administratorPasswordFile,
    json,
    ...overrides
  }: JoinOptions & Readonly<Record<string, string>>,
): Promise<void> {
  // Commander fills in what the table of settings does not know.
  const settings = loadStartSettings(file, overrides as Readonly<Record<string, string>>);
  const begin =
    invitation === undefined
      ? undefined
      : {
          ...(await readBegin(invitation, address, subsystem)),
          ...(signingToken !== undefined && { signingToken }),
          ...(await prepareAdministrator(administrator, administratorPasswordFile)),
        };
  const interruption = new AbortController();
  const interrupted = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        interruption.abort();
        resolve();
      });
    }
  });
  const joining = await openJoining(settings, begin, {
    requestFolder: csrOut,
    certificateFolder: certificateIn ?? csrOut,
    waits: wait,
    signal: interruption.signal,
  });
  try {
    const { result, reason, steps } = await joining.run();
    const server = printShort(joining.serverId);
    if (json === true) process.stdout.write(`${JSON.stringify({ server, result, reason, steps })}\n`);
    else process.stdout.write(`${describe(result, server, settings.data, reason)}\n`);
    process.exitCode = statuses[result];
    if (result === 'joined' && stay === true) await interrupted;
  } catch (error) {
    if (!interruption.signal.aborted) throw error;
    process.stderr.write(`Broken off. Go on: waygate server join --data ${settings.data}\n`);
    process.exitCode = 3;
  } finally {
    await (await joining.server?.catch(() => undefined))?.close();
  }
}

async function prepareAdministrator(
  administrator: string | undefined,
  administratorPasswordFile: string | undefined,
): Promise<Pick<JoiningBegin, 'administrator'>> {
  const person = await readAdministrator({ administrator, administratorPasswordFile });
  return person === undefined ? {} : { administrator: await prepareFirstPerson(person) };
}

interface Flow extends CertificateFolders {
  readonly waits: boolean;
  readonly signal: AbortSignal;
}

async function openJoining(
  settings: StartSettings,
  begin: JoiningBegin | undefined,
  { waits, signal, ...folders }: Flow,
): Promise<Joining> {
  const pin = await readPin(settings);
  const options = {
    ...(await joinSettings(settings, folders)),
    pin: () => pin,
    start: async () =>
      joiningServer(await startServer({ ...serverSettings(settings, loggerOf(settings)), pin })),
    ...{ waits, signal },
    onStep: (step: JoinStep) => process.stderr.write(`${lineOf(step)}\n`),
    onTrouble: (about: string, error: unknown) => {
      process.stderr.write(`    ${about}: ${error instanceof Error ? error.message : String(error)}\n`);
    },
  };
  return Joining.open(options, begin);
}

/** @throws Error for wrong usage */
async function readBegin(
  given: string,
  address: string | undefined,
  subsystem: readonly string[],
): Promise<JoiningBegin> {
  if (address === undefined || subsystem.length === 0) {
    throw new Error('name the address of the server with --address, and a subsystem with --subsystem');
  }
  const subsystems = subsystem.map((one) => {
    const mark = one.indexOf('=');
    return mark < 0 ? { code: one } : { code: one.slice(0, mark), name: one.slice(mark + 1) };
  });
  return { invitation: await readGiven(given), address, subsystems };
}

function readGiven(given: string): Promise<string> | string {
  if (given === '-') return text(process.stdin);
  // The text itself has two dots and no path could be that long.
  return /^[\w-]{40,}\.[\w-]+\.[\w-]+$/.test(given) ? given : readFile(given, 'utf8');
}

const marks = { pending: ' ', running: '>', waiting: '~', failed: '!', done: '+' } as const;

/** One change of a step: what, how far, who is awaited, what to do. */
function lineOf({ code, state, awaits, detail, remedy }: JoinStep): string {
  const waiting =
    state === 'waiting' && awaits !== undefined ? ` - waits for the ${awaits.replaceAll('-', ' ')}` : '';
  return [
    `${marks[state]} ${joinStepTitles[code]}${waiting}`,
    ...(detail === undefined ? [] : [`    ${detail}`]),
    ...(remedy === undefined ? [] : [`    what to do: ${remedy}`]),
  ].join('\n');
}

function describe(
  result: keyof typeof statuses,
  server: string,
  data: string,
  reason: string | undefined,
): string {
  if (result === 'joined') return `${server} has joined.\nStart it: waygate server start --data ${data}`;
  if (result === 'declined') return `${server} was declined: ${reason ?? 'no reason was given'}`;
  const how = result === 'waiting' ? 'waits for somebody else' : 'could not go on';
  return `${server} ${how}; go on: waygate server join --data ${data}`;
}
