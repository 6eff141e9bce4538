import type Database from 'better-sqlite3';
import { checkTimestamp, embeddedCertificates, TimestampError } from '../../../certs/timestamp/index.ts';
import type { Certificate } from '../../../certs/x509/index.ts';
import type { HashReader } from '../../../gateway/transparency/index.ts';
import { chainsOfBatch, readLeaves } from '../stamp-batch.ts';
import type { AuthoritiesThen, NamedConfigurations } from './check-configurations.ts';
import { checkCheckpoint } from './check-tree.ts';
import type { Findings } from './findings.ts';

export interface TimestampsToCheck {
  readonly database: Database.Database;
  readonly tree: HashReader & { readonly size: number };
  readonly verifierKey: string | undefined;
  /** Place of the last leaf of this partition. */
  readonly last: number;
  /** What the leaves of this partition name. */
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
interface StampToJudge {
  /** Partition in which it lies. */
  readonly partition: string | undefined;
  readonly place: string;
  readonly at: number;
  readonly token: Buffer;
  readonly result: Buffer;
}

/** A timestamp of which what comes after its partition may say that its authority was good. */
export interface UndecidedStamp extends StampToJudge {
  /** Of its checkpoint. */
  readonly size: number;
  readonly authorities: AuthoritiesThen;
}

export interface CheckedTimestamps {
  readonly count: number;
  /** Those whose authority nothing in this partition approves of, and whose checkpoints reach beyond it. */
  readonly undecided: readonly UndecidedStamp[];
}

/**
 * Checks that each timestamp is of the records that it stands beside, of a checkpoint that covers them, and of an
 * authority that counted then.
 */
export async function checkTimestamps(question: TimestampsToCheck): Promise<CheckedTimestamps> {
  const { database, findings, tree, verifierKey, configurations, last } = question;
  const rows = database.prepare<[], TimestampRow>('SELECT * FROM timestamp ORDER BY lastId').all();
  let before = -1;
  const undecided: UndecidedStamp[] = [];
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
    const size = checkCheckpoint(
      { place: `checkpoint in ${place}`, note: checkpoint, verifierKey, tree },
      findings,
    );
    if (size !== undefined && size <= lastId) {
      findings.add('altered', place, `Its checkpoint covers ${size} records, and not all of these`);
    }
    const { at, token, result } = row;
    const stamp = { partition: findings.partition, place, at, token, result };
    const reached = { ...stamp, size: size ?? lastId + 1 };
    const authorities = await configurations.tsasUnder(lastId, reached);
    undecided.push(...judge({ ...reached, authorities }, last, findings));
  }
  return { count: rows.length, undecided };
}

/** Judges timestamps of earlier partitions by what the next one says. @returns those that are still undecided */
export async function judgeWaiting(
  waiting: readonly UndecidedStamp[],
  { configurations, last, findings }: Pick<TimestampsToCheck, 'configurations' | 'last' | 'findings'>,
): Promise<UndecidedStamp[]> {
  const undecided: UndecidedStamp[] = [];
  for (const stamp of waiting) {
    const authorities = await configurations.tsasUnder(0, stamp, stamp.authorities);
    undecided.push(...judge({ ...stamp, authorities }, last, findings));
  }
  return undecided;
}

/** Judges a timestamp that no leaf came after, by those that count now. */
export function judgeLast(stamp: UndecidedStamp, tsasNow: readonly Certificate[], findings: Findings): void {
  const { isWhole } = stamp.authorities;
  inItsPartition(stamp, findings, () => judgeBy(stamp, tsasNow, isWhole, findings));
}

/** @returns the timestamp when more leaves may say that its authority was good */
function judge(stamp: UndecidedStamp, last: number, findings: Findings): UndecidedStamp[] {
  const { certificates, isWhole } = stamp.authorities;
  if (inItsPartition(stamp, findings, () => isJudged(stamp, certificates, findings))) return [];
  // The first leaf behind its checkpoint is not here.
  if (stamp.size > last) return [stamp];
  inItsPartition(stamp, findings, () => judgeBy(stamp, certificates, isWhole, findings));
  return [];
}

/** It is named in the month in which it lies, whatever month is being read. */
function inItsPartition<Value>({ partition }: StampToJudge, findings: Findings, act: () => Value): Value {
  const reading = findings.partition;
  findings.partition = partition;
  try {
    return act();
  } finally {
    findings.partition = reading;
  }
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
  const isRising = told.every(({ id }, at) => id > (told[at - 1]?.id ?? before));
  const areEndsSame = told[0]?.id === firstId && told.at(-1)?.id === lastId;
  const rows = database.prepare<[number, number], { id: number; signatureHash: Buffer }>(
    'SELECT id, signatureHash FROM record WHERE id > ? AND id <= ?',
  );
  const present = new Map(rows.all(before, lastId).map(({ id, signatureHash }) => [id, signatureHash]));
  let isOneMissing = false;
  for (const { id, signatureHash } of told) {
    const found = present.get(id);
    present.delete(id);
    if (found === undefined) {
      isOneMissing = true;
      findings.add('missing', `record ${id}`, `It was stamped, and is not there`);
    } else if (!found.equals(signatureHash)) {
      findings.add('altered', `record ${id} signature`, 'Another signature was stamped');
    }
  }
  for (const id of present.keys()) {
    findings.add('altered', `record ${id}`, 'It lies among records that were stamped, and was not');
  }
  // One that is there and not told, and one that is told and not there: it may be its own list that was changed.
  if (!isRising || !areEndsSame || (isOneMissing && present.size > 0)) {
    findings.add(
      'altered',
      place,
      'It does not follow the one before it, or is of other records than it says',
    );
  }
}
