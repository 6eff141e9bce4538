import { beforeAll, describe, expect, it } from 'vitest';
import { judgeBundle } from './judge.ts';
import type { BundleScope } from './model.ts';
import { TestLog } from './testing/test-log.ts';
import { createWorld, type World } from './testing/world.ts';
import { writeBundle } from './write-bundle.ts';

let world: World;
let stranger: World;
const scope: BundleScope = { kind: 'exchange', queryId: 'DEV-1' };

beforeAll(async () => {
  world = await createWorld();
  stranger = await createWorld();
});

/** The table of verdicts, over all forms of evidence and clocks, is in bin/as-of-then.test.ts. */
describe('evidence is judged as of then', () => {
  it('each record by the configuration of its own time', async () => {
    const log = await TestLog.create(world);
    // The next authority signs and stamps when the first is no longer approved, and the other way round.
    const early = await log.exchange({ queryId: 'DEV-1' });
    await log.stamp();
    const late = await log.exchange({ queryId: 'DEV-1', configuration: await stranger.snapshot() });
    await log.stamp();
    const verdict = await judgeBundle(writeBundle(log.bundle(scope, [...early, ...late])));
    expect(verdict.valid).toBe(false);
    const bad = verdict.steps.filter(({ state }) => state === 'bad').map(({ about }) => about);
    expect(new Set(bad)).toEqual(new Set(late.map((index) => `records/${index}`)));
  });
});

describe('a checkpoint that somebody holds', () => {
  it('from before, at the same size, and after that of the bundle', async () => {
    const log = await TestLog.create(world);
    const indices = await log.exchange({ queryId: 'DEV-1' });
    await log.stamp();
    const held = log.checkpoint();
    await log.exchange({ queryId: 'DEV-2' });
    const bytes = writeBundle(log.bundle(scope, indices));
    expect((await judgeBundle(bytes, { heldCheckpoints: [held, log.checkpoint()] })).valid).toBe(true);
    // Not all sizes have a proof in the bundle, unless it is asked for.
    const middle = [log.checkpoint(3)];
    expect(await judgeBundle(bytes, { heldCheckpoints: middle })).toMatchObject({
      valid: false,
      code: 'consistency-missing',
      place: 'held checkpoint 1',
    });
    const asked = writeBundle(log.bundle(scope, indices, { oldSizes: [3] }));
    expect((await judgeBundle(asked, { heldCheckpoints: middle })).valid).toBe(true);
    await log.exchange({ queryId: 'DEV-3' });
    expect(await judgeBundle(bytes, { heldCheckpoints: [log.checkpoint()] })).toMatchObject({
      valid: false,
      code: 'older-than-held',
    });
    expect(await judgeBundle(bytes, { heldCheckpoints: [stranger.note.sign('x\n0\nAA\n')] })).toMatchObject({
      valid: false,
      code: 'note-unsigned',
    });
  });

  it('shows a fork, and a log restored from an older backup', async () => {
    const [first, second] = [await TestLog.create(world), await TestLog.create(world)];
    const indices = await second.exchange({ queryId: 'DEV-1' });
    await first.exchange({ queryId: 'DEV-1' });
    for (const log of [first, second]) await log.stamp();
    // Same log, same size, other records.
    expect(
      await judgeBundle(writeBundle(second.bundle(scope, indices)), {
        heldCheckpoints: [first.checkpoint()],
      }),
    ).toMatchObject({ valid: false, code: 'forked' });
    // It went on since, and even proves consistency, with its own past.
    await second.exchange({ queryId: 'DEV-2' });
    expect(
      await judgeBundle(writeBundle(second.bundle(scope, indices)), {
        heldCheckpoints: [first.checkpoint()],
      }),
    ).toMatchObject({ valid: false, code: 'forked' });
  });
});
