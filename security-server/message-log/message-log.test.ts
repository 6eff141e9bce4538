import { cpSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createVerifier, verifyContainer } from '../../gateway/signature/index.ts';
import { openNote, parseCheckpoint } from '../../gateway/transparency/index.ts';
import { type LogBench, startLogBench } from '../testing/log-bench.ts';
import { startTrustServices } from '../testing/trust-services.ts';
import { containerOf, type FoundRecord, type MessageLogOptions, type SqliteMessageLog } from './index.ts';

const hour = 3_600_000;

let bench: LogBench;
let services: LogBench['services'];
let root: string;
let startedAt: number;
const open = (more?: Partial<MessageLogOptions>) => bench.open(more);
const reopen = (log: SqliteMessageLog, more?: Partial<MessageLogOptions>) => bench.reopen(log, more);
const entry: LogBench['entry'] = (...made) => bench.entry(...made);
const entries: LogBench['entries'] = (...made) => bench.entries(...made);

beforeAll(async () => {
  bench = await startLogBench();
  ({ services, root } = bench);
  startedAt = services.at;
});
afterAll(() => bench.close());
beforeEach(() => bench.reset());

/** The only record of an id. */
function recordOf(log: SqliteMessageLog, queryId: string): FoundRecord {
  const [record, ...more] = log.find(queryId);
  if (record === undefined || more.length > 0) throw new Error(`${queryId} is there ${more.length} times`);
  return record;
}

/** Verifies one record as a stranger would, from its container alone. */
async function verify(log: SqliteMessageLog, queryId: string) {
  const { bytes } = await containerOf(recordOf(log, queryId), log);
  const { configuration } = services;
  return verifyContainer({ container: bytes, configuration, verifier: createVerifier() });
}

const bodyFiles = () => readdirSync(join(bench.dir, 'bodies'));

describe('records', () => {
  it('are on disk when record resolves: what a power cut at that instant leaves has them', async () => {
    const log = await open();
    await log.record(await entry('one', Buffer.from('small'), Buffer.alloc(50_000, 'large')));
    const copy = mkdtempSync(join(root, 'copy-'));
    // The index in shared memory dies with the machine.
    cpSync(bench.dir, copy, { recursive: true, filter: (path) => !path.endsWith('-shm') });
    const found = await open({ dir: copy });
    await found.stampNow();
    const { container, queryId } = await verify(found, 'one');
    expect(queryId).toBe('one');
    expect(container.attachments.get('/attachment1')?.toString()).toBe('small');
    expect(container.attachments.get('/attachment2')).toEqual(Buffer.alloc(50_000, 'large'));
  });

  it('are counted after every thousand, also within a day and over a restart', async () => {
    const template = await entry('many');
    let log = await open();
    const recordMany = async (count: number) => {
      const ids = Array.from({ length: count }, (_, at) => `many-${at}`);
      await Promise.all(ids.map((queryId) => log.record({ ...template, queryId })));
    };
    await recordMany(600);
    log = await reopen(log);
    for (let round = 0; round < 9; round += 1) await recordMany(200);
    const places: number[] = [];
    for (let at = log.lastTally(log.tree.size - 1); at !== undefined; at = log.lastTally(at - 1))
      places.unshift(at);
    const apart = places.slice(1).map((place, at) => place - (places[at] ?? 0));
    expect(apart).toHaveLength(2);
    for (const distance of apart) {
      expect(distance).toBeGreaterThan(1_000);
      // What goes to the disk together is counted together.
      expect(distance).toBeLessThanOrEqual(1_201);
    }
  }, 60_000);

  it('keep small bodies beside them and take the files of large ones over', async () => {
    const log = await open();
    await log.record(await entry('one', Buffer.from('small'), Buffer.alloc(2_000)));
    const [small, large] = recordOf(log, 'one').bodies;
    expect(small).toMatchObject({ position: 1, size: 5, isErased: false });
    expect(large).toMatchObject({ position: 2, size: 2_000, isErased: false });
    expect(bodyFiles()).toHaveLength(1);
    expect(readdirSync(join(root, 'spool'))).toEqual([]);
  });

  it('of 500 at once are all there, in the order in which they came', async () => {
    const log = await open();
    const one = await entry('one');
    const ids = Array.from({ length: 500 }, (_, index) => `many-${index}`);
    await Promise.all(ids.map((queryId) => log.record({ ...one, queryId })));
    const order = ids.map((id) => recordOf(log, id).index);
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(new Set(order).size).toBe(500);
    expect(log.health().withoutTimestamp).toBe(500);
  });

  it('of one id are found oldest first, and never one of another', async () => {
    const log = await open();
    const request = await entry('one');
    await log.record(request);
    await log.record({ ...request, direction: 'response' });
    await log.record(await entry('ONE'));
    expect(log.find('one').map(({ direction }) => direction)).toEqual(['request', 'response']);
    expect(log.find('%')).toEqual([]);
  });
});

describe('a checkpoint', () => {
  it('comes unasked after a record, covers it, and is on disk', async () => {
    const log = await open();
    await log.record(await entry('one'));
    const sizeOnDisk = () => {
      const note = readFileSync(join(bench.dir, 'checkpoint'), 'utf8');
      return parseCheckpoint(openNote(note, [log.verifierKey ?? '']).text).size;
    };
    await expect.poll(sizeOnDisk, { timeout: 60_000 }).toBe(2);
    await log.record(await entry('two'));
    await expect.poll(sizeOnDisk, { timeout: 60_000 }).toBe(3);
  }, 120_000);
});

describe('timestamps', () => {
  it('cover many records with one token, and each container verifies alone', async () => {
    const log = await open();
    const ids = ['a', 'b', 'c', 'd', 'e'];
    for (const id of ids) await log.record(await entry(id, Buffer.from(id), Buffer.alloc(3_000, id)));
    const { tsa } = services.asked;
    services.at += 60_000;
    await log.stampNow();
    expect(services.asked.tsa).toBe(tsa + 1);
    for (const id of ids) {
      const { queryId, timestamp, signer } = await verify(log, id);
      expect({ queryId, signer }).toMatchObject({ queryId: id, signer: { memberCode: '1' } });
      expect(Math.abs(timestamp.at.getTime() - services.at)).toBeLessThan(1_000);
    }
    const { withoutTimestamp, lastTimestampAt } = log.health();
    expect(withoutTimestamp).toBe(0);
    expect(services.at - (lastTimestampAt?.getTime() ?? 0)).toBeLessThan(1_000);
  });

  it('cover messages that were signed together, and each container verifies alone', async () => {
    const log = await open();
    const together = await entries(
      ['a'],
      ['b', Buffer.from('b')],
      ['c', Buffer.from('c'), Buffer.alloc(3_000)],
    );
    await Promise.all(together.map((one) => log.record(one)));
    await log.stampNow();
    for (const [index, id] of ['a', 'b', 'c'].entries()) {
      const { queryId, signature, warnings } = await verify(log, id);
      expect({ queryId, warnings }).toEqual({ queryId: id, warnings: [] });
      expect(signature.covered).toHaveLength(1 + index);
    }
  });

  it('of a single record stand beside its signature, which stays as it was', async () => {
    const log = await open();
    const alone = await entry('alone', Buffer.from('x'));
    await log.record(alone);
    await log.stampNow();
    expect(recordOf(log, 'alone').signature).toEqual(alone.signature);
    await expect(verify(log, 'alone')).resolves.toMatchObject({ queryId: 'alone' });
  });

  it('are missing from containers until they come, so that nothing verifies without', async () => {
    const log = await open();
    await log.record(await entry('early'));
    await expect(verify(log, 'early')).rejects.toMatchObject({ code: 'AsicTimestampNotFound' });
  });

  it('are asked of the next authority when one fails', async () => {
    const log = await open({ timestampUrls: ['http://127.0.0.1:1/tsa', services.tsaUrl] });
    await log.record(await entry('one'));
    await log.stampNow();
    await expect(verify(log, 'one')).resolves.toBeDefined();
  });

  it('of a stranger are not taken', async () => {
    const stranger = await startTrustServices(mkdtempSync(join(root, 'stranger-')));
    const log = await open({ timestampUrls: [stranger.tsaUrl] });
    await log.record(await entry('one'));
    await expect(log.stampNow()).rejects.toMatchObject({ code: 'TimestampingFailed' });
    expect(recordOf(log, 'one').timestamp).toBeUndefined();
    await stranger.close();
  });
});

describe('without timestamps', () => {
  it('goes on for the time set, refuses after it, also after a restart, and accepts again by itself', async () => {
    const log = await open();
    await log.record(await entry('one'));
    await log.record(await entry('two'));
    services.isDown = true;
    await expect(log.stampNow()).rejects.toMatchObject({ code: 'TimestampingFailed' });
    expect(bench.troubles.map(({ message }) => message)).toEqual([expect.stringContaining('503')]);
    services.at += hour;
    expect(() => log.requireAccepting()).not.toThrow();
    const restarted = await reopen(log);
    services.at += 1;
    expect(() => restarted.requireAccepting()).toThrow(/No timestamp could be had since/);
    expect(restarted.health()).toMatchObject({ isAccepting: false, withoutTimestamp: 2 });
    services.isDown = false;
    await restarted.stampNow();
    expect(() => restarted.requireAccepting()).not.toThrow();
    const again = await reopen(restarted);
    expect(() => again.requireAccepting()).not.toThrow();
    services.at = startedAt;
    await expect(verify(again, 'one')).resolves.toBeDefined();
  });

  it('does not count the time anew with every failure', async () => {
    const log = await open();
    await log.record(await entry('one'));
    services.isDown = true;
    for (let failures = 0; failures < 3; failures += 1) {
      await expect(log.stampNow()).rejects.toThrow();
      services.at += hour / 2;
    }
    expect(() => log.requireAccepting()).toThrow(/No timestamp/);
  });

  it('never refuses when no time is set', async () => {
    const log = await open({ acceptableTimestampFailureMs: 0 });
    await log.record(await entry('one'));
    services.isDown = true;
    await expect(log.stampNow()).rejects.toThrow();
    services.at += 1_000 * hour;
    expect(() => log.requireAccepting()).not.toThrow();
  });

  it('refuses when no authority is configured at all', async () => {
    const configuration = { current: () => ({ ...services.configuration, tsas: () => [] }) };
    const log = await open({ configuration });
    expect(() => log.requireAccepting()).toThrow(
      expect.objectContaining({
        code: 'TimestampingFailed',
        message: expect.stringContaining('No timestamping'),
      }),
    );
  });
});

describe('a full disk', () => {
  it('is refused as LoggingFailed; what was recorded before stays, and no file is left behind', async () => {
    const log = await open({ maxPages: 100 });
    const kept: string[] = [];
    let refusal: unknown;
    for (let count = 0; refusal === undefined && count < 200; count += 1) {
      const id = `full-${count}`;
      const full = await entry(id, Buffer.alloc(900), Buffer.alloc(2_000));
      await log.record(full).then(
        () => kept.push(id),
        (error: unknown) => {
          refusal = error;
        },
      );
    }
    expect(refusal).toMatchObject({ code: 'LoggingFailed', message: expect.stringContaining('full') });
    expect(kept.length).toBeGreaterThan(10);
    expect(bodyFiles()).toHaveLength(kept.length);
    await expect(log.record(await entry('late', Buffer.alloc(900)))).rejects.toMatchObject({
      code: 'LoggingFailed',
    });

    const larger = await reopen(log);
    await larger.stampNow();
    for (const id of kept) await expect(verify(larger, id)).resolves.toBeDefined();
    expect(larger.find(`full-${kept.length}`)).toEqual([]);
    await expect(larger.record(await entry('now'))).resolves.toBeUndefined();
  });
});

describe('after a crash', () => {
  it('removes files that no record refers to, and keeps those of records', async () => {
    const log = await open();
    await log.record(await entry('one', Buffer.alloc(2_000)));
    const [file] = bodyFiles();
    writeFileSync(join(bench.dir, 'bodies', 'orphan'), 'half');
    const restarted = await reopen(log);
    expect(bodyFiles()).toEqual([file]);
    await restarted.stampNow();
    await expect(verify(restarted, 'one')).resolves.toBeDefined();
  });

  it('nothing is left of keys and checkpoints that were on their way', async () => {
    const log = await open();
    await log.record(await entry('one'));
    await log.checkpoint();
    const before = readdirSync(bench.dir);
    const unfinished = '123e4567-e89b-12d3-a456-426614174000.tmp';
    for (const name of ['keys.json', 'checkpoint'])
      writeFileSync(join(bench.dir, `${name}.${unfinished}`), '{');
    await reopen(log);
    expect(readdirSync(bench.dir)).toEqual(before);
  });

  it('of the writing thread refuses what waits and what comes, and never hangs', async () => {
    const started = new Promise<Worker>((resolve) => process.once('worker', resolve));
    const log = await open();
    const thread = await started;
    await log.record(await entry('before'));
    const entries = await Promise.all(['a', 'b', 'c'].map((id) => entry(id, Buffer.alloc(2_000))));
    const ended = thread.terminate();
    const waiting = await Promise.allSettled(entries.map((one) => log.record(one)));
    await ended;
    for (const one of waiting) {
      if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'LoggingFailed' });
    }
    await expect(log.record(await entry('late', Buffer.alloc(2_000)))).rejects.toMatchObject({
      code: 'LoggingFailed',
    });
    await expect(log.checkWritable()).rejects.toThrow(/closed/);
    await expect(log.stampNow()).rejects.toMatchObject({ code: 'TimestampingFailed' });
    const restarted = await reopen(log);
    expect(restarted.find('before')).toHaveLength(1);
    expect(restarted.find('late')).toEqual([]);
    for (const [index, id] of ['a', 'b', 'c'].entries()) {
      if (waiting[index]?.status === 'fulfilled') expect(restarted.find(id)).toHaveLength(1);
    }
  });
});
