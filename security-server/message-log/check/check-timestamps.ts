import type Database from 'better-sqlite3';
import { checkTimestamp, embeddedCertificates, TimestampError } from '../../../certs/timestamp/index.ts';
import type { Certificate } from '../../../certs/x509/index.ts';
import type { HashReader } from '../../../gateway/transparency/index.ts';
import { chainsOfBatch, readLeaves } from '../stamp-batch.ts';
import type { NamedConfigurations } from './check-configurations.ts';
import { checkCheckpoint } from './check-tree.ts';
import type { Findings } from './findings.ts';

export interface TimestampsToCheck {
  readonly database: Database.Database;
  readonly tree: HashReader & { readonly size: number };
  readonly verifierKey: string | undefined;
  /** What the records of this partition name. */
  readonly configurations: NamedConfigurations;
  readonly findings: Findings;
}

interface TimestampRow {
  readonly id: number;
  readonly at: number;
  readonly firstId: number;
  readonly lastId: number;
  readonly token: Buffer;
  readonly result: Buffer;
  readonly checkpoint: string;
  readonly leaves: Buffer;
}

/** A timestamp, as far as it is its authority's. */
export interface StampToJudge {
  /** Partition in which it lies, when it is judged while another is read. */
  readonly partition?: string | undefined;
  readonly place: string;
  readonly at: number;
  readonly token: Buffer;
  readonly result: Buffer;
}

export interface CheckedTimestamps {
  readonly count: number;
  /** The last one, when its authority is none of those that its records name, and no record here comes after it. */
  readonly undecided: StampToJudge | undefined;
}

/**
 * Checks that each timestamp is of the records that it stands beside, of a checkpoint that covers them, and of an
 * authority that counted then.
 */
export async function checkTimestamps(question: TimestampsToCheck): Promise<CheckedTimestamps> {
  const { database, findings, tree, verifierKey } = question;
  const rows = database.prepare<[], TimestampRow>('SELECT * FROM timestamp ORDER BY lastId').all();
  let before = -1;
  let undecided: StampToJudge | undefined;
  for (const [index, row] of rows.entries()) {
    const { id, firstId, lastId, checkpoint } = row;
    const place = `timestamp of records ${firstId} to ${lastId}`;
    // None is ever removed alone.
    if (id !== index + 1)
      findings.add('altered', place, `It is number ${id}, and stands as number ${index + 1}`);
    checkLeaves(question, row, before, place);
    before = lastId;
    const made = findings.attempt('altered', place, () => chainsOfBatch(row).result);
    if (made !== undefined && !made.equals(row.result)) {
      findings.add('altered', place, 'It is not of the signatures that it says');
    }
    undecided = await checkAuthority(question, row, { ...row, place });
    const size = checkCheckpoint(
      { place: `checkpoint in ${place}`, note: checkpoint, verifierKey, tree },
      findings,
    );
    if (size !== undefined && size <= lastId) {
      findings.add('altered', place, `Its checkpoint covers ${size} records, and not all of these`);
    }
  }
  return { count: rows.length, undecided };
}

/** @returns the timestamp when only what comes after this partition can say whether its authority was good */
async function checkAuthority(
  { configurations, findings }: TimestampsToCheck,
  { firstId, lastId }: TimestampRow,
  stamp: StampToJudge,
): Promise<StampToJudge | undefined> {
  const named = await configurations.tsasOf(firstId, lastId);
  if (isJudged(stamp, named.certificates, findings)) return undefined;
  const next = named.isWhole ? await configurations.tsasAfter(lastId) : named;
  if (next === undefined) return { ...stamp, partition: findings.partition };
  judgeLate(stamp, next, findings);
  return undefined;
}

/**
 * Judges a timestamp by what came after its records: an authority that took another's place may have been the one in
 * force when they were stamped.
 */
export function judgeLate(
  stamp: StampToJudge,
  { certificates, isWhole }: { readonly certificates: readonly Certificate[]; readonly isWhole: boolean },
  findings: Findings,
): void {
  // It is named in the month in which it lies, whatever month is being read.
  const reading = findings.partition;
  findings.partition = stamp.partition ?? reading;
  judgeBy(stamp, certificates, isWhole, findings);
  findings.partition = reading;
}

function judgeBy(
  stamp: StampToJudge,
  certificates: readonly Certificate[],
  isWhole: boolean,
  findings: Findings,
): void {
  if (isJudged(stamp, certificates, findings)) return;
  const embedded = findings.attempt('altered', stamp.place, () => embeddedCertificates(stamp.token));
  if (embedded === undefined) return;
  // Whose it may be is not known, and was said of the configuration; that it is whole can be seen all the same.
  if (!isWhole && isJudged(stamp, embedded, findings)) return;
  const authority = embedded[0]?.subject.describe() ?? 'an authority that it does not show';
  findings.add(
    'untrusted',
    stamp.place,
    `It is of ${authority}, which the configurations that counted then do not approve of`,
  );
}

/** @returns false when it is of none of these authorities, which is not told */
function isJudged(
  { place, token, result, at }: StampToJudge,
  certificates: readonly Certificate[],
  findings: Findings,
): boolean {
  try {
    const stamped = checkTimestamp({ token, stamped: result, certificates });
    if (stamped.at.getTime() !== at) findings.add('altered', place, 'Its instant was changed');
    // The one part that no signature covers: the log put it there for those who know the authority by nothing else.
    if (embeddedCertificates(token)[0]?.der.equals(stamped.certificate.der) !== true) {
      findings.add('altered', place, 'The certificate in it is not that of its authority');
    }
  } catch (error) {
    const code = error instanceof TimestampError ? error.code : undefined;
    if (code === 'signer') return false;
    const reason = error instanceof Error ? error.message : String(error);
    findings.add(code === 'expired' ? 'untrusted' : 'altered', place, reason);
  }
  return true;
}

/** The records between two timestamps are those that the later one is of, and none besides. */
function checkLeaves(
  { database, findings }: TimestampsToCheck,
  { firstId, lastId, leaves }: TimestampRow,
  before: number,
  place: string,
): void {
  const told = findings.attempt('altered', place, () => readLeaves(leaves));
  if (told === undefined) return;
  if (told[0]?.id !== firstId || told.at(-1)?.id !== lastId || firstId <= before) {
    findings.add(
      'altered',
      place,
      'It does not follow the one before it, or is of other records than it says',
    );
  }
  const rows = database.prepare<[number, number], { id: number; signatureHash: Buffer }>(
    'SELECT id, signatureHash FROM record WHERE id > ? AND id <= ?',
  );
  const present = new Map(rows.all(before, lastId).map(({ id, signatureHash }) => [id, signatureHash]));
  for (const { id, signatureHash } of told) {
    const found = present.get(id);
    present.delete(id);
    if (found === undefined) findings.add('missing', `record ${id}`, `It was stamped, and is not there`);
    else if (!found.equals(signatureHash)) {
      findings.add('altered', `record ${id} signature`, 'Another signature was stamped');
    }
  }
  for (const id of present.keys()) {
    findings.add('altered', `record ${id}`, 'It lies among records that were stamped, and was not');
  }
}
