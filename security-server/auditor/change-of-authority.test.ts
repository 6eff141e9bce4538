import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type GlobalConfiguration, readSnapshot } from '../../gateway/configuration/index.ts';
import { judgeBundle, judgeOwnArchive, readBundle } from '../../gateway/evidence/index.ts';
import { withTsasOf } from '../../gateway/evidence/testing/world.ts';
import { buildArchive } from '../archive/build.ts';
import { collectStretch } from '../archive/collect.ts';
import { loadSnapshot } from '../configurations/index.ts';
import { checkFolder } from '../message-log/check/index.ts';
import type { SqliteMessageLog } from '../message-log/index.ts';
import { containerOf } from '../message-log/index.ts';
import { type LogBench, startLogBench } from '../testing/log-bench.ts';
import { startTrustServices, type TrustServices } from '../testing/trust-services.ts';
import { Exporter } from './export.ts';
import { createAuditor } from './judge.ts';
import { showExchange } from './show-exchange.ts';

let bench: LogBench;
/** Another authority, with a timestamping authority of its own. */
let others: TrustServices;
/** The same instance with the other timestamping authority in the place of the first. */
let changed: GlobalConfiguration;

beforeAll(async () => {
  bench = await startLogBench();
  const dir = join(bench.root, 'others');
  mkdirSync(dir);
  others = await startTrustServices(dir);
  changed = withTsasOf(bench.services.configuration, others.configuration);
});
afterAll(async () => {
  await others.close();
  await bench.close();
});

let log: SqliteMessageLog;
/** Puts another configuration into force while the log runs. */
let bringIntoForce: (configuration: GlobalConfiguration) => Promise<void>;
beforeEach(async () => {
  await bench.reset();
  others.at = bench.services.at;
  let now = {
    configuration: bench.services.configuration,
    id: await bench.keep(bench.services.configuration),
  };
  bringIntoForce = async (configuration) => {
    now = { configuration, id: await bench.keep(configuration) };
  };
  log = await bench.open({
    configuration: { current: () => now.configuration },
    configurationId: () => now.id,
  });
});

const configurations = {
  snapshot: (id: string) => loadSnapshot(join(bench.dir, 'configurations'), id),
  configurationOf: async (id: string) => {
    const snapshot = await configurations.snapshot(id);
    if (snapshot === undefined) throw new Error(`configuration ${id} was not kept`);
    return readSnapshot(snapshot.files).configuration;
  },
};

async function exportOf(queryId: string): Promise<Buffer> {
  const exporter = new Exporter(log, configurations);
  const { bytes } = await exporter.export({
    scope: { kind: 'exchange', queryId },
    ...{ includeBodies: true, includeNeighbours: false, now: bench.services.now() },
  });
  return bytes;
}

async function ask(queryId: string): Promise<void> {
  await log.record(await bench.entry(queryId, Buffer.from(queryId)));
}

async function archiveOf(): Promise<Buffer> {
  const until = await log.tallyNow();
  const stretch = await collectStretch(log, 0, { grouping: 'none', maxBytes: 10_000_000, until });
  const [batch] = stretch.batches;
  if (batch === undefined) throw new Error('there are records');
  const order = { grouping: 'none', stretch, batch, previous: undefined } as const;
  const { bytes } = await buildArchive(log, configurations, { ...order, createdAt: bench.services.now() });
  return bytes;
}

/** What each form of evidence of one message id is found to be; null is good. */
async function judgeAll(queryId: string) {
  const [record] = log.find(queryId);
  if (record === undefined) throw new Error('the exchange was recorded');
  const { bytes: container } = await containerOf(record, log);
  const single = await createAuditor(changed).judgeContainer('one.asice', container);
  const bundle = await judgeBundle(await exportOf(queryId));
  const { verdict: archive } = await judgeOwnArchive(await archiveOf(), {});
  const { verdict: shown } = await showExchange(log, configurations, queryId, bench.services.now());
  const { isClean } = await checkFolder({ folder: bench.dir });
  return { container: single.code, bundle: bundle.code, archive: archive.code, shown: shown.code, isClean };
}

const allGood = { container: null, bundle: null, archive: null, shown: null, isClean: true };

describe('when the timestamping authority is replaced between a record and its timestamp', () => {
  it('all forms of evidence are good, also when nothing was recorded since', async () => {
    await ask('one');
    await bringIntoForce(changed);
    await log.stampNow();
    expect(await judgeAll('one')).toEqual(allGood);
    const { witnesses = [], configurations: brought } = readBundle(await exportOf('one'));
    expect([witnesses.length, brought.length]).toEqual([1, 2]);
  });

  it('all forms of evidence are good, also when much was recorded in between, under either', async () => {
    await ask('one');
    await ask('two');
    await bringIntoForce(changed);
    await ask('three');
    await log.stampNow();
    await ask('four');
    await log.stampNow();
    for (const id of ['one', 'two', 'three', 'four']) expect(await judgeAll(id)).toEqual(allGood);
  });

  it('also when no timestamp could be had for long, and the authority was replaced meanwhile', async () => {
    await ask('one');
    bench.services.isDown = true;
    await expect(log.stampNow()).rejects.toMatchObject({ code: 'TimestampingFailed' });
    await ask('two');
    bench.services.at += 40 * 86_400_000;
    others.at = bench.services.at;
    await bringIntoForce(changed);
    await log.stampNow();
    await ask('three');
    await log.stampNow();
    const { isClean } = await checkFolder({ folder: bench.dir });
    expect(isClean).toBe(true);
    for (const id of ['one', 'two']) {
      const { steps } = await judgeBundle(await exportOf(id));
      const stamped = steps.filter(({ id: step }) => step === 'checkpoint-timestamp');
      expect(stamped.map(({ state }) => state)).toEqual(['good']);
    }
  });

  it('the evidence says who stamped', async () => {
    await ask('one');
    await bringIntoForce(changed);
    await log.stampNow();
    const { exchanges } = await showExchange(log, configurations, 'one', bench.services.now());
    const told = exchanges.flatMap(({ records }) => records.map(({ timestamp }) => timestamp?.authority));
    expect(told).toEqual([others.authority.tsaCertificate.subject.describe()]);
  });

  it('evidence of what its own configuration approves of has no witness', async () => {
    await ask('one');
    await log.stampNow();
    await bringIntoForce(changed);
    await ask('two');
    await log.stampNow();
    for (const id of ['one', 'two']) {
      const { witnesses, configurations: brought } = readBundle(await exportOf(id));
      expect([witnesses, brought.length]).toEqual([undefined, 1]);
    }
  });
});

describe('a configuration that comes into force while a round of timestamps is under way', () => {
  it('makes the round begin again with a checkpoint of its own', async () => {
    await ask('one');
    let asked = 0;
    const id = await bench.keep(changed);
    const before = bench.services.configuration;
    const running = await bench.reopen(log, {
      // The second look is the one after the checkpoint was made.
      configuration: { current: () => (++asked < 2 ? before : changed) },
      configurationId: () => id,
    });
    log = running;
    await log.stampNow();
    expect(await judgeAll('one')).toEqual(allGood);
  });
});
