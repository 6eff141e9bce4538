import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createAuthority } from '../../certs/authority/index.ts';
import { AskedBook } from '../asked/index.ts';
import type { MessageLogOptions, SqliteMessageLog } from '../message-log/index.ts';
import { type LogBench, startLogBench } from '../testing/log-bench.ts';
import { pin } from '../testing/trust-services.ts';
import { checkClock, clockOf } from './checks/clock.ts';
import { checkTimestamping } from './checks/timestamping.ts';
import { Servers } from './testing/servers.ts';

const hour = 3_600_000;
let bench: LogBench;
let servers: Servers;
let asked: AskedBook;

beforeAll(async () => {
  bench = await startLogBench();
});
afterAll(() => bench.close());
beforeEach(async () => {
  await bench.reset();
  bench.services.isDown = false;
  servers = new Servers();
  asked = new AskedBook();
});
afterEach(() => servers.close());

/** A log with one record, of which it tried to get a timestamp from these. */
async function stamped(
  urls: readonly string[],
  more: Partial<MessageLogOptions> = {},
): Promise<SqliteMessageLog> {
  const log = await bench.open({ timestampUrls: urls, onAsked: (one) => asked.note(one), ...more });
  await log.record(await bench.entry('one'));
  await log.stampNow().catch(() => undefined);
  return log;
}

function found(log: SqliteMessageLog, urls: readonly string[], configuration = bench.services.configuration) {
  const states = asked.all('timestamp');
  return checkTimestamping({
    server: 'DEV:GOV:1:ss1',
    configuration,
    urls,
    asked: states,
    log: log.health(),
  });
}

const codesOf = async (...urls: readonly string[]) => {
  const log = await stamped(urls);
  return found(log, urls).map(({ code, severity }) =>
    severity === undefined ? code : `${code} ${severity}`,
  );
};

describe('timestamping', () => {
  it('nothing is diagnosed while timestamps come', async () => {
    expect(await codesOf(bench.services.tsaUrl)).toEqual([]);
  });

  it('timestamping-none-approved: neither instance nor settings name one', async () => {
    const log = await bench.open();
    const configuration = { ...bench.services.configuration, tsas: () => [] };
    expect(found(log, [], configuration)).toMatchObject([{ code: 'timestamping-none-approved' }]);
  });

  it('timestamping-unreachable: nobody listens, or the name is not known', async () => {
    expect(await codesOf(await servers.refusing(), 'http://tsa.invalid/')).toEqual([
      'timestamping-unreachable',
      'timestamping-unreachable',
    ]);
  });

  it('timestamping-unreachable: a warning while another one answers', async () => {
    expect(await codesOf(await servers.refusing(), bench.services.tsaUrl)).toEqual([
      'timestamping-unreachable warns',
    ]);
  });

  it('timestamping-refused: an HTTP error, or something that is no answer', async () => {
    const page = await servers.answering(async () => Buffer.from('<html>'));
    expect(await codesOf(await servers.status(402), page)).toEqual([
      'timestamping-refused',
      'timestamping-refused',
    ]);
  });

  it('timestamping-token-unacceptable: of an authority that is not approved, or of other data', async () => {
    const stranger = await createAuthority(mkdtempSync(join(bench.root, 'stranger-')), { name: 'X', pin });
    const theirs = await servers.answering((body) => stranger.answerTimestamp(body));
    let first: Buffer | undefined;
    const same = await servers.answering(async (body) => {
      first ??= await bench.services.authority.answerTimestamp(body);
      return first;
    });
    expect(await codesOf(theirs)).toEqual(['timestamping-token-unacceptable']);
    await codesOf(same);
    await bench.reset();
    // What it gave for the first record it gives for the second.
    expect(await codesOf(same)).toEqual(['timestamping-token-unacceptable']);
  });

  it('timestamping-overdue: since when, and that messages are refused', async () => {
    const urls = [await servers.refusing()];
    const log = await stamped(urls, { acceptableTimestampFailureMs: hour });
    const since = bench.services.now();
    expect(found(log, urls).map(({ code }) => code)).toEqual(['timestamping-unreachable']);
    bench.services.at += 2 * hour;
    expect(found(log, urls)[0]).toMatchObject({ code: 'timestamping-overdue', since });
  });
});

describe('the clock', () => {
  const diagnosed = (url: string, ahead: number) => {
    const states = asked.all('timestamp').filter(({ last }) => last.url === url);
    const clock = clockOf(
      states.map(({ last }) => last),
      bench.services.now(),
    );
    expect(clock.observations).toHaveLength(1);
    expect(Math.abs((clock.aheadMs ?? Number.NaN) - ahead)).toBeLessThan(2_000);
    return checkClock(clock, 'DEV:GOV:1:ss1');
  };

  it('nothing is diagnosed while it agrees with a timestamp', async () => {
    const { tsaUrl } = bench.services;
    await stamped([tsaUrl]);
    expect(diagnosed(tsaUrl, 0)).toEqual([]);
  });

  it('clock-ahead and clock-behind: against a timestamp, and by how much', async () => {
    const { services } = bench;
    for (const [offset, code] of [
      [90_000, 'clock-ahead'],
      [-90_000, 'clock-behind'],
    ] as const) {
      await bench.reset();
      // The authority has the time of the services; this server has another.
      await stamped([services.tsaUrl], { now: () => new Date(services.at + offset) });
      const [found] = diagnosed(services.tsaUrl, offset);
      expect(found).toMatchObject({ code, detail: expect.stringMatching(/^by (89|90|91) s$/) });
    }
  });

  it('clock-behind: against the HTTP date of an answer, where there is no better', async () => {
    const url = await servers.http((_, outgoing) => {
      outgoing.writeHead(200, { date: new Date(bench.services.at + 40_000).toUTCString() }).end('no token');
    });
    await stamped([url]);
    expect(diagnosed(url, -40_000)).toMatchObject([{ code: 'clock-behind' }]);
  });

  it('is not judged by an answer that a cache kept', async () => {
    const url = await servers.http((_, outgoing) => {
      outgoing.writeHead(200, { date: new Date(0).toUTCString(), age: '100' }).end('no token');
    });
    await stamped([url]);
    const all = asked.all('timestamp').map(({ last }) => last);
    expect(clockOf(all, bench.services.now())).toEqual({ aheadMs: undefined, observations: [] });
  });
});
