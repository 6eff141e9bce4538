import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import { readSecret, sendToAdmin } from '../../gateway/http/index.ts';

interface HistoryOptions {
  readonly server: string;
  readonly apiKeyFile?: string;
  readonly compare?: string;
}

interface Shown {
  readonly checkpoint?: string;
  readonly trouble?: { readonly code: string; readonly text: string };
  readonly conflict?: { readonly code: string; readonly at: string };
}

interface Compared {
  readonly verdict: 'same' | 'consistent' | 'forked' | 'ahead';
  readonly theirs: number;
  readonly ours: number;
}

const verdicts: Readonly<Record<Compared['verdict'], string>> = {
  same: 'both servers were shown the same history',
  consistent: 'both servers were shown one history; ours has more of it',
  forked: 'the registry tells the two servers different things: keep both notes, and ask its operator',
  ahead: 'the other server has seen more: compare ours there',
};

/** `waygate config history`: what history of its register the registry has committed to. */
export function configHistoryCommand(): Command {
  return new Command('history')
    .description("the registry's history as a security server was shown it, and as another one was")
    .option('--server <url>', 'administration API of your security server', 'http://127.0.0.1:4100')
    .option('--api-key-file <file>', 'file with its key: `api-key` in the data folder of the server')
    .option('--compare <file>', 'checkpoint that another security server printed with this command')
    .addHelpText(
      'after',
      '\nPrints the last checkpoint that was found good, a signed note: give it to other servers to compare.' +
        '\n\nThe key may also be in WAYGATE_API_KEY.' +
        '\n\nExit status: 0 all is well, 1 the registry contradicts itself, 2 it could not be told.',
    )
    .action(run);
}

async function run({ server, apiKeyFile, compare }: HistoryOptions): Promise<void> {
  const key = await readSecret({
    ...{ name: 'API key', file: apiKeyFile, variable: 'WAYGATE_API_KEY', environment: process.env },
  });
  const access = { url: new URL(server).origin, key };
  if (compare !== undefined) {
    const checkpoint = await readFile(compare, 'utf8');
    const { body } = await sendToAdmin(access, 'POST', '/registry-history/compare', { checkpoint });
    const { verdict, theirs, ours } = (await body.json()) as Compared;
    process.stdout.write(`${verdict}: ${verdicts[verdict]} (theirs ${theirs}, ours ${ours} changes)\n`);
    process.exitCode = verdict === 'forked' ? 1 : verdict === 'ahead' ? 2 : 0;
    return;
  }
  const { body } = await sendToAdmin(access, 'GET', '/registry-history');
  const { checkpoint, trouble, conflict } = (await body.json()) as Shown;
  // The note alone goes to the output, so that it can be kept in a file as it is.
  if (checkpoint === undefined) process.stderr.write('The registry has committed to no history so far.\n');
  else process.stdout.write(checkpoint);
  if (trouble !== undefined) process.stderr.write(`${trouble.code}: ${trouble.text}\n`);
  else if (conflict !== undefined) process.stderr.write(`${conflict.code} was seen at ${conflict.at}\n`);
  process.exitCode = trouble !== undefined || conflict !== undefined ? 1 : 0;
}
