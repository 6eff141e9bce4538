#!/usr/bin/env node
import { Command, CommanderError } from 'commander';

/** What `--help` shows of a command before its code is loaded. */
interface Entry {
  readonly name: string;
  readonly about: string;
  readonly load: () => Promise<Command>;
}

const entries: readonly Entry[] = [
  {
    name: 'pilot',
    about: 'run a whole network on this machine: registry, authority, two administrations',
    load: async () => (await import('../pilot/index.ts')).pilotCommand(),
  },
  {
    name: 'registry',
    about: 'found or start a central registry',
    load: async () => (await import('../central-registry/index.ts')).registryCommand(),
  },
  {
    name: 'server',
    about: 'set up or start a security server',
    load: async () => (await import('../security-server/index.ts')).serverCommand(),
  },
  {
    name: 'authority',
    about: 'found or start a small certification authority, for an instance that has no other',
    load: async () => (await import('./authority.ts')).authorityCommand(),
  },
  {
    name: 'call',
    about: 'make a REST exchange through a security server',
    load: async () => (await import('./call.ts')).callCommand(),
  },
  {
    name: 'config',
    about: 'verify a signed global configuration; compare what servers were shown',
    load: async () =>
      new Command('config')
        .description('global configuration')
        .addCommand((await import('./config-verify.ts')).configVerifyCommand())
        .addCommand((await import('../security-server/index.ts')).configHistoryCommand()),
  },
  {
    name: 'audit',
    about: 'search, show, export and verify evidence, and check a whole message log',
    load: async () => (await import('./audit.ts')).auditCommand(),
  },
];

const help = `waygate: an interoperability gateway between administrations

Usage: waygate <command> [options]

Commands:
${entries.map(({ name, about }) => `  ${name.padEnd(10)} ${about}`).join('\n')}

Start here: waygate pilot
Options of a command: waygate <command> --help

Exit status: 0 done or good, 1 verdict bad, 2 wrong usage or unreadable input.
`;

/** Runs one command. Only the code of the command asked for is loaded. */
async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(help);
    return name === undefined ? 2 : 0;
  }
  if (name === '--version' || name === '-V') {
    const { version } = await import('./version.ts');
    process.stdout.write(`${version()}\n`);
    return 0;
  }
  const entry = entries.find((candidate) => candidate.name === name);
  if (entry === undefined) {
    const known = entries.map((candidate) => candidate.name).join(', ');
    process.stderr.write(`waygate: '${name}' is not a command; expected one of: ${known}\n`);
    return 2;
  }
  const command = await entry.load();
  quiet(command);
  try {
    await command.parseAsync([...rest], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    throw error;
  }
  return Number(process.exitCode ?? 0);
}

/** Commander ends the process on its own accord; here it throws, so that wrong usage is exit status 2. */
function quiet(command: Command): void {
  command.exitOverride();
  for (const child of command.commands) quiet(child);
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`waygate: ${error instanceof Error ? error.message : String(error)}\n`);
    if (process.env['WAYGATE_DEBUG'] !== undefined && error instanceof Error)
      process.stderr.write(`${error.stack}\n`);
    process.exitCode = 2;
  },
);
