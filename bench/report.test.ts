import { cpus } from 'node:os';
import { describe, expect, it } from 'vitest';
import { type Rung, ratioOf, writeRegistry, writeReport } from './report.ts';

const figures = { p50Ms: 1, p95Ms: 2, p99Ms: 3, peakRssBytes: 100 * 1024 ** 2 };
const rungs: Rung[] = [
  { name: 'direct', keys: 'none', bodyBytes: 1024, requestsPerSecond: 8000, ...figures, peakRssBytes: null },
  { name: 'proxy', keys: 'none', bodyBytes: 1024, requestsPerSecond: 4000, ...figures },
  { name: 'mtls', keys: 'P-256', bodyBytes: 1024, requestsPerSecond: 2000, ...figures },
  { name: 'mtls', keys: 'RSA-2048', bodyBytes: 1024, requestsPerSecond: 1900, ...figures },
  { name: 'waygate', keys: 'P-256', bodyBytes: 1024, requestsPerSecond: 500, ...figures },
  { name: 'waygate', keys: 'RSA-2048', bodyBytes: 10_485_760, requestsPerSecond: 5, ...figures },
];

const log = {
  plainPerSecond: 12_500,
  searchablePerSecond: 10_000,
  evidencedPerSecond: 5_000,
  evidenceMs: 0.05,
};

const registry = {
  ...{ members: 10_000, subsystems: 50_000, servers: 250, startMs: 900 },
  ...{ publicationMs: 1_100, publicationProcessorMs: 1_000 },
  holding: { clients: 2_000, held: 2_000, halfMs: 900, allMs: 5_001, processorMs: 800 },
  pages: [{ path: '/members', worstMs: 12, processorMs: 7, octets: 1_234 }],
  consolePages: [{ path: '/slow', worstMs: 301, processorMs: 290, octets: 5 }],
};

describe('the report of the ladder', () => {
  it('holds each rung against the one above it, of the same size and keys', () => {
    expect(rungs.map((rung) => ratioOf(rung, rungs))).toEqual([undefined, 0.5, 0.5, 0.475, 0.25, undefined]);
  });

  it('names the machine, the date and every rung', () => {
    const report = writeReport({ rungs, log, registry }, new Date('2026-11-23T10:00:00Z'), true);
    expect(report).toContain('2026-11-23');
    expect(report).toContain(process.version);
    expect(report).toContain('| waygate | 1 KB | P-256 | 500 | 0.25 | 1.0 | 2.0 | 3.0 | 100 MB |');
    expect(report).toContain('| waygate | 10 MB | RSA-2048 | 5.0 |  |');
  });

  it('tells what evidence adds to a record, and to the records of an exchange', () => {
    const report = writeReport({ rungs, log, registry }, new Date('2026-11-23T10:00:00Z'), true);
    expect(report).toContain('| sealed, as leaves of the tree | 5000 | 0.40 |');
    expect(report).toContain('take 0.050 ms a record');
    const exchangeMs = (cpus().length * 1000) / 500;
    const share = (ms: number) => ((100 * 4 * ms) / exchangeMs).toFixed(1);
    expect(report).toContain(`sealing and tree ${share(0.05)} %`);
    expect(report).toContain(`over searchable rows ${share(0.1)} %`);
  });

  it('tells how a large registry does', () => {
    const report = writeReport({ rungs, log, registry }, new Date('2026-11-23T10:00:00Z'), true);
    expect(report).toContain('| /members | 12 | 7 | 1,234 |');
    expect(report).toContain('10,000 members');
  });

  it('marks what is over its budget', () => {
    expect(writeRegistry(registry)).toContain('| /slow | 301 **over 300** | 290 | 5 |');
    expect(writeRegistry(registry)).toContain('all after 5001 ms **over 5000**');
    expect(writeRegistry(registry)).not.toContain('over 2,000');
    expect(writeRegistry({ ...registry, publicationMs: 2_001 })).toContain('2001 ms **over 2,000**');
  });
});
