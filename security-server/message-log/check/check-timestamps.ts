import type Database from 'better-sqlite3';
import { checkTimestamp, embeddedCertificates } from '../../../certs/timestamp/index.ts';
import type { Certificate } from '../../../certs/x509/index.ts';
import type { HashReader } from '../../../gateway/transparency/index.ts';
import { chainsOfBatch, readLeaves } from '../stamp-batch.ts';
import { checkCheckpoint } from './check-tree.ts';
import type { Findings } from './findings.ts';

export interface TimestampsToCheck {
  readonly database: Database.Database;
  readonly tree: HashReader & { readonly size: number };
  readonly verifierKey: string | undefined;
  /** Of authorities that are trusted; absent: tokens are checked by the certificates in them. */
  readonly tsaCertificates?: readonly Certificate[];
  readonly findings: Findings;
}

interface TimestampRow {
  readonly at: number;
  readonly firstId: number;
  readonly lastId: number;
  readonly token: Buffer;
  readonly result: Buffer;
  readonly checkpoint: string;
  readonly leaves: Buffer;
}

/** Checks that each timestamp is of the records that it stands beside, and of a checkpoint that covers them. */
export function checkTimestamps(question: TimestampsToCheck): number {
  const { database, findings, tree, verifierKey } = question;
  const rows = database.prepare<[], TimestampRow>('SELECT * FROM timestamp ORDER BY lastId').all();
  let before = -1;
  for (const row of rows) {
    const { firstId, lastId, checkpoint } = row;
    const place = `timestamp of records ${firstId} to ${lastId}`;
    checkLeaves(question, row, before, place);
    before = lastId;
    const made = findings.attempt('altered', place, () => chainsOfBatch(row).result);
    if (made !== undefined && !made.equals(row.result)) {
      findings.add('altered', place, 'It is not of the signatures that it says');
    }
    const at = findings.attempt('altered', place, () => instantOf(row, question.tsaCertificates));
    if (at !== undefined && at !== row.at) findings.add('altered', place, 'Its instant was changed');
    const size = checkCheckpoint(
      { place: `checkpoint in ${place}`, note: checkpoint, verifierKey, tree },
      findings,
    );
    if (size !== undefined && size <= lastId) {
      findings.add('altered', place, `Its checkpoint covers ${size} records, and not all of these`);
    }
  }
  return rows.length;
}

/** When the authority says that it stamped. @throws TimestampError */
function instantOf({ token, result }: TimestampRow, trusted: readonly Certificate[] | undefined): number {
  const certificates = trusted ?? embeddedCertificates(token);
  return checkTimestamp({ token, stamped: result, certificates }).at.getTime();
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
