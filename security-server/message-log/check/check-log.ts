import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type Database from 'better-sqlite3';
import { digestOf } from '../../../certs/key/index.ts';
import type { Certificate } from '../../../certs/x509/index.ts';
import { TreeFiles } from '../../../gateway/transparency/index.ts';
import { openHeldFile } from '../../../gateway/transport/index.ts';
import type { BodyPlace, PeriodKeySource } from '../contents.ts';
import { boundsOf, openPartitionReader, partitionFile, partitionNames } from '../partition.ts';
import { NamedConfigurations } from './check-configurations.ts';
import { checkRecords } from './check-records.ts';
import { checkTimestamps, judgeLast, judgeWaiting, type UndecidedStamp } from './check-timestamps.ts';
import { checkCheckpoint, checkLevels } from './check-tree.ts';
import { type Finding, Findings } from './findings.ts';

export interface LogToCheck {
  /** Folder of the log. */
  readonly dir: string;
  /** Of this log, as it was told to whoever checks; the log's own word is taken otherwise. */
  readonly verifierKey: string | undefined;
  /** Signed notes that were kept elsewhere: a log that was put back, cut off or written anew does not fit them. */
  readonly heldCheckpoints?: readonly { readonly name: string; readonly note: string }[];
  /** Opens what is sealed; absent: only what is outside is checked. */
  readonly periodKey?: PeriodKeySource;
  /** What does not fit in the file of keys. */
  readonly keyFaults?: readonly string[];
  /**
   * Timestamping authorities that count now: for the last records alone, when no record after them names the
   * configuration that was in force when they were stamped.
   */
  readonly tsasNow?: () => Promise<readonly Certificate[]>;
  /** Told now and then how far the check has come. */
  readonly onProgress?: (checked: number, of: number) => void;
}

export interface CheckReport {
  readonly isClean: boolean;
  readonly findings: readonly Finding[];
  /** Findings beyond those that are listed. */
  readonly omitted: number;
  /** Leaves of the tree. */
  readonly size: number;
  /** Records and tallies that are there. */
  readonly checked: number;
  /** Leaves at the beginning of the tree whose partitions are gone: removed when their time was over, or not. */
  readonly removed: number;
  readonly timestamps: number;
  readonly partitions: number;
  readonly isOpened: boolean;
}

const progressEvery = 10_000;

/** Checks a whole message log, and names each place where it is not as it must be. */
export async function checkLog(question: LogToCheck): Promise<CheckReport> {
  const { dir, verifierKey, heldCheckpoints = [], tsasNow, periodKey, onProgress } = question;
  const findings = new Findings();
  for (const fault of question.keyFaults ?? []) findings.add('altered', 'keys.json', fault);
  const names = partitionNames(dir);
  const opened = findings.attempt('unreadable', 'tree', () => TreeFiles.open(join(dir, 'tree'), 'r'));
  const report = { size: opened?.size ?? 0, checked: 0, removed: 0, timestamps: 0, partitions: names.length };
  const finish = (): CheckReport => ({
    ...report,
    ...{ isClean: findings.list.length === 0, findings: findings.list, omitted: findings.omitted },
    isOpened: periodKey !== undefined,
  });
  if (opened === undefined) return finish();
  const tree = opened;
  try {
    let pairs: Map<string, number> | undefined;
    let next: number | undefined;
    const configurations = new NamedConfigurations(dir, findings);
    let undecided: readonly UndecidedStamp[] = [];
    const unbegun = new Set<string>();
    for (const name of names) {
      const place = `partition ${name}`;
      findings.partition = name;
      const database = findings.attempt('unreadable', place, () =>
        openPartitionReader(partitionFile(dir, name)),
      );
      if (database === undefined) continue;
      try {
        // One view of the partition, whatever is written meanwhile.
        database.prepare('BEGIN').run();
        checkDatabase(database, place, findings);
        const bounds = findings.attempt('unreadable', place, () => boundsOf(database));
        // A crash, or a full disk, may have come between making it and beginning it.
        if (bounds === undefined) {
          unbegun.add(name);
          if (!isEmpty(database)) findings.add('missing', place, 'It does not say where it begins');
          continue;
        }
        if (next === undefined) report.removed = bounds.firstId;
        if (next !== undefined && bounds.firstId > next) {
          findings.add('missing', `records ${next} to ${bounds.firstId - 1}`, `${place} begins after them`);
          pairs = undefined;
        }
        configurations.begin();
        pairs = await checkRecords(
          {
            ...{
              database,
              tree,
              findings,
              pairs: next === undefined && bounds.firstId === 0 ? new Map() : pairs,
            },
            ...(periodKey !== undefined && { periodKey }),
            digestOfFile: (body) => digestOfFile(dir, body),
            onConfiguration: (id, named) => configurations.note(id, named),
            onRecord: () => {
              report.checked += 1;
              if (report.checked % progressEvery === 0) onProgress?.(report.checked, tree.size);
            },
          },
          bounds.firstId,
        );
        await configurations.check();
        const here = { configurations, last: bounds.lastId, findings };
        const waiting = await judgeWaiting(undecided, here);
        const stamped = await checkTimestamps({ ...here, database, tree, verifierKey });
        report.timestamps += stamped.count;
        undecided = [...waiting, ...stamped.undecided];
        checkCounts(database, pairs, findings);
        next = bounds.lastId + 1;
      } catch (error) {
        findings.add('unreadable', place, error instanceof Error ? error.message : String(error));
      } finally {
        database.close();
      }
    }
    findings.partition = undefined;
    if (undecided.length > 0) await judgeNewest(undecided, tsasNow, findings);
    // The last partition is never removed.
    const end = next ?? 0;
    if (end < report.size) {
      findings.add(
        'missing',
        `records ${end} to ${report.size - 1}`,
        'The tree has them, and no partition does',
      );
    }
    checkLevels(tree, findings);
    const notes = [...ownCheckpoint(dir, report.size, findings), ...heldCheckpoints];
    for (const { name, note } of notes) checkCheckpoint({ place: name, note, verifierKey, tree }, findings);
    await checkFiles(
      dir,
      names.filter((name) => !unbegun.has(name)),
      findings,
    );
    findings.partition = undefined;
    return finish();
  } finally {
    tree.close();
  }
}

/** Whether a partition has no record and no tally, or not even tables for them. */
function isEmpty(database: Database.Database): boolean {
  const tables = database
    .prepare<[], { name: string }>(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name IN ('record', 'content', 'tally')",
    )
    .all();
  return tables.every(({ name }) => database.prepare(`SELECT 1 FROM ${name} LIMIT 1`).get() === undefined);
}

/** Judges timestamps that no leaf came after by what counts now. */
async function judgeNewest(
  stamps: readonly UndecidedStamp[],
  tsasNow: LogToCheck['tsasNow'],
  findings: Findings,
): Promise<void> {
  try {
    const certificates = (await tsasNow?.()) ?? [];
    for (const stamp of stamps) judgeLast(stamp, certificates, findings);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const text = 'The configurations of its records do not approve of its authority, and the one in force';
    for (const { place } of stamps) findings.add('untrusted', place, `${text} cannot be read: ${reason}`);
  }
}

function checkDatabase(database: Database.Database, place: string, findings: Findings): void {
  const problems = findings.attempt('unreadable', place, () =>
    database.prepare<[], { integrity_check: string }>('PRAGMA integrity_check(10)').all(),
  );
  for (const { integrity_check: problem } of problems ?? []) {
    if (problem !== 'ok') findings.add('unreadable', place, problem);
  }
}

/** Numbers that are kept beside the records, to go on from and to count by. */
function checkCounts(
  database: Database.Database,
  pairs: ReadonlyMap<string, number> | undefined,
  findings: Findings,
): void {
  const stored = database.prepare<[], { pair: string; last: number }>('SELECT pair, last FROM pair').all();
  if (pairs !== undefined) {
    const kept = new Map(stored.map(({ pair, last }) => [pair, last]));
    for (const pair of new Set([...kept.keys(), ...pairs.keys()])) {
      if (kept.get(pair) === pairs.get(pair)) continue;
      findings.add(
        'gap',
        `pair ${pair}`,
        `It has come to ${kept.get(pair) ?? 0}, its records to ${pairs.get(pair) ?? 0}`,
      );
    }
  }
  for (const { id, digest, text } of database
    .prepare<[], { id: number; digest: Buffer; text: string }>('SELECT * FROM shared')
    .iterate()) {
    if (digestOf('sha256', Buffer.from(text, 'latin1')).equals(digest)) continue;
    findings.add('altered', `shared text ${id}`, 'It is not what its digest says');
  }
  checkConditions(database, findings);
  const wrong = database.prepare<[], { day: number; route: number }>(dailyDifferences).all();
  for (const { day, route } of wrong) {
    const date = new Date(day * 86_400_000).toISOString().slice(0, 10);
    findings.add('disagrees', `statistics of ${date}, route ${route}`, 'They do not count its records');
  }
}

/**
 * The values are no evidence, and nothing could tell what they were: when the log was last opened and tried, and since
 * when no timestamp came, by which a running server decides whether it goes on. What came of that decision is evidence:
 * records without a timestamp show by themselves.
 */
function checkConditions(database: Database.Database, findings: Findings): void {
  const rows = database
    .prepare<[], { name: string; value: number }>('SELECT name, value FROM condition')
    .all();
  for (const { name, value } of rows) {
    if (conditions.includes(name) && value >= 0) continue;
    findings.add(
      'altered',
      `condition ${name}`,
      `It is none of ${conditions.join(', ')}, or before all time`,
    );
  }
}

const conditions: readonly string[] = ['opened', 'checked', 'timestampingFailsSince'];

/** Days and routes whose counts are not those of the records. */
const dailyDifferences = `
  WITH octets AS (SELECT recordId, sum(size) AS octets FROM body GROUP BY recordId),
    counted AS (
      SELECT at / 86400000 AS day, route, direction, side, count(*) AS records,
        count(*) FILTER (WHERE status >= 400) AS failed, coalesce(sum(octets.octets), 0) AS octets
      FROM record LEFT JOIN octets ON octets.recordId = record.id GROUP BY 1, 2, 3, 4),
    kept AS (SELECT day, route, direction, side, records, failed, octets FROM daily)
  SELECT day, route FROM (SELECT * FROM counted EXCEPT SELECT * FROM kept)
  UNION SELECT day, route FROM (SELECT * FROM kept EXCEPT SELECT * FROM counted) LIMIT 100`;

function ownCheckpoint(dir: string, size: number, findings: Findings): { name: string; note: string }[] {
  const path = join(dir, 'checkpoint');
  if (existsSync(path)) return [{ name: 'checkpoint', note: readFileSync(path, 'utf8') }];
  if (size > 0) findings.add('missing', 'checkpoint', 'Nothing was signed for yet, or it was removed');
  return [];
}

/** Files of bodies and records that refer to them belong together. */
async function checkFiles(dir: string, names: readonly string[], findings: Findings): Promise<void> {
  const present = new Set(await readdir(join(dir, 'bodies')).catch(() => []));
  for (const name of names) {
    findings.partition = name;
    const database = findings.attempt('unreadable', `partition ${name}`, () =>
      openPartitionReader(partitionFile(dir, name)),
    );
    if (database === undefined) continue;
    try {
      const rows = database
        .prepare<[], { recordId: number; position: number; file: string }>(
          'SELECT recordId, position, file FROM body WHERE file IS NOT NULL',
        )
        .iterate();
      for (const { recordId, position, file } of rows) {
        if (!present.delete(file)) {
          findings.add('missing', `record ${recordId} body ${position}`, `Its file ${file} is not there`);
        }
      }
    } catch (error) {
      findings.add('unreadable', `partition ${name}`, error instanceof Error ? error.message : String(error));
    } finally {
      database.close();
    }
  }
}

async function digestOfFile(
  dir: string,
  { file, key, size }: Extract<BodyPlace, { kind: 'file' }>,
): Promise<Buffer> {
  const hash = createHash('sha512');
  for await (const chunk of openHeldFile({ path: join(dir, 'bodies', file), key, size })) hash.update(chunk);
  return hash.digest();
}
