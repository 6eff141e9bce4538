import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BundleScope } from '../../gateway/evidence/index.ts';
import { writeBundle } from '../../gateway/evidence/index.ts';
import { TestLog } from '../../gateway/evidence/testing/test-log.ts';
import { createWorld, type World } from '../../gateway/evidence/testing/world.ts';
import { waygate } from './run.ts';

const scope: BundleScope = { kind: 'exchange', queryId: 'DEV-1' };
const dir = mkdtempSync(join(tmpdir(), 'waygate-bundles-'));
let world: World;
let log: TestLog;
let earlier: string;

/** Writes a file, and tells where it is. */
function put(name: string, content: string | Buffer): string {
  const path = join(dir, name);
  writeFileSync(path, content);
  return path;
}

beforeAll(async () => {
  world = await createWorld();
  log = await TestLog.create(world);
  const indices = await log.exchange({ queryId: 'DEV-1', body: 'a body' });
  await log.stamp();
  earlier = put('earlier', log.checkpoint());
  await log.exchange({ queryId: 'DEV-2' });
  const bytes = writeBundle(log.bundle(scope, indices));
  put('good', bytes);
  const damaged = Buffer.from(bytes);
  damaged[2000] = (damaged[2000] ?? 0) ^ 1;
  put('damaged', damaged);
});

afterAll(() => rmSync(dir, { recursive: true, force: true }));

const verify = (...args: readonly string[]) => waygate('audit', 'verify', ...args);
const at = (name: string) => join(dir, name);

describe('waygate audit verify of evidence bundles', () => {
  it('knows them whatever they are called, tells every step, and what to compare', async () => {
    const { status, stdout } = await verify(at('good'));
    expect(status).toBe(0);
    for (const word of ['valid', 'records/0', 'checkpoint', 'note: ', world.note.verifierKey]) {
      expect(stdout).toContain(word);
    }
  });

  it('has nothing left to compare once key and fingerprint are given, and all held checkpoints fit', async () => {
    const told = /(?:[0-9A-F]{2}:){27}[0-9A-F]{2}/.exec((await verify(at('good'))).stdout)?.[0] ?? '';
    const { status, stdout } = await verify(
      ...['--json', '--verifier-key', world.note.verifierKey, '--anchor-fingerprint', told],
      ...['--checkpoint', earlier, '--checkpoint', put('same', log.checkpoint()), at('good')],
    );
    const { results, linking, bundles } = JSON.parse(stdout);
    expect([status, results, linking]).toEqual([0, [], null]);
    expect(bundles).toHaveLength(1);
    expect(bundles[0]).toMatchObject({
      file: at('good'),
      verdict: { valid: true, code: null, reason: null, place: null, gaps: [], warnings: [] },
    });
  });

  it('refuses one with a changed bit, and one that a later checkpoint goes beyond, with exit status 1', async () => {
    const damaged = await verify('--json', at('damaged'));
    expect(damaged.status).toBe(1);
    expect(JSON.parse(damaged.stdout).bundles[0].verdict).toMatchObject({
      valid: false,
      code: 'bundle-malformed',
      place: expect.any(String),
    });
    await log.exchange({ queryId: 'DEV-3' });
    const older = await verify('--checkpoint', put('later', log.checkpoint()), at('good'));
    expect([older.status, older.stdout]).toEqual([1, expect.stringContaining('older-than-held')]);
  });

  it('still demands a configuration for a container, and says how to get one, with exit status 2', async () => {
    const { status, stdout, stderr } = await verify(put('message.asice', 'no container'));
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain('--configuration');
  });
});
