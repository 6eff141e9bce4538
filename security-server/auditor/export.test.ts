import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { describeContents, judgeBundle, readBundle, writeBundle } from '../../gateway/evidence/index.ts';
import type { SqliteMessageLog } from '../message-log/index.ts';
import { type LogBench, startLogBench } from '../testing/log-bench.ts';
import type { BundleLimits } from './bundle-limits.ts';
import { Exporter } from './export.ts';

let bench: LogBench;
let log: SqliteMessageLog;
beforeAll(async () => {
  bench = await startLogBench();
});
afterAll(() => bench.close());
beforeEach(async () => {
  await bench.reset();
  log = await bench.open();
  for (const queryId of ['one', 'two', 'three']) {
    await log.record(await bench.entry(queryId, Buffer.alloc(700)));
    bench.services.at += 1000;
  }
});

function exporter(limits: Partial<BundleLimits> = {}): Exporter {
  const configurations = {
    snapshot: async () => undefined,
    configurationOf: async () => bench.services.configuration,
  };
  return new Exporter(log, configurations, { records: 3, beside: 3, octets: 100_000, ...limits });
}
const period = (from: number, to: number) => ({
  scope: { kind: 'party', party: 'DEV:GOV', from, to } as const,
  ...{ includeBodies: true, now: bench.services.now() },
});
const all = () => period(0, bench.services.at);
const middle = () => period(bench.services.at - 2_500, bench.services.at - 1_500);

describe('an export', () => {
  it('holds as much as it may', async () => {
    expect(await exporter().export(all())).toMatchObject({ records: 3, gaps: { gaps: [] } });
    expect(await exporter({ records: 1, beside: 2 }).export(middle())).toMatchObject({ records: 1 });
  });

  it('of more is refused: of records, of those beside a period, of octets', async () => {
    const refused = { code: 'export-too-large' };
    await expect(exporter({ records: 2 }).export(all())).rejects.toMatchObject(refused);
    await expect(exporter({ beside: 1 }).export(middle())).rejects.toMatchObject(refused);
    await expect(exporter({ octets: 2_000 }).export(all())).rejects.toMatchObject(refused);
    const scope = { kind: 'case', title: 'x', queryIds: ['one', 'two', 'three'] } as const;
    await expect(exporter({ records: 2 }).export({ ...all(), scope })).rejects.toMatchObject(refused);
  });

  it('counts bodies only when they come along', async () => {
    const one = exporter({ octets: 20_000 });
    await log.record(await bench.entry('large', Buffer.alloc(50_000)));
    const order = { ...all(), scope: { kind: 'exchange', queryId: 'large' } as const };
    await expect(one.export(order)).rejects.toMatchObject({ code: 'export-too-large' });
    expect(await one.export({ ...order, includeBodies: false })).toMatchObject({ records: 1, gaps: null });
  });

  it('proves to who holds a checkpoint that the log goes on from it, and tells them when it does not', async () => {
    const held = await log.checkpoint();
    const heldSizes = [log.tree.size];
    await log.record(await bench.entry('four', Buffer.alloc(10)));
    const order = { ...all(), scope: { kind: 'exchange', queryId: 'four' } as const };
    const trust = { configuration: bench.services.configuration, heldCheckpoints: [held] };
    const verdictOf = async ({ bytes }: { readonly bytes: Buffer }) => judgeBundle(bytes, trust);
    expect(await verdictOf(await exporter().export({ ...order, heldSizes }))).toMatchObject({ valid: true });
    expect(await verdictOf(await exporter().export(order))).toMatchObject({ code: 'consistency-missing' });
    await expect(exporter().export({ ...order, heldSizes: [1_000] })).rejects.toMatchObject({
      code: 'log-older-than-held',
    });
  });

  it('shows of a request without response that it had none, by the numbers of responses to others', async () => {
    const { configuration } = bench.services;
    const answer = async (queryId: string) => {
      const asked = await bench.entry(queryId);
      await log.record({ ...asked, direction: 'response', status: 200 });
    };
    await answer('one');
    await log.record(await bench.entry('open'));
    await answer('two');
    await answer('three');
    const verdictOf = async (includeNeighbours: boolean) => {
      const order = { ...all(), includeNeighbours, scope: { kind: 'exchange', queryId: 'open' } as const };
      const { bytes } = await exporter().export(order);
      return { ...(await judgeBundle(bytes, { configuration })), content: readBundle(bytes) };
    };
    const shown = await verdictOf(true);
    const told = shown.steps.filter(({ id, about }) => id === 'exchange' && about === 'records/5');
    expect([shown.code, told]).toMatchObject([
      null,
      [{ state: 'good', text: expect.stringContaining('until') }],
    ]);
    const containers = shown.content.records.map(({ container }) => container !== null);
    expect(containers).toEqual([false, true, false, false]);
    const alone = await verdictOf(false);
    expect(alone.content.records).toHaveLength(1);
    expect(alone.steps).toContainEqual(
      expect.objectContaining({ code: 'response-missing', state: 'absent' }),
    );
    // Whoever takes one of the others out has to answer for its number.
    const records = shown.content.records.filter(({ index }) => index !== 6);
    const less = { ...shown.content, records };
    const signed = { ...less, contents: await log.signContents(describeContents(less)) };
    expect(await judgeBundle(writeBundle(signed), { configuration })).toMatchObject({
      ...{ code: 'gap', gaps: [{ after: 1, before: 3 }] },
    });
  });

  it('waits for no third one: two at once are made, and then others', async () => {
    const one = exporter();
    const made = await Promise.allSettled([one.export(all()), one.export(all()), one.export(all())]);
    expect(made.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    expect(made[2]).toMatchObject({ reason: { code: 'export-busy' } });
    expect(await one.export(all())).toMatchObject({ records: 3 });
  });
});
