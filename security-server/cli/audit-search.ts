import { type Command, InvalidArgumentError } from 'commander';
import type { GapReport } from '../auditor/index.ts';
import { type AuditOptions, askEvidence, auditCommand, keyHelp } from './audit-client.ts';
import { type Column, printable, printTable } from './print-table.ts';

interface FoundRecord {
  readonly index: number;
  readonly at: string;
  readonly direction: string;
  readonly side: string;
  readonly client: string;
  readonly service: string;
  readonly queryId: string;
  readonly userId: string | null;
  readonly status: number | null;
}

interface StatisticsRow {
  readonly client: string;
  readonly provider: string;
  readonly service: string | null;
  readonly side: string;
  readonly requests: number;
  readonly responses: number;
  readonly failed: number;
  readonly bodyOctets: number;
  readonly firstDay: string;
  readonly lastDay: string;
}

interface SearchOptions extends AuditOptions {
  readonly from?: string;
  readonly to?: string;
  readonly party?: string;
  readonly client?: string;
  readonly service?: string;
  readonly id?: string;
  readonly requestId?: string;
  readonly user?: string;
  readonly issue?: string;
  readonly direction?: string;
  readonly side?: string;
  readonly outcome?: string;
  readonly cursor?: string;
  readonly limit: number;
}

const timeHelp =
  '\nTimes are days or instants in UTC: 2026-11-23, 2026-11-23T14:05:00Z. What is at --to no longer belongs to the period.';

/** `waygate audit search`: messages by what the log knows of them without opening them. */
export function auditSearchCommand(): Command {
  return withPeriod(auditCommand('search', 'find messages, newest first'))
    .option('--party <id>', 'encoded member or subsystem, as client or as provider, with all under it')
    .option('--client <id>', 'encoded; who asked')
    .option('--service <id>', 'encoded; what was asked for')
    .option('--id <text>', 'message id, X-Road-Id')
    .option('--request-id <text>', 'X-Road-Request-Id')
    .option('--user <text>', 'X-Road-UserId')
    .option('--issue <text>', 'X-Road-Issue')
    .option('--direction <which>', 'request or response')
    .option('--side <which>', 'client or provider: which role this server had')
    .option('--outcome <which>', 'succeeded or failed, of responses')
    .option('--cursor <text>', 'go on where an earlier page ended')
    .option('--limit <count>', 'messages on a page, up to 1000', readCount, 50)
    .addHelpText(
      'after',
      `${timeHelp}\n\nThe last line tells how to get the next page. Show a message with: waygate audit show ID\n${keyHelp}` +
        '\n\nExit status: 0 found or not, 2 refused, wrong usage or unreachable.',
    )
    .action(search);
}

/** `waygate audit statistics`: who asks whom for what. */
export function auditStatisticsCommand(): Command {
  return withPeriod(auditCommand('statistics', 'count who asked whom for what, by whole days in UTC'))
    .option('--party <id>', 'encoded member or subsystem, as client or as provider, with all under it')
    .option('--client <id>', 'encoded; who asked')
    .option('--service <id>', 'encoded; what was asked for')
    .option('--per <what>', 'a row for each pair, service or day', 'service')
    .addHelpText(
      'after',
      `${timeHelp}${keyHelp}\n\nExit status: 0 counted, 2 refused, wrong usage or unreachable.`,
    )
    .action(statistics);
}

/** `waygate audit gaps`: whether records are missing. */
export function auditGapsCommand(): Command {
  return withPeriod(auditCommand('gaps', 'look for records that are missing in a period'))
    .option('--party <id>', 'encoded member or subsystem; all parties unless told')
    .addHelpText(
      'after',
      '\nMessages are numbered for each client, provider, direction and side. A number that is missing was a message' +
        '\nonce; at the ends of the period the tallies of the log tell which numbers there were.' +
        `${timeHelp}${keyHelp}\n\nExit status: 0 nothing is missing, 1 something is, 2 refused, wrong usage or unreachable.`,
    )
    .action(gaps);
}

function withPeriod(command: Command): Command {
  return command.option('--from <time>', 'begin of the period').option('--to <time>', 'its end');
}

function readCount(text: string): number {
  const count = Number(text);
  if (Number.isSafeInteger(count) && count > 0) return count;
  throw new InvalidArgumentError('a number from 1 on is expected.');
}

const recordColumns: readonly Column<FoundRecord>[] = [
  { title: 'record', value: ({ index }) => index },
  { title: 'at', value: ({ at }) => at },
  { title: 'direction', value: ({ direction }) => direction },
  { title: 'side', value: ({ side }) => side },
  { title: 'status', value: ({ status }) => status },
  { title: 'client', value: ({ client }) => client },
  { title: 'service', value: ({ service }) => service },
  { title: 'user', value: ({ userId }) => userId },
  { title: 'message id', value: ({ queryId }) => queryId },
];

async function search(options: SearchOptions): Promise<void> {
  const { from, to, party, client, service, id, requestId, user, issue, direction, side, outcome, cursor } =
    options;
  const page = await askEvidence<{ records: readonly FoundRecord[]; next: string | null }>(
    options,
    '/records',
    {
      ...{ from, to, party, client, service, queryId: id, requestId, userId: user, issue },
      ...{ direction, side, outcome, cursor, limit: String(options.limit) },
    },
  );
  if (options.json === true) return print(JSON.stringify(page));
  if (page.records.length === 0) return print('No message fits.');
  process.stdout.write(printTable(recordColumns, page.records));
  if (page.next !== null) print(`\nThere is more: the same again with --cursor ${page.next}`);
}

const statisticsColumns: readonly Column<StatisticsRow>[] = [
  { title: 'client', value: ({ client }) => client },
  { title: 'asked', value: ({ service, provider }) => service ?? provider },
  { title: 'side', value: ({ side }) => side },
  { title: 'requests', value: ({ requests }) => requests },
  { title: 'responses', value: ({ responses }) => responses },
  { title: 'failed', value: ({ failed }) => failed },
  { title: 'octets', value: ({ bodyOctets }) => bodyOctets },
  { title: 'first day', value: ({ firstDay }) => firstDay },
  { title: 'last day', value: ({ lastDay }) => lastDay },
];

async function statistics(options: SearchOptions & { readonly per: string }): Promise<void> {
  const { from, to, party, client, service, per, json } = options;
  const answer = await askEvidence<{ rows: readonly StatisticsRow[]; omitted: number }>(
    options,
    '/statistics',
    { from, to, party, client, service, per },
  );
  if (json === true) return print(JSON.stringify(answer));
  if (answer.rows.length === 0) return print('Nobody asked for anything.');
  process.stdout.write(printTable(statisticsColumns, answer.rows));
  if (answer.omitted > 0) print(`\nand ${answer.omitted} rows more: name a party, or a shorter period`);
}

async function gaps(options: AuditOptions & Pick<SearchOptions, 'from' | 'to' | 'party'>): Promise<void> {
  const { from, to, party, json } = options;
  const report = await askEvidence<GapReport>(options, '/gaps', { from, to, party });
  process.exitCode = report.gaps.length === 0 ? 0 : 1;
  print(json === true ? JSON.stringify(report) : describeGaps(report).join('\n'));
}

function describeGaps({
  from,
  to,
  party,
  countedTo,
  pairs,
  records,
  gaps: found,
  omitted,
}: GapReport): string[] {
  const whom = party === null ? 'all parties' : printable(party);
  const head = `${records} records of ${whom} from ${from} to ${to}, in ${pairs} sequences.`;
  const open =
    countedTo === null
      ? [
          'The end is not counted yet: what is missing there would not show. A tally is made each day, and for each export.',
        ]
      : [];
  if (found.length === 0) return [head, ...open, 'Nothing is missing.'];
  const lines = found.map(({ pair, after, before, missing, afterAt, beforeAt }) => {
    const numbers = `${missing} after number ${after}${before === null ? ', up to the end' : `, before ${before}`}`;
    const times = `${afterAt ?? 'the tally before'} and ${beforeAt ?? 'the tally behind'}`;
    return `  ${printable(pair)}: ${numbers}; between ${times}`;
  });
  return [head, ...open, 'MISSING', ...lines, ...(omitted > 0 ? [`  and ${omitted} gaps more`] : [])];
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
