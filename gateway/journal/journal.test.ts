import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Journal, type JournalFinding } from './index.ts';

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
    expect(journal.check()).toEqual([]);
  });

  it('lets nobody write a second line into an event, and cuts what is too long', async () => {
    const journal = await open();
    journal.append({ ...event('a\nb\u001b[31m'), detail: { long: 'x'.repeat(100_000) } });
    journal.append(event('y'.repeat(5_000)));
    const database = new Database(join(journal.dir, 'events.sqlite'), { readonly: true });
    const rows = database.prepare<[], { event: string }>('SELECT event FROM event').all();
    database.close();
    expect([...(rows[0]?.event ?? '')].filter((character) => character < ' ')).toEqual([]);
    expect(Math.max(...rows.map(({ event: text }) => text.length))).toBeLessThan(17_000);
    expect(journal.search({ limit: 2 }).map(({ target }) => target.length)).toEqual([2_001, 8]);
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

  it('of one bit in its tree or its checkpoint is found', async () => {
    const { dir } = await written();
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('tree/0', 'tree/1', 'checkpoint'),
        fc.nat({ max: 80_000 }),
        async (file, bit) => {
          const findings = await changed(dir, (copy) => {
            const path = join(copy, file);
            const bytes = readFileSync(path);
            const place = (bit >> 3) % bytes.length;
            bytes[place] = (bytes[place] ?? 0) ^ (1 << (bit & 7));
            writeFileSync(path, bytes);
          });
          expect(findings.length).toBeGreaterThan(0);
        },
      ),
      { numRuns: 40 },
    );
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
    expect(journal.check()).toMatchObject([{ code: 'altered', place: 'event 7' }]);
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
    expect(restored.check([{ name: 'held', note: held }])).toMatchObject([
      { code: 'rolled-back', place: 'held' },
    ]);
    restored.append(event('another'));
    expect(restored.check([{ name: 'held', note: held }])).toMatchObject([{ code: 'forked', place: 'held' }]);
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
      expect(journal.check()).toEqual([]);
      expect(journal.append(event('next'))).toBe(300);
      expect(existsSync(join(copy, 'checkpoint'))).toBe(true);
    }
  });
});
