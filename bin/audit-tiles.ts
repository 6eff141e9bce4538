import { Command } from 'commander';
import { publishLog } from '../security-server/index.ts';

interface TilesOptions {
  readonly data: string;
  readonly into: string;
  readonly json?: boolean;
}

/** `waygate audit tiles`: lays a message log out for any web server. */
export function auditTilesCommand(): Command {
  return new Command('tiles')
    .description('lay the message log out as static files, for others to watch')
    .requiredOption(
      '--data <dir>',
      'data folder of a security server, or the folder of its message log alone',
    )
    .requiredOption('--into <dir>', 'where the files go; what is there already is gone on from')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      '\nThe layout is that of C2SP tlog-tiles: `checkpoint`, `tile/0/000`, `tile/entries/000` and so on. They hold' +
        '\nhashes and commitments alone: who reads them learns how many messages passed, not which.' +
        '\n\nThe log may be in use meanwhile; run this as often as others shall see news.' +
        '\n\nExit status: 0 done, 1 what was published before is not the beginning of this log, 2 it cannot be read.',
    )
    .action(tiles);
}

async function tiles({ data, into, json }: TilesOptions): Promise<void> {
  try {
    const publication = await publishLog({ folder: data, into });
    const { origin, verifierKey, from, size, filesWritten } = publication;
    process.stdout.write(
      json === true
        ? `${JSON.stringify(publication)}\n`
        : `log      ${origin}\nkey      ${verifierKey}\nleaves   ${from} before, ${size} now\nfiles    ${filesWritten} written\n`,
    );
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'fork')) throw error;
    process.stderr.write(`waygate: ${error.message}\n`);
    process.exitCode = 1;
  }
}
