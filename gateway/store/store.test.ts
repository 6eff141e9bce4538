import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStore, StoreError, writeFileDurably } from './index.ts';

interface Tables {
  readonly thing: { readonly id: number; readonly name: string };
}

const first = 'CREATE TABLE thing (id INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT;';
const second = "INSERT INTO thing (id, name) VALUES (1, 'from a step');";

describe('a store', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'waygate-store-'));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  it('applies each schema step once, and keeps what was written', async () => {
    const path = join(dir, 'deeper', 'x.sqlite');
    const created = openStore<Tables>(path, [first]);
    await created.db.insertInto('thing').values({ id: 7, name: 'kept' }).execute();
    created.close();
    openStore<Tables>(path, [first, second]).close();
    const reopened = openStore<Tables>(path, [first, second]);
    expect(await reopened.db.selectFrom('thing').select('name').orderBy('id').execute()).toEqual([
      { name: 'from a step' },
      { name: 'kept' },
    ]);
    reopened.close();
  });

  it('leaves the schema as it was when a step fails', () => {
    const path = join(dir, 'x.sqlite');
    openStore<Tables>(path, [first]).close();
    expect(() => openStore<Tables>(path, [first, `${second} nonsense;`])).toThrow();
    const reopened = openStore<Tables>(path, [first]);
    expect(reopened.database.prepare('SELECT count(*) AS n FROM thing').get()).toEqual({ n: 0 });
    reopened.close();
  });

  it('refuses data of a later release', () => {
    const path = join(dir, 'x.sqlite');
    openStore<Tables>(path, [first, second]).close();
    expect(() => openStore<Tables>(path, [first])).toThrow(StoreError);
  });

  it('waits for the disk with every commit', () => {
    const store = openStore<Tables>(join(dir, 'x.sqlite'), [first]);
    expect(store.database.pragma('synchronous', { simple: true })).toBe(2);
    expect(store.database.pragma('journal_mode', { simple: true })).toBe('wal');
    store.close();
  });

  it('puts files in place whole, with the access bits asked for and nothing left beside them', async () => {
    const path = join(dir, 'secret');
    await writeFileDurably(path, 'one');
    await writeFileDurably(path, 'two');
    expect(readFileSync(path, 'utf8')).toBe('two');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(dir)).toEqual(['secret']);
    await expect(writeFileDurably(join(dir, 'absent', 'x'), 'y')).rejects.toThrow();
  });
});
