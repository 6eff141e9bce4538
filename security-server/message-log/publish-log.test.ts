import { randomInt } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { entryOf } from '../../gateway/evidence/index.ts';
import { proveConsistency, proveInclusion, readClaim, rootOf } from '../../gateway/transparency/index.ts';
import { buildGoChecker, type GoChecker, hasGo } from '../../gateway/transparency/testing/go-checker.ts';
import { type LogBench, startLogBench } from '../testing/log-bench.ts';
import { fillLog } from '../testing/log-generator.ts';
import type { SqliteMessageLog } from './index.ts';
import { publishLog } from './publish-log.ts';

let bench: LogBench;
let log: SqliteMessageLog;
let into: string;

beforeAll(async () => {
  bench = await startLogBench();
});
afterAll(() => bench.close());
beforeEach(async () => {
  await bench.reset();
  log = await bench.open();
  into = mkdtempSync(join(bench.root, 'tiles-'));
});

/** Records over two months. */
async function fill(count: number, first = 0): Promise<void> {
  const template = await bench.entry('template', Buffer.from('a body'));
  const fromMs = bench.services.at;
  await fillLog({
    ...{ log, template, count, first, fromMs, toMs: fromMs + 62 * 86_400_000 },
    setClock: (at) => {
      bench.services.at = at;
    },
  });
  bench.services.at = fromMs + 62 * 86_400_000;
}

const publish = () => publishLog({ folder: bench.dir, into });

describe('a published log', () => {
  it('has every leaf of the last checkpoint, and goes on with the log', async () => {
    await fill(300);
    await log.checkpoint();
    const first = await publish();
    expect(first).toMatchObject({ origin: log.origin, verifierKey: log.verifierKey, from: 0 });
    expect(first.size).toBeGreaterThan(300);
    await fill(300, 300);
    await log.checkpoint();
    const second = await publish();
    expect(second).toMatchObject({ from: first.size, size: log.tree.size });
    const leaves = readFileSync(join(into, 'tile/0/000'));
    expect(leaves.equals(log.tree.read(0, 0, 256))).toBe(true);
  });

  it('tells nothing of who spoke to whom', async () => {
    await fill(300);
    await log.checkpoint();
    await publish();
    const known = ['portal', 'person', 'query', 'GOV:', 'DEV:', 'request'];
    for (const file of filesOf(into)) {
      const text = readFileSync(join(into, file), 'latin1');
      if (file === 'checkpoint') continue;
      for (const word of known) expect(text.includes(word)).toBe(false);
    }
  });

  it('keeps its tiles when a partition was dropped, without the entries of it', async () => {
    await fill(1200);
    await log.stampNow();
    const [oldest] = log.partitions();
    await log.dropPartition(oldest?.name ?? '');
    await log.checkpoint();
    await publish();
    expect(existsSync(join(into, 'tile/0/000'))).toBe(true);
    expect(existsSync(join(into, 'tile/entries/000'))).toBe(false);
  });

  it('is refused before the first checkpoint, and where there is no log', async () => {
    await expect(publish()).rejects.toThrow();
    await expect(publishLog({ folder: into, into })).rejects.toThrow();
  });

  it('is not gone on with from another log', async () => {
    await fill(300);
    await log.checkpoint();
    await publish();
    const note = readFileSync(join(into, 'checkpoint'), 'utf8');
    await bench.reset();
    log = await bench.open();
    await fill(300);
    await log.checkpoint();
    await expect(publish()).rejects.toMatchObject({ code: 'fork' });
    expect(readFileSync(join(into, 'checkpoint'), 'utf8')).toBe(note);
  });
});

describe.skipIf(!hasGo)('Go’s own packages (needs go and golang-golang-x-mod-dev)', () => {
  let checker: GoChecker;
  beforeAll(async () => {
    checker = await buildGoChecker();
  }, 300_000);
  afterAll(() => checker.close());

  it('take a message log as it is published, and refuse it with any octet changed', async () => {
    await fill(300);
    await log.checkpoint();
    await publish();
    await fill(300, 300);
    await log.checkpoint();
    const { verifierKey } = await publish();
    expect(await checker.checkLog(into, verifierKey)).toMatchObject({ isGood: true });
    const changed = `${into}-changed`;
    cpSync(into, changed, { recursive: true });
    for (const file of filesOf(into)) {
      const bytes = readFileSync(join(into, file));
      for (let round = 0; round < 8; round += 1) {
        const other = Buffer.from(bytes);
        const at = randomInt(bytes.length);
        other[at] = (other[at] ?? 0) ^ randomInt(1, 256);
        writeFileSync(join(changed, file), other);
        const { isGood } = await checker.checkLog(changed, verifierKey);
        expect({ file, at, isGood }).toEqual({ file, at, isGood: false });
      }
      writeFileSync(join(changed, file), bytes);
    }
    rmSync(changed, { recursive: true });
  });

  it('take the proofs of its records, and of what it was before', async () => {
    await fill(300);
    const old = readClaim(await log.checkpoint());
    await fill(700, 300);
    const checkpoint = await log.checkpoint();
    const { size } = readClaim(checkpoint);
    const indexes = Array.from({ length: size }, (_, index) => index).filter((index) => index % 50 === 1);
    const inclusion = indexes.flatMap((index) => {
      const record = log.read(index);
      if (record === undefined) return [];
      const entry = entryOf(record.salts.facts, record.facts);
      return { index, entry, proof: proveInclusion(log.tree, index, size) };
    });
    expect(inclusion.length).toBeGreaterThan(10);
    const proof = proveConsistency(log.tree, old.size, size);
    const consistency = [{ oldSize: old.size, oldRoot: rootOf(log.tree, old.size), proof }];
    expect(old.root.equals(rootOf(log.tree, old.size))).toBe(true);
    const answer = await checker.checkProofs({ checkpoint, inclusion, consistency }, log.verifierKey ?? '');
    expect(answer).toMatchObject({ isGood: true });
  });
});

function filesOf(dir: string): string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(dir, join(entry.parentPath, entry.name)));
}
