import { Command, InvalidArgumentError } from 'commander';
import { accessOf, askAdmin } from '../../gateway/http/index.ts';
import { printable } from './print-table.ts';
import { type AdminOptions, toServer } from './request-command.ts';

interface EraseOptions extends AdminOptions {
  readonly id?: string;
  readonly record: readonly number[];
  readonly reason: string;
}

interface Erasure {
  readonly erased: readonly {
    readonly index: number;
    readonly queryId: string;
    readonly direction: string;
  }[];
}

/** `waygate server erase`: takes the contents of messages out of the log for good. */
export function eraseCommand(): Command {
  return toServer(new Command('erase'))
    .description('erase heads and bodies of messages from the log of a running server, for good')
    .option('--id <message-id>', 'all messages of this id')
    .option('--record <index...>', 'or the messages at these places of the log', addIndex, [])
    .requiredOption('--reason <text>', 'why; it stands in the audit log')
    .addHelpText(
      'after',
      '\nSignatures, digests and all proofs stay: the evidence still verifies, up to the digests that were signed. What' +
        '\nis in archives already is not reached.' +
        '\n\nExit status: 0 gone, 2 refused, wrong usage or unreachable.',
    )
    .action(erase);
}

/** `waygate server rotate-log-key`: seals what comes under a new key. */
export function rotateLogKeyCommand(): Command {
  return toServer(new Command('rotate-log-key'))
    .description('seal what a running server records from now on under a new key')
    .addHelpText(
      'after',
      '\nEach month has a key of its own without being asked.' +
        '\n\nExit status: 0 done, 2 refused, wrong usage or unreachable.',
    )
    .action(rotate);
}

async function erase({ id, record, reason, ...options }: EraseOptions): Promise<void> {
  if ((id === undefined) === (record.length === 0)) {
    throw new Error('either --id MESSAGE-ID or --record INDEX … is expected');
  }
  const what = id === undefined ? { records: record } : { queryId: id };
  const { erased } = await askAdmin<Erasure>(await accessOf(options), 'POST', '/evidence/erasures', {
    ...what,
    reason,
  });
  const lines = erased.map(
    ({ index, queryId, direction }) => `record ${index}: ${direction} of ${printable(queryId)}: erased\n`,
  );
  process.stdout.write(options.json === true ? `${JSON.stringify({ erased })}\n` : lines.join(''));
}

async function rotate(options: AdminOptions): Promise<void> {
  const access = await accessOf(options);
  const done = await askAdmin<{ readonly rotatedAt: string }>(access, 'POST', '/evidence/log/key-rotations');
  process.stdout.write(
    options.json === true ? `${JSON.stringify(done)}\n` : `New key since ${done.rotatedAt}.\n`,
  );
}

function addIndex(text: string, former: readonly number[]): number[] {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('a place in the log, such as 12, is expected');
  return [...former, Number(text)];
}
