import type Database from 'better-sqlite3';
import { checkTimestamp, embeddedCertificates } from '../../../certs/timestamp/index.ts';
import type { Certificate } from '../../../certs/x509/index.ts';
import type { HashReader } from '../../../gateway/transparency/index.ts';
import { chainsOfBatch } from '../stamp-batch.ts';
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
}

/** Checks that each timestamp is of the records that it stands beside, and of a checkpoint that covers them. */
export function checkTimestamps(question: TimestampsToCheck): number {
  const { database, findings, tree, verifierKey } = question;
  const rows = database.prepare<[], TimestampRow>('SELECT * FROM timestamp ORDER BY lastId').all();
  let before = -1;
  for (const row of rows) {
    const { firstId, lastId, checkpoint } = row;
    const place = `timestamp of records ${firstId} to ${lastId}`;
    const range = database
      .prepare<[number, number], { first: number | null; last: number | null }>(
        'SELECT min(id) AS first, max(id) AS last FROM record WHERE id > ? AND id <= ?',
      )
      .get(before, lastId);
    if (range?.first !== firstId || range.last !== lastId) {
      findings.add('altered', place, 'Timestamps do not follow one another without gap');
    }
    before = lastId;
    const made = findings.attempt('altered', place, () => chainsOfBatch(database, row).result);
    if (made !== undefined && !made.equals(row.result)) {
      findings.add('altered', place, 'It is not of the signatures of these records');
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
