import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AccessEvent, FileAccessJournal } from './access-journal.ts';

let dir: string;
let path: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'waygate-access-'));
  path = join(dir, 'access.jsonl');
});
afterEach(() => rmSync(dir, { recursive: true }));

const event = (target: string): AccessEvent => ({
  ...{ actor: 'a', action: 'evidence.show', target, outcome: 'done' },
});
const lines = () => readFileSync(path, 'utf8').split('\n');

describe('the journal of reads', () => {
  it('has each event on a line of its own, when append resolves', async () => {
    const journal = await FileAccessJournal.open(path, () => new Date(0));
    await Promise.all(['one', 'two\nlines', 'three'].map((target) => journal.append(event(target))));
    expect(
      lines()
        .slice(0, -1)
        .map((line) => JSON.parse(line)),
    ).toEqual(
      ['one', 'two\nlines', 'three'].map((target) => ({ at: '1970-01-01T00:00:00.000Z', ...event(target) })),
    );
    await journal.close();
  });

  it('goes on below half a line that a crash left', async () => {
    appendFileSync(path, '{"at":"19');
    const journal = await FileAccessJournal.open(path, () => new Date(0));
    await journal.append(event('next'));
    expect(JSON.parse(lines()[1] ?? '')).toMatchObject({ target: 'next' });
    await journal.close();
    await (await FileAccessJournal.open(path, () => new Date(0))).close();
    expect(lines()).toHaveLength(3);
  });

  it('tells when an event could not be written', async () => {
    const journal = await FileAccessJournal.open(path, () => new Date(0));
    await journal.close();
    await expect(journal.append(event('lost'))).rejects.toThrow();
  });
});
