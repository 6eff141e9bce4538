import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { JournalFinding } from './check.ts';
import { Journal } from './index.ts';

let root: string;
let at = Date.UTC(2026, 10, 23);
const opened: Journal[] = [];
const troubles: Error[] = [];

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'waygate-journal-'));
});
afterEach(async () => {
  for (const journal of opened.splice(0)) await journal.close();
  expect(troubles.splice(0)).toEqual([]);
});
afterAll(() => rmSync(root, { recursive: true }));

async function open(dir = mkdtempSync(join(root, 'journal-'))): Promise<Journal & { readonly dir: string }> {
  const now = () => new Date(at);
  const journal = await Journal.open({
    dir,
    origin: 'DEV/test/audit',
    now,
    onTrouble: (error) => troubles.push(error),
  });
  opened.push(journal);
  return Object.assign(journal, { dir });
}

async function close(journal: Journal): Promise<void> {
  opened.splice(opened.indexOf(journal), 1);
  await journal.close();
}

const event = (target: string) =>
  ({ actor: 'api-key', action: 'PUT /api/v1/clients/:client', target, outcome: 'done' }) as const;

/** A journal of 300 events, more than one tile, closed. */
async function written(): Promise<{ dir: string; note: string }> {
  const journal = await open();
  for (let number = 0; number < 300; number += 1) {
    at += 1_000;
    journal.append(event(`client-${number}`));
  }
  const note = await journal.checkpoint();
  await close(journal);
  return { dir: journal.dir, note };
}

/** Findings of a copy that was changed while nobody looked. */
async function changed(
  dir: string,
  change: (copy: string) => void,
  notes: string[] = [],
): Promise<JournalFinding[]> {
  const copy = mkdtempSync(join(root, 'copy-'));
  cpSync(dir, copy, { recursive: true });
  const journal = await open(copy);
  change(copy);
  return journal.check(notes.map((note) => ({ name: 'held', note })));
}

function within(dir: string, sql: string): void {
  const database = new Database(join(dir, 'events.sqlite'));
  database.exec(sql);
  database.close();
}

function openUnsafely<Result>(path: string, change: (database: Database.Database) => Result): Result {
  const database = new Database(path);
  try {
    database.unsafeMode(true);
    database.pragma('writable_schema = ON');
    return change(database);
  } finally {
    database.close();
  }
}

describe('a journal', () => {
  it('finds what was written down, newest first and page by page, also after a restart', async () => {
    const { dir } = await written();
    const journal = await open(dir);
    journal.append({
      ...event('x'),
      outcome: 'refused',
      code: 'not-found',
      purpose: 'why',
      detail: { a: 1 },
    });
    expect(journal.search({ limit: 1 })).toMatchObject([
      { index: 300, target: 'x', outcome: 'refused', code: 'not-found', purpose: 'why', detail: { a: 1 } },
    ]);
    expect(journal.search({ limit: 2, before: 300 }).map(({ index }) => index)).toEqual([299, 298]);
    expect(journal.search({ limit: 5, target: 'client-7' }).map(({ index }) => index)).toEqual([7]);
    expect(journal.search({ limit: 5, outcome: 'refused' })).toHaveLength(1);
    expect(journal.search({ limit: 5, actor: 'nobody' })).toEqual([]);
    expect(journal.search({ limit: 5, from: at }).map(({ index }) => index)).toEqual([300, 299]);
    expect(await journal.check()).toEqual([]);
  });

  it('lets nobody write a second line into an event, and cuts what is too long', async () => {
    const journal = await open();
    journal.append({ ...event('a\nb\u001b[31m'), detail: { long: 'x'.repeat(100_000) } });
    journal.append(event('y'.repeat(5_000)));
    journal.append(event('c1 \u0085\u009b line \u2028 turned \u202e half \ud83d'));
    journal.append(event(`${'z'.repeat(1_999)}😀`));
    const database = new Database(join(journal.dir, 'events.sqlite'), { readonly: true });
    const rows = database.prepare<[], { event: string }>('SELECT event FROM event').all();
    database.close();
    expect(rows.map(({ event: text }) => text).join('')).toMatch(/^[^\p{C}\u2028\u2029]*$/u);
    expect(Math.max(...rows.map(({ event: text }) => text.length))).toBeLessThan(17_000);
    expect(journal.search({ limit: 4 }).map(({ target }) => target.length)).toEqual([2_001, 28, 2_001, 8]);
    expect(await journal.check()).toEqual([]);
  });

  it('keeps its key to itself', async () => {
    const { dir } = await written();
    expect(statSync(join(dir, 'key.json')).mode & 0o077).toBe(0);
  });
});

describe('a change of a journal', () => {
  it('of any column is found, and its place named', async () => {
    const { dir } = await written();
    const changes = {
      at: 'at = at + 1',
      actor: "actor = 'Api-key'",
      action: "action = 'GET'",
      target: "target = 'client-8'",
      outcome: "outcome = 'failed'",
      event: "event = replace(event, 'client-7', 'client-8')",
      salt: 'salt = zeroblob(16)',
    };
    for (const change of Object.values(changes)) {
      const findings = await changed(dir, (copy) => within(copy, `UPDATE event SET ${change} WHERE id = 7`));
      expect(findings, change).toMatchObject([{ code: 'altered', place: 'event 7' }]);
    }
  });

  it('by taking out, putting in or changing places is found', async () => {
    const { dir } = await written();
    const out = await changed(dir, (copy) => within(copy, 'DELETE FROM event WHERE id BETWEEN 5 AND 6'));
    expect(out).toMatchObject([{ code: 'missing', place: 'events 5 to 6' }]);
    const end = await changed(dir, (copy) => within(copy, 'DELETE FROM event WHERE id > 290'));
    expect(end).toMatchObject([{ code: 'missing', place: 'events 291 to 299' }]);
    const swap = await changed(dir, (copy) =>
      within(
        copy,
        'UPDATE event SET id = -1 WHERE id = 3; UPDATE event SET id = 3 WHERE id = 4; UPDATE event SET id = 4 WHERE id = -1',
      ),
    );
    expect(swap.map(({ place }) => place)).toEqual(['event 3', 'event 4']);
  });

  it('of any row, in any way, is found and its place named', async () => {
    const { dir } = await written();
    const place = fc.nat({ max: 299 });
    const flip = fc.tuple(place, fc.constantFrom('event', 'salt', 'actor', 'target', 'action'), fc.nat());
    const move = fc.tuple(place, place).filter(([one, other]) => one !== other);
    const change = fc.oneof(
      flip.map(([id, column, bit]) => ({ sql: flipped(id, column, bit), place: `event ${id}` })),
      place.map((id) => ({ sql: `DELETE FROM event WHERE id = ${id}`, place: `event ${id}` })),
      move.map(([one, other]) => ({
        sql: `UPDATE event SET id = -1 WHERE id = ${one}; UPDATE event SET id = ${one} WHERE id = ${other};
          UPDATE event SET id = ${other} WHERE id = -1`,
        place: `event ${one}`,
      })),
      fc.oneof(fc.integer({ min: -50, max: -1 }), fc.integer({ min: 300, max: 2 ** 50 })).map((id) => ({
        sql: `INSERT INTO event SELECT ${id}, at, actor, action, target, outcome, event, salt FROM event WHERE id = 7`,
        place: `event ${id}`,
      })),
    );
    await fc.assert(
      fc.asyncProperty(change, async ({ sql, place }) => {
        const findings = await changed(dir, (copy) => within(copy, sql));
        expect(findings.map((finding) => finding.place)).toContain(place);
      }),
      { numRuns: 60 },
    );
  });

  it('of one bit in its tree or its checkpoint is found, and its place named', async () => {
    const { dir } = await written();
    const files = fc.constantFrom('tree/0', 'tree/1', 'checkpoint');
    await fc.assert(
      fc.asyncProperty(files, fc.nat({ max: 80_000 }), async (file, bit) => {
        let at = 0;
        const findings = await changed(dir, (copy) => {
          const path = join(copy, file);
          const bytes = readFileSync(path);
          at = (bit >> 3) % bytes.length;
          bytes[at] = (bytes[at] ?? 0) ^ (1 << (bit & 7));
          writeFileSync(path, bytes);
        });
        const hash = Math.floor(at / 32);
        const place = { 'tree/0': `event ${hash}`, 'tree/1': `tree level 1 hash ${hash}`, checkpoint: file };
        expect(findings.map((finding) => finding.place)).toContain(place[file]);
      }),
      { numRuns: 60 },
    );
  });

  it('of the file itself is found: an index that hides an event, pages that are none', async () => {
    const { dir } = await written();
    // The row is as it was, and the index of actors has it under another name.
    const hidden = await changed(dir, (copy) => {
      within(copy, "UPDATE event SET actor = 'nobody' WHERE id = 7");
      const path = join(copy, 'events.sqlite');
      const index = openUnsafely(path, (database) => {
        const schema = database.prepare("SELECT * FROM sqlite_schema WHERE name = 'event_by_actor'").get();
        database.exec("DELETE FROM sqlite_schema WHERE name = 'event_by_actor'");
        return schema;
      });
      within(copy, "UPDATE event SET actor = 'api-key' WHERE id = 7");
      openUnsafely(path, (database) =>
        database
          .prepare('INSERT INTO sqlite_schema VALUES (@type, @name, @tbl_name, @rootpage, @sql)')
          .run(index),
      );
    });
    expect(hidden).toContainEqual(expect.objectContaining({ code: 'unreadable', place: 'events.sqlite' }));
    const path = join(dir, 'events.sqlite');
    writeFileSync(path, Buffer.concat([Buffer.alloc(100, 1), readFileSync(path).subarray(100)]));
    await expect(open(dir)).rejects.toMatchObject({ code: 'damaged', place: 'events.sqlite' });
  });

  it('is told, not shown as if it had been written down', async () => {
    const { dir } = await written();
    const journal = await open(dir);
    within(dir, "UPDATE event SET event = replace(event, 'client-7', 'client-8') WHERE id = 7");
    expect(() => journal.search({ limit: 300 })).toThrow(
      expect.objectContaining({ code: 'damaged', place: 'event 7' }),
    );
    expect(journal.search({ limit: 300, before: 7 })).toHaveLength(7);
  });

  it('by taking away its checkpoint or its key is not answered with a new one', async () => {
    const { dir } = await written();
    for (const file of ['checkpoint', 'key.json']) {
      const copy = mkdtempSync(join(root, 'without-'));
      cpSync(dir, copy, { recursive: true });
      rmSync(join(copy, file));
      await expect(open(copy)).rejects.toMatchObject({ code: 'damaged', place: file });
      await expect(open(copy)).rejects.toMatchObject({ code: 'damaged', place: file });
    }
    expect(await changed(dir, (copy) => rmSync(join(copy, 'checkpoint')))).toMatchObject([
      { code: 'missing', place: 'checkpoint' },
    ]);
  });

  it('while it was closed keeps it from being opened', async () => {
    const { dir } = await written();
    const cut = mkdtempSync(join(root, 'cut-'));
    cpSync(dir, cut, { recursive: true });
    within(cut, 'DELETE FROM event WHERE id > 290');
    await expect(open(cut)).rejects.toMatchObject({ code: 'rolled-back' });
    const other = mkdtempSync(join(root, 'other-'));
    cpSync(dir, other, { recursive: true });
    within(other, "UPDATE event SET event = replace(event, 'client-7', 'client-8') WHERE id = 7");
    const journal = await open(other);
    expect(await journal.check()).toMatchObject([{ code: 'altered', place: 'event 7' }]);
    rmSync(join(dir, 'tree'), { recursive: true });
    within(dir, "UPDATE event SET event = replace(event, 'client-7', 'client-8') WHERE id = 7");
    await expect(open(dir)).rejects.toMatchObject({ code: 'damaged' });
  });

  it('by putting an older copy back is found by whoever holds a later checkpoint', async () => {
    const journal = await open();
    journal.append(event('one'));
    await journal.checkpoint();
    const older = mkdtempSync(join(root, 'older-'));
    cpSync(journal.dir, older, { recursive: true });
    journal.append(event('two'));
    const held = await journal.checkpoint();
    const restored = await open(older);
    expect(await restored.check([{ name: 'held', note: held }])).toMatchObject([
      { code: 'rolled-back', place: 'held' },
    ]);
    restored.append(event('another'));
    expect(await restored.check([{ name: 'held', note: held }])).toMatchObject([
      { code: 'forked', place: 'held' },
    ]);
  });
});

describe('after a crash', () => {
  it('the tree is made anew from the events, whatever is left of it', async () => {
    const { dir } = await written();
    for (const damage of ['gone', 'short', 'garbage']) {
      const copy = mkdtempSync(join(root, 'crash-'));
      cpSync(dir, copy, { recursive: true });
      const path = join(copy, 'tree', '0');
      if (damage === 'gone') rmSync(join(copy, 'tree'), { recursive: true });
      if (damage === 'short') writeFileSync(path, readFileSync(path).subarray(0, 299 * 32 + 7));
      if (damage === 'garbage')
        writeFileSync(path, Buffer.concat([readFileSync(path).subarray(0, 298 * 32), Buffer.alloc(64)]));
      const journal = await open(copy);
      expect(await journal.check()).toEqual([]);
      expect(journal.append(event('next'))).toBe(300);
      expect(existsSync(join(copy, 'checkpoint'))).toBe(true);
    }
  });

  it('at any moment, all that was acknowledged is there, and nothing is taken for damage', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 40 }), fc.nat({ max: 20 }), fc.nat(), async (first, more, cut) => {
        const journal = await open();
        for (let number = 0; number < first; number += 1) journal.append(event(`first-${number}`));
        await journal.checkpoint();
        for (let number = 0; number < more; number += 1) journal.append(event(`more-${number}`));
        // The folder as a kill leaves it; what the tree got after its last checkpoint may be lost or nonsense.
        const copy = mkdtempSync(join(root, 'killed-'));
        cpSync(journal.dir, copy, { recursive: true });
        const hashes = readFileSync(join(copy, 'tree', '0'));
        const kept = hashes.subarray(0, first * 32 + (cut % (more * 32 + 1)));
        writeFileSync(join(copy, 'tree', '0'), Buffer.concat([kept, Buffer.alloc(cut % 97)]));
        const held = await journal.checkpoint();
        const again = await open(copy);
        expect(again.search({ limit: 100 })).toHaveLength(first + more);
        expect(await again.checkpoint()).toBe(held);
        expect(await again.check()).toEqual([]);
      }),
      { numRuns: 25 },
    );
  });

  it('a row that never came is not passed over', async () => {
    const journal = await open();
    journal.append(event('one'));
    await close(journal);
    within(
      journal.dir,
      'INSERT INTO event SELECT 9, at, actor, action, target, outcome, event, salt FROM event',
    );
    await expect(open(journal.dir)).rejects.toMatchObject({ code: 'damaged', place: 'event 1' });
  });
});

/** SQL that flips one bit of a column; of a text only such bits that leave it ASCII. */
function flipped(id: number, column: string, bit: number): string {
  const length = column === 'salt' ? 16 : `length(${column})`;
  const at = `(${bit >> 3} % ${length} + 1)`;
  const bytes = `CAST(${column} AS BLOB)`;
  const ascii = `unicode(CAST(substr(${bytes}, ${at}, 1) AS TEXT))`;
  // SQLite has no xor: a | b less a & b.
  const other = `char((${ascii} | ${1 << (bit % 5)}) - (${ascii} & ${1 << (bit % 5)}))`;
  if (column === 'salt') return `UPDATE event SET salt = randomblob(16) WHERE id = ${id}`;
  return `UPDATE event SET ${column} = substr(${column}, 1, ${at} - 1) || ${other} || substr(${column}, ${at} + 1)
    WHERE id = ${id}`;
}
