import { Command } from 'commander';
import { accessOf, askAdmin, sendToAdmin } from '../../gateway/http/index.ts';
import { printable } from './print-table.ts';
import { type AdminOptions, toServer } from './request-command.ts';

interface Archive {
  readonly name: string;
  readonly records: number;
  readonly octets: number;
  readonly leftOut: number;
  readonly deliveredAt: string | null;
}

interface Run {
  readonly delivered: readonly Archive[];
  readonly removed: readonly string[];
  readonly size: number;
  readonly archived: number;
}

/** `waygate server archive`: archives the message log of a running server now. */
export function archiveCommand(): Command {
  return toServer(new Command('archive'))
    .description('timestamp and archive the message log up to now, or list the archives')
    .option('--list', 'only list the archives that were made, newest first')
    .addHelpText(
      'after',
      '\nWhere archives go is in the settings file of the server:' +
        '\n\n  archive:\n    target: { kind: folder, path: /srv/archives }\n    grouping: member\n    keepDays: 400' +
        '\n\nExit status: 0 all that has a timestamp is in the target, 2 refused, wrong usage or unreachable.',
    )
    .action(archive);
}

async function archive(options: AdminOptions & { readonly list?: boolean }): Promise<void> {
  const access = await accessOf(options);
  if (options.list === true) {
    const all = await askAdmin<readonly Archive[]>(access, 'GET', '/archives');
    process.stdout.write(options.json === true ? `${JSON.stringify(all)}\n` : all.map(lineOf).join(''));
    return;
  }
  await stamp(access);
  const run = (await (await sendToAdmin(access, 'POST', '/archives', undefined, 0)).body.json()) as Run;
  if (options.json === true) {
    process.stdout.write(`${JSON.stringify(run)}\n`);
    return;
  }
  const lines = [
    ...run.delivered.map(lineOf),
    ...run.removed.map((month) => `removed from the log: ${printable(month)}\n`),
    `${run.archived} of ${run.size} records are archived.\n`,
  ];
  process.stdout.write(lines.join(''));
}

/** What was exchanged a moment ago is to be archived, too; without an authority that answers, the rest is. */
async function stamp(access: Parameters<typeof askAdmin>[0]): Promise<void> {
  try {
    await askAdmin(access, 'POST', '/timestamps');
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    process.stderr.write(
      `note: the newest messages have no timestamp yet, and stay for the next round: ${printable(error.message)}\n`,
    );
  }
}

function lineOf({ name, records, octets, leftOut, deliveredAt }: Archive): string {
  const notes = [
    ...(leftOut > 0 ? [`${leftOut} bodies too large, kept in the log`] : []),
    ...(deliveredAt === null ? ['not in the target yet'] : []),
  ];
  const more = notes.length === 0 ? '' : ` (${notes.join('; ')})`;
  return `${printable(name)}  ${records} records, ${octets} octets${more}\n`;
}
