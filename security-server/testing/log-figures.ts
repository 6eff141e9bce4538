import { randomUUID } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { printEncoded } from '../../gateway/identifier/index.ts';
import {
  checkInclusion,
  proveConsistency,
  proveInclusion,
  readClaim,
} from '../../gateway/transparency/index.ts';
import type { RecordQuery, SqliteMessageLog } from '../message-log/index.ts';
import type { LogBench } from './log-bench.ts';
import { fillLog, nthClient, nthService } from './log-generator.ts';

/** How one kind of question was answered: the slowest of several. */
export interface Timed {
  readonly name: string;
  readonly worstMs: number;
  /** Of the last time it was asked. */
  readonly found: number;
}

export interface LogFigures {
  readonly records: number;
  readonly partitions: number;
  readonly recordsPerSecond: number;
  readonly bytesPerRecord: number;
  /** Memory of the process when a tenth was written, and when all was. */
  readonly earlyRssBytes: number;
  readonly lateRssBytes: number;
  readonly searches: readonly Timed[];
  readonly proofs: readonly Timed[];
  readonly others: readonly Timed[];
}

const monthMs = 30.5 * 86_400_000;
const rounds = 10;

/**
 * Fills a log of its own with records over many months, and measures it.
 * @param onProgress told how many are written
 */
export async function measureLog(
  bench: LogBench,
  { records, months }: { readonly records: number; readonly months: number },
  onProgress: (done: number) => void = () => undefined,
): Promise<{ readonly log: SqliteMessageLog; readonly figures: LogFigures }> {
  const fromMs = bench.services.at;
  const toMs = fromMs + months * monthMs;
  const log = await bench.open();
  const template = await bench.entry('template', Buffer.alloc(500, 'a body of some length '));
  let earlyRssBytes = 0;
  const started = performance.now();
  await fillLog({
    ...{ log, template, count: records, fromMs, toMs },
    setClock: (at) => {
      bench.services.at = at;
    },
    onProgress: (done) => {
      if (earlyRssBytes === 0 && done >= records / 10) earlyRssBytes = process.memoryUsage.rss();
      onProgress(done);
    },
  });
  const seconds = (performance.now() - started) / 1000;
  const lateRssBytes = process.memoryUsage.rss();
  const figures: LogFigures = {
    records,
    partitions: log.partitions().length,
    recordsPerSecond: Math.round(records / seconds),
    bytesPerRecord: Math.round(sizeOfFolder(bench.dir) / records),
    earlyRssBytes,
    lateRssBytes,
    searches: await measureSearches(log, records, fromMs, toMs),
    proofs: await measureProofs(log),
    others: await measureOthers(log),
  };
  return { log, figures };
}

/** Questions that the console asks, about all of the log unless they say otherwise. */
async function measureSearches(
  log: SqliteMessageLog,
  records: number,
  fromMs: number,
  toMs: number,
): Promise<Timed[]> {
  const party = printEncoded(nthClient(5));
  // Of those who ask least.
  const rare = printEncoded(nthClient(9_999));
  const service = printEncoded(nthService(0));
  const dayMs = 86_400_000;
  const questions: readonly (readonly [string, (round: number) => Omit<RecordQuery, 'limit'>])[] = [
    ['newest', () => ({})],
    ['message id', (round) => ({ queryId: `query-${exchangeOf(round, records)}` })],
    ['message id that is not there', (round) => ({ queryId: `none-${round}` })],
    ['request id that is not there', () => ({ requestId: randomUUID() })],
    ['user', (round) => ({ userId: `EE${5 * round}` })],
    ['issue', (round) => ({ issue: `case-${50 * round}` })],
    ['party', () => ({ party })],
    ['party that asks little', () => ({ party: rare })],
    ['party that is not there', () => ({ party: 'DEV:GOV:nobody' })],
    ['service', () => ({ service })],
    ['client and service', () => ({ client: rare, service })],
    ['failed', () => ({ outcome: 'failed' })],
    ['failed of a party', () => ({ party, outcome: 'failed' })],
    ['succeeded responses of a day', (round) => dayOf(round, { outcome: 'succeeded' })],
    ['a day', (round) => dayOf(round, {})],
    ['a day of a party', (round) => dayOf(round, { party })],
    ['far back', (round) => ({ before: Math.floor(records / (round + 2)) })],
    ['requests of clients here', () => ({ direction: 'request', side: 'client' })],
    ['a user within a month', (round) => ({ ...dayOf(round, { userId: 'EE15' }), to: toMs })],
  ];
  function dayOf(round: number, more: Omit<RecordQuery, 'limit'>): Omit<RecordQuery, 'limit'> {
    const from = Math.floor(fromMs + ((toMs - fromMs) * (round + 0.5)) / rounds);
    return { from, to: from + dayMs, ...more };
  }
  const timed: Timed[] = [];
  for (const [name, question] of questions) {
    timed.push(await timeWorst(name, (round) => log.search({ ...question(round), limit: 50 }).length));
  }
  return timed;
}

async function measureProofs(log: SqliteMessageLog): Promise<Timed[]> {
  const { size, root } = readClaim(await log.checkpoint());
  const inclusion = await timeWorst('inclusion proof', (round) => {
    const index = Math.floor(((size - 1) * round) / (rounds - 1));
    const proof = proveInclusion(log.tree, index, size);
    const leaf = log.tree.read(0, index, 1);
    if (!checkInclusion({ leaf, index, size, proof, root }))
      throw new Error(`leaf ${index} is not in the tree`);
    return proof.length;
  });
  const consistency = await timeWorst(
    'consistency proof',
    (round) => proveConsistency(log.tree, Math.floor((size * (round + 1)) / (rounds + 1)), size).length,
  );
  return [inclusion, consistency];
}

async function measureOthers(log: SqliteMessageLog): Promise<Timed[]> {
  const { size } = log.tree;
  return [
    await timeWorst('record opened', (round) =>
      log.read(Math.floor((size * (round + 0.5)) / rounds)) ? 1 : 0,
    ),
    await timeWorst('checkpoint signed', async () => (await log.checkpoint()).length),
    await timeWorst('health', () => log.health().withoutTimestamp),
    await timeWorst('partitions', () => log.partitions().length),
  ];
}

async function timeWorst(name: string, act: (round: number) => number | Promise<number>): Promise<Timed> {
  let worstMs = 0;
  let found = 0;
  for (let round = 0; round < rounds; round += 1) {
    const started = performance.now();
    found = await act(round);
    worstMs = Math.max(worstMs, performance.now() - started);
  }
  return { name, worstMs: Math.round(worstMs * 100) / 100, found };
}

/** An exchange somewhere in the log, another in each round. */
function exchangeOf(round: number, records: number): number {
  return Math.floor((records / 2) * ((round + 0.5) / rounds));
}

function sizeOfFolder(dir: string): number {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}
