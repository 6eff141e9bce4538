import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LogBench, startLogBench } from '../../testing/log-bench.ts';
import { pin } from '../../testing/trust-services.ts';
import { eraseRecord } from '../erase.ts';
import { LogKeys } from '../log-keys.ts';
import { partitionFile, partitionNames } from '../partition.ts';
import { type CheckReport, checkFolder, checkLog, type LogToCheck } from './index.ts';

const month = 31 * 86_400_000;

let bench: LogBench;
/** A log of two months, whole and closed. */
let master: string;
let verifierKey: string;
let laterCheckpoint: string;
let keys: LogKeys;

beforeAll(async () => {
  bench = await startLogBench();
  const log = await bench.open({
    bodyPolicy: ({ serviceCode }) =>
      serviceCode === 'once' ? { kind: 'digest' } : { kind: 'days', days: 9 },
  });
  await log.record(await bench.entry('a', Buffer.from('small')));
  await log.record({
    ...(await bench.entry('b', Buffer.alloc(3_000, 'b'), Buffer.alloc(900))),
    userId: 'EE1',
  });
  await log.record({ ...(await bench.entry('c')), direction: 'response', status: 404, issue: 'x' });
  await log.stampNow();
  const once = await bench.entry('d', Buffer.from('secret'));
  await log.record({ ...once, service: { ...once.service, serviceCode: 'once' } });
  for (const one of await bench.entries(['e'], ['f', Buffer.from('f')])) await log.record(one);
  await log.stampNow();
  bench.services.at += month;
  await log.record(await bench.entry('g', Buffer.from('later')));
  await log.record(await bench.entry('h', Buffer.alloc(5_000, 'h')));
  await log.tallyNow();
  await log.record(await bench.entry('i'));
  await log.stampNow();
  laterCheckpoint = await log.checkpoint();
  verifierKey = log.verifierKey ?? '';
  master = bench.dir;
  await bench.reset();
  const { token, now } = bench.services;
  keys = await LogKeys.open({ dir: master, token, origin: 'any', now });
}, 120_000);
afterAll(() => bench.close());

const check = (dir: string, more: Partial<LogToCheck> = {}): Promise<CheckReport> =>
  checkLog({ dir, verifierKey, periodKey: (id) => keys.periodKey(id), ...more });

/** A copy of the log, changed and then checked. */
async function changed(change: (dir: string) => void, more: Partial<LogToCheck> = {}): Promise<CheckReport> {
  const dir = mkdtempSync(join(bench.root, 'copy-'));
  try {
    cpSync(master, dir, { recursive: true });
    change(dir);
    return await check(dir, more);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

function within(dir: string, name: string, change: (database: Database.Database) => void): void {
  const database = new Database(partitionFile(dir, name));
  database.pragma('foreign_keys = OFF');
  change(database);
  database.close();
}

function flip(bytes: Buffer, bit: number): Buffer {
  const copy = Buffer.from(bytes);
  const at = Math.floor(bit / 8) % copy.length;
  copy[at] = (copy[at] ?? 0) ^ (1 << (bit % 8));
  return copy;
}

const places = ({ findings }: CheckReport) => findings.map(({ place }) => place);

describe('a whole log', () => {
  it('is clean, with its contents opened or not, and says how much there is', async () => {
    const report = await check(master);
    expect(report.findings).toEqual([]);
    // Nine messages, a tally for each of two days, one that was asked for.
    expect(report).toMatchObject({
      isClean: true,
      checked: 12,
      size: 12,
      timestamps: 3,
      partitions: 2,
      isOpened: true,
    });
    const { isOpened, findings } = await checkLog({ dir: master, verifierKey });
    expect({ isOpened, findings }).toEqual({ isOpened: false, findings: [] });
  });
});

interface Cell {
  readonly partition: string;
  readonly table: string;
  readonly column: string;
  readonly row: Readonly<Record<string, unknown>>;
}

describe('one changed bit', () => {
  /**
   * Not covered: what a running server decides by and nothing could tell; `checkConditions` says why. Beside cells
   * there are the pages that SQLite does not use, which mean nothing.
   */
  const isCovered = ({ table, column }: Cell) => !(table === 'condition' && column === 'value');

  /** Every value of every row of every table, in both partitions. */
  function allCells(): Cell[] {
    return partitionNames(master).flatMap((partition) => {
      const database = new Database(partitionFile(master, partition), { readonly: true });
      const tables = database
        .prepare<[], { name: string }>(
          "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
        )
        .all();
      const cells = tables.flatMap(({ name: table }) =>
        database
          .prepare<[], Record<string, unknown>>(`SELECT * FROM ${table}`)
          .all()
          .flatMap((row) =>
            Object.entries(row)
              .filter(([, value]) => value !== null)
              .map(([column]) => ({ partition, table, column, row })),
          ),
      );
      database.close();
      return cells.filter(isCovered);
    });
  }

  /** What may be named for a row: itself, or the records that it is of. */
  function placesOfRow({ partition, table, row }: Cell): RegExp {
    const record = (id: unknown) => `record ${id}\\b|records \\d+ to ${id}\\b|records ${id} to`;
    if (table === 'record' || table === 'content' || table === 'tally') return new RegExp(record(row['id']));
    if (table === 'body') return new RegExp(`${record(row['recordId'])}|^statistics`);
    if (table === 'timestamp') return /timestamp of records/;
    if (table === 'pair') return /^pair /;
    if (table === 'daily') return /^statistics of /;
    if (table === 'condition') return /^condition /;
    // A route or a shared text is of many records, the beginning of all.
    return new RegExp(`^shared text|^record|^statistics|^partition ${partition}`);
  }

  it('in any row of any table of any partition is found, and partition and place named', async () => {
    const dir = mkdtempSync(join(bench.root, 'bits-'));
    cpSync(master, dir, { recursive: true });
    const whole = new Map<string, Buffer>();
    for (const name of partitionNames(dir)) {
      // Opened and closed, a partition is all in its file.
      within(dir, name, (database) => database.pragma('wal_checkpoint(TRUNCATE)'));
      whole.set(name, readFileSync(partitionFile(dir, name)));
    }
    const restore = (name: string) => {
      for (const ending of ['-wal', '-shm']) rmSync(`${partitionFile(dir, name)}${ending}`, { force: true });
      writeFileSync(partitionFile(dir, name), whole.get(name) ?? '');
    };
    const cells = allCells();
    expect(new Set(cells.map(({ table }) => table)).size).toBe(11);
    // Small tables are as likely as large ones.
    const byColumn = new Map<string, Cell[]>();
    for (const cell of cells) {
      const name = `${cell.table}.${cell.column}`;
      byColumn.set(name, [...(byColumn.get(name) ?? []), cell]);
    }
    const cellOf = fc.constantFrom(...byColumn.values()).chain((ofColumn) => fc.constantFrom(...ofColumn));
    await fc.assert(
      fc.asyncProperty(cellOf, fc.nat({ max: 1_000_000 }), async (cell, bit) => {
        const { partition } = cell;
        fc.pre(!isSaltOfErased(cell, bit));
        restore(partition);
        let isChanged = false;
        within(dir, partition, (database) => {
          isChanged = changeCell(database, cell, bit);
        });
        fc.pre(isChanged);
        const { findings } = await check(dir);
        restore(partition);
        const place = placesOfRow(cell);
        const named = findings.filter((one) => one.partition === partition && place.test(one.place));
        expect(named, JSON.stringify(findings)).not.toEqual([]);
      }),
      { numRuns: 150 },
    );
  }, 300_000);

  it('in the number of a record that a timestamp is of is found, and the timestamp named', async () => {
    const [name = ''] = partitionNames(master);
    for (let bit = 0; bit < 48; bit += 1) {
      const report = await changed((dir) =>
        within(dir, name, (database) => {
          const { leaves } = database
            .prepare<[], { leaves: Buffer }>('SELECT leaves FROM timestamp WHERE id = 1')
            .get() ?? { leaves: Buffer.alloc(0) };
          // Three of the same length, each with its number first.
          const second = flip(leaves, (leaves.length / 3) * 8 + bit);
          database.prepare('UPDATE timestamp SET leaves = ? WHERE id = 1').run(second);
        }),
      );
      expect(places(report), `bit ${bit}`).toContain('timestamp of records 1 to 3');
    }
  }, 60_000);

  it('in a file of the tree is found, and its place named', async () => {
    const files = readdirSync(join(master, 'tree')).filter(
      (file) => readFileSync(join(master, 'tree', file)).length > 0,
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...files), fc.nat({ max: 10_000 }), async (file, bit) => {
        let place = 0;
        const report = await changed((dir) => {
          const path = join(dir, 'tree', file);
          const bytes = readFileSync(path);
          place = Math.floor((Math.floor(bit / 8) % bytes.length) / 32);
          writeFileSync(path, flip(bytes, bit));
        });
        expect(places(report)).toContain(`record ${place}`);
      }),
      { numRuns: 30 },
    );
  });

  it('in the checkpoint is found', async () => {
    const bits = readFileSync(join(master, 'checkpoint')).length * 8;
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: bits - 1 }), async (bit) => {
        const report = await changed((dir) => {
          const path = join(dir, 'checkpoint');
          writeFileSync(path, flip(readFileSync(path), bit));
        });
        expect(places(report)).toContain('checkpoint');
      }),
      { numRuns: 60 },
    );
  });

  it('in the file of keys is found, and named, unless it is of when, or for which month, a key was made', async () => {
    const data = mkdtempSync(join(bench.root, 'data-'));
    cpSync(master, join(data, 'messages'), { recursive: true });
    cpSync(join(bench.root, 'token'), join(data, 'token'), { recursive: true });
    const path = join(data, 'messages', 'keys.json');
    const whole = readFileSync(path);
    expect((await checkFolder({ folder: data, pin })).findings).toEqual([]);
    const skipped = [...whole.toString('latin1').matchAll(/"(?:createdAt|partition)":"([^"]*)"/g)].map(
      ({ index, 0: text, 1: value = '' }) =>
        [index + text.length - 1 - value.length, index + text.length - 1] as const,
    );
    const isSkipped = (at: number) => skipped.some(([from, to]) => at >= from && at < to);
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: whole.length * 8 - 1 }), async (bit) => {
        fc.pre(!isSkipped(bit >> 3));
        writeFileSync(path, flip(whole, bit));
        const found = await checkFolder({ folder: data, pin }).catch(
          (error: { code?: string }) => error.code,
        );
        // Of one that cannot be read nothing else can be told.
        if (typeof found !== 'object') expect(found).toBe('damaged');
        else expect(found.isClean, whole.toString('latin1', (bit >> 3) - 9, (bit >> 3) + 9)).toBe(false);
      }),
      { numRuns: 40 },
    );
  }, 300_000);

  it('in the file of a body is found, and its place named', async () => {
    const [file = ''] = readdirSync(join(master, 'bodies'));
    const report = await changed((dir) => {
      const path = join(dir, 'bodies', file);
      writeFileSync(path, flip(readFileSync(path), 12_345));
    });
    expect(places(report)).toEqual([expect.stringMatching(/^record \d+ body 1$/)]);
    expect(places(await changed((dir) => rmSync(join(dir, 'bodies', file))))).toContainEqual(
      expect.stringMatching(/^record \d+ body 1$/),
    );
  });
});

/**
 * The salt of a head or body that was erased, or never kept: what it was salted for is gone, so nothing can tell, and
 * nothing rests on it any more.
 */
function isSaltOfErased({ table, column, row }: Cell, bit: number): boolean {
  const salts = row[column];
  if (table !== 'content' || column !== 'salts' || !Buffer.isBuffer(salts)) return false;
  const part = Math.floor(((bit % (salts.length * 8)) >> 3) / 16);
  // In order: of the facts, the head, the evidence, and each body.
  return Number(row['isHeadWhole']) !== 1 && (part === 1 || part > 2);
}

/** Flips one bit of a value. @returns false when the table takes no such value */
function changeCell(database: Database.Database, { table, column, row }: Cell, bit: number): boolean {
  const value = row[column];
  const where = Object.keys(row)
    .map((name) => `${name} IS @old_${name}`)
    .join(' AND ');
  const values = Object.fromEntries(Object.entries(row).map(([name, old]) => [`old_${name}`, old]));
  let other: unknown;
  if (typeof value === 'number') other = BigInt(value) ^ (1n << BigInt(bit % 52));
  else if (Buffer.isBuffer(value)) other = flip(value, bit % (value.length * 8));
  else {
    const bytes = Buffer.from(String(value));
    other = flip(bytes, bit % (bytes.length * 8));
  }
  const set = typeof value === 'string' ? 'CAST(@other AS TEXT)' : '@other';
  try {
    return (
      database.prepare(`UPDATE ${table} SET ${column} = ${set} WHERE ${where}`).run({ ...values, other })
        .changes === 1
    );
  } catch (error) {
    // Another row has that key already.
    if ((error as { code?: string }).code?.startsWith('SQLITE_CONSTRAINT') === true) return false;
    throw error;
  }
}

describe('records', () => {
  const first = (dir: string) => partitionNames(dir)[0] ?? '';

  it('that are not to be erased any more are found, and what was erased in its time is not', async () => {
    const ofRecord = (id: number, sql: string) =>
      changed((dir) =>
        within(dir, first(dir), (database) => {
          expect(database.prepare(sql).run(id).changes).toBeGreaterThan(0);
        }),
      );
    const never = await ofRecord(2, 'UPDATE record SET eraseAt = NULL WHERE id = ?');
    expect(never.findings).toEqual([expect.objectContaining({ code: 'altered', place: 'record 2' })]);
    const erased = await changed((dir) =>
      within(dir, first(dir), (database) => {
        for (const id of [1, 2, 3])
          for (const file of eraseRecord(database, id)) rmSync(join(dir, 'bodies', file));
      }),
    );
    expect(erased.findings).toEqual([]);
    const byHalf = await changed((dir) =>
      within(dir, first(dir), (database) => {
        database.exec(
          'UPDATE record SET eraseAt = NULL WHERE id = 2; UPDATE content SET head = NULL WHERE id = 2',
        );
      }),
    );
    expect(places(byHalf)).toContain('record 2');
  });

  it('that were removed are found, and the gap named', async () => {
    const report = await changed((dir) =>
      within(dir, first(dir), (database) => {
        for (const table of ['body WHERE recordId', 'content WHERE id', 'record WHERE id']) {
          database.prepare(`DELETE FROM ${table} = 2`).run();
        }
      }),
    );
    expect(report.findings).toContainEqual(expect.objectContaining({ code: 'missing', place: 'record 2' }));
    expect(report.findings).toContainEqual(expect.objectContaining({ code: 'gap' }));
  });

  it('that changed places are found', async () => {
    const report = await changed((dir) =>
      within(dir, first(dir), (database) => {
        for (const [table, column] of [
          ['record', 'id'],
          ['content', 'id'],
          ['body', 'recordId'],
        ]) {
          database.exec(`UPDATE ${table} SET ${column} = -1 WHERE ${column} = 1;
            UPDATE ${table} SET ${column} = 1 WHERE ${column} = 2; UPDATE ${table} SET ${column} = 2 WHERE ${column} = -1`);
        }
      }),
    );
    expect(places(report)).toEqual(expect.arrayContaining(['record 1', 'record 2']));
  });

  it('that were put in or doubled are found', async () => {
    const report = await changed((dir) =>
      within(dir, partitionNames(dir)[1] ?? '', (database) => {
        for (const table of ['record', 'content']) {
          const columns = database
            .prepare<[string], { name: string }>('SELECT name FROM pragma_table_info(?)')
            .all(table)
            .map(({ name }) => name);
          const rest = columns.filter((name) => name !== 'id').join(', ');
          database.exec(`INSERT INTO ${table} (id, ${rest}) SELECT 12, ${rest} FROM ${table} WHERE id = 8`);
        }
      }),
    );
    expect(report.isClean).toBe(false);
    expect(places(report)).toContain('record 12');
  });

  it('of partitions that do not say where they begin are found, also of the last and of the only one', async () => {
    const forget = 'DELETE FROM start';
    for (const at of [0, 1]) {
      const report = await changed((dir) =>
        within(dir, partitionNames(dir)[at] ?? '', (database) => database.exec(forget)),
      );
      expect(places(report)).toContain(`partition ${partitionNames(master)[at]}`);
    }
    for (const change of [forget, 'DROP TABLE start', 'DELETE FROM start; DELETE FROM content']) {
      const alone = await changed((dir) => {
        rmSync(partitionFile(dir, partitionNames(dir)[0] ?? ''));
        within(dir, first(dir), (database) => database.exec(change));
      });
      expect(places(alone)).toContain('records 0 to 11');
    }
  });

  it('of a whole partition that is gone are found', async () => {
    const report = await changed((dir) => rmSync(partitionFile(dir, partitionNames(dir)[1] ?? '')));
    expect(report.findings).toContainEqual(
      expect.objectContaining({ code: 'missing', place: 'records 7 to 11' }),
    );
    const older = await changed((dir) => rmSync(partitionFile(dir, partitionNames(dir)[0] ?? '')));
    expect(older).toMatchObject({ removed: 7 });
  });
});

describe('whoever holds a later checkpoint', () => {
  it('finds a log that was put back, and one that was cut off', async () => {
    const heldCheckpoints = [{ name: 'held', note: laterCheckpoint }];
    expect(await check(master, { heldCheckpoints })).toMatchObject({ isClean: true });
    const cut = await changed(
      (dir) => {
        rmSync(partitionFile(dir, partitionNames(dir)[1] ?? ''));
        rmSync(join(dir, 'checkpoint'));
        const tree = join(dir, 'tree', '0');
        writeFileSync(tree, readFileSync(tree).subarray(0, 7 * 32));
      },
      { heldCheckpoints },
    );
    expect(cut.findings).toContainEqual(expect.objectContaining({ code: 'rolled-back', place: 'held' }));
  });

  it('finds a log that went another way', async () => {
    const { token } = bench.services;
    const fork = mkdtempSync(join(bench.root, 'fork-'));
    cpSync(master, fork, { recursive: true });
    // An older copy that goes on by itself: as many records, other ones, signed by the same key.
    rmSync(partitionFile(fork, partitionNames(fork)[1] ?? ''));
    rmSync(join(fork, 'checkpoint'));
    bench.services.at += month;
    const log = await bench.open({ dir: fork, token });
    for (const id of ['x', 'y', 'z', 'u', 'v', 'w']) await log.record(await bench.entry(id));
    await log.checkpoint();
    await bench.reset();
    const forked = await LogKeys.open({ dir: fork, token, origin: 'any', now: bench.services.now });
    const own = await checkLog({ dir: fork, verifierKey, periodKey: (id) => forked.periodKey(id) });
    expect(own.findings).toEqual([]);
    const held = await checkLog({
      dir: fork,
      verifierKey,
      heldCheckpoints: [{ name: 'held', note: laterCheckpoint }],
    });
    expect(held.findings).toEqual([expect.objectContaining({ code: 'forked', place: 'held' })]);
  });

  it('takes no checkpoint of another log for its own', async () => {
    const other = await bench.open({ origin: 'another' });
    await other.record(await bench.entry('one'));
    const heldCheckpoints = [{ name: 'held', note: await other.checkpoint() }];
    expect(places(await check(master, { heldCheckpoints }))).toEqual(['held']);
  });
});
