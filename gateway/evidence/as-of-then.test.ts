import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { alice, signedAt } from '../signature/testing/pki.ts';
import { judgeBundle } from './judge.ts';
import type { BundleContent, BundleScope } from './model.ts';
import { TestLog, type TestMessage } from './testing/test-log.ts';
import { createWorld, type World } from './testing/world.ts';
import { writeBundle } from './write-bundle.ts';

let world: World;
let stranger: World;
const scope: BundleScope = { kind: 'exchange', queryId: 'DEV-1' };
const ec = { type: 'ec', curve: 'P-256' } as const;
const hour = 3_600_000;

beforeAll(async () => {
  world = await createWorld();
  stranger = await createWorld();
});

afterEach(() => {
  vi.useRealTimers();
});

/** The bundle of one exchange, its request as told. */
async function exported(
  message: Partial<TestMessage>,
  { at = signedAt, by = world }: { readonly at?: Date; readonly by?: World } = {},
): Promise<BundleContent> {
  const log = await TestLog.create(by);
  const indices = await log.exchange({ queryId: 'DEV-1', at, ...message });
  await log.stamp(at);
  return log.bundle(scope, indices);
}

/** Authorities' certificates of these tests end in 2040. */
const clocks = ['2026-03-01T11:00:00Z', '2036-03-01T00:00:00Z', '2050-01-01T00:00:00Z'].map(
  (text) => new Date(text),
);

const cells: readonly (readonly [what: string, make: () => Promise<BundleContent>, code: string | null])[] = [
  ['all good', () => exported({}), null],
  [
    'a certificate of which a revocation became known later',
    async () => {
      const content = await exported({});
      // Made when the clock has gone on: nothing that is asked today can reach what was proven then.
      await world.pki.issueTo(alice, ec, { status: 'revoked', thisUpdate: new Date('2030-01-01T00:00:00Z') });
      return content;
    },
    null,
  ],
  [
    'a certificate revoked before it signed',
    async () => exported({ signer: await world.pki.issueTo(alice, ec, { status: 'revoked' }) }),
    'cert_validation',
  ],
  [
    'a status from long before the signature',
    async () =>
      exported({
        signer: await world.pki.issueTo(alice, ec, { thisUpdate: new Date(signedAt.getTime() - 3 * hour) }),
      }),
    'incorrect_validation_info',
  ],
  [
    'a stamp from after the authority had expired',
    () => exported({}, { at: new Date('2041-01-01T00:00:00Z') }),
    'any',
  ],
  [
    'a certificate of an authority that was not approved',
    async () => exported({ signer: await stranger.pki.issueTo(alice) }),
    'any',
  ],
  [
    'a configuration that had expired when the message was recorded',
    async () => exported({ configuration: await world.snapshot(new Date(signedAt.getTime() - hour)) }),
    'global_conf_outdated',
  ],
  [
    'a configuration that expired a second later',
    async () => exported({ configuration: await world.snapshot(new Date(signedAt.getTime() + 1000)) }),
    null,
  ],
  [
    'a configuration of another instance of the same name',
    async () => exported({ configuration: await stranger.snapshot() }),
    'any',
  ],
];

describe('evidence is judged as of then', () => {
  it.each(cells)('with %s, whatever the clock says now', async (_what, make, code) => {
    const bytes = writeBundle(await make());
    const verdicts: unknown[] = [];
    for (const clock of clocks) {
      vi.useFakeTimers({ now: clock, toFake: ['Date'] });
      verdicts.push(await judgeBundle(bytes));
    }
    const [verdict] = verdicts as Awaited<ReturnType<typeof judgeBundle>>[];
    expect(verdicts).toEqual([verdict, verdict, verdict]);
    expect(verdict?.valid).toBe(code === null);
    expect(verdict?.code ?? null).toEqual(code === 'any' ? expect.any(String) : code);
  });

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
