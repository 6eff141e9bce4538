/** `npm run bench`: the ladder from the service alone to an evidenced exchange, on one machine in one run. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { KeySpec } from '../certs/key/index.ts';
import { type LoadOptions, load } from './load.ts';
import { measureLogCost } from './log-cost.ts';
import { hasNginx, startNginx } from './nginx.ts';
import { type Running, start } from './processes.ts';
import { measureRegistry } from './registry.ts';
import { type Rung, ratioOf, writeRegistry, writeReport } from './report.ts';
import { makeTlsFiles } from './tls-files.ts';
import { startWaygate } from './waygate.ts';

const sizes = [
  { bodyBytes: 1024, concurrency: 32 },
  { bodyBytes: 100 * 1024, concurrency: 16 },
  { bodyBytes: 10 * 1024 * 1024, concurrency: 4 },
] as const;

const keyKinds: readonly { readonly keys: 'P-256' | 'RSA-2048'; readonly spec: KeySpec }[] = [
  { keys: 'P-256', spec: { type: 'ec', curve: 'P-256' } },
  { keys: 'RSA-2048', spec: { type: 'rsa', bits: 2048 } },
];

const usage = `Usage: npm run bench -- [--quick | --registry [--beside TEXT]] [--json] [--save]

  --quick     under five minutes
  --registry  the registry alone; with --save, its section of bench/RESULTS.md alone
  --beside    what else runs on the machine, to be said in that section
  --json      print one JSON document on standard output
  --save      write bench/RESULTS.md
`;

interface Timing {
  readonly warmUpMs: number;
  readonly measureMs: number;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      registry: { type: 'boolean', default: false },
      beside: { type: 'string', default: '' },
      json: { type: 'boolean', default: false },
      save: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    return;
  }
  const timing = values.quick
    ? { warmUpMs: 2_000, measureMs: 4_000 }
    : { warmUpMs: 5_000, measureMs: 15_000 };
  const dir = await mkdtemp(join(tmpdir(), 'waygate-bench-'));
  const started: { stop(): Promise<void> }[] = [];
  try {
    if (values.registry) {
      const registry = await measureRegistry(dir);
      const section = writeRegistry(registry, { at: new Date(), beside: values.beside });
      if (values.save) await replaceRegistry('bench/RESULTS.md', section);
      process.stdout.write(values.json ? `${JSON.stringify({ registry })}\n` : section);
      return;
    }
    const log = measureLogCost(dir);
    process.stderr.write(`log: ${log.plainPerSecond} plain rows /s, ${log.evidencedPerSecond} leaves /s\n`);
    const registry = await measureRegistry(dir);
    process.stderr.write(`registry: a change is published in ${Math.round(registry.publicationMs)} ms\n`);
    const rungs = await climb(dir, timing, started);
    if (values.save)
      await writeFile('bench/RESULTS.md', writeReport({ rungs, log, registry }, new Date(), values.quick));
    if (values.json) process.stdout.write(`${JSON.stringify({ log, registry, rungs })}\n`);
  } finally {
    for (const one of started.reverse()) await one.stop();
    await rm(dir, { recursive: true, force: true });
  }
}

/** The section of the registry is the last of the file. */
async function replaceRegistry(file: string, section: string): Promise<void> {
  const text = await readFile(file, 'utf8');
  const [before = ''] = text.split(/^## A registry of /m);
  await writeFile(file, `${before.trimEnd()}\n\n${section}`);
}

async function climb(dir: string, timing: Timing, started: { stop(): Promise<void> }[]): Promise<Rung[]> {
  const rungs: Rung[] = [];
  const keep = (running: Running) => {
    started.push(running);
    return running;
  };
  const urlOf = (running: Running, scheme = 'http') => `${scheme}://127.0.0.1:${running.ready['port']}`;
  const measure = async (
    rung: Pick<Rung, 'name' | 'keys'>,
    url: string,
    processes: readonly Running[],
    headers: LoadOptions['headers'] = {},
  ) => {
    for (const { bodyBytes, concurrency } of sizes) {
      const result = await load({ url: `${url}/${bodyBytes}`, headers, concurrency, bodyBytes, ...timing });
      const peaks = processes.flatMap((one) => one.peakRssBytes() ?? []);
      const entry: Rung = {
        ...rung,
        bodyBytes,
        ...result,
        peakRssBytes: peaks.length === 0 ? null : Math.max(...peaks),
      };
      rungs.push(entry);
      show(entry, rungs);
    }
  };

  const service = keep(await start('service', './service.js'));
  await measure({ name: 'direct', keys: 'none' }, urlOf(service), []);

  const proxy = async (options: object) =>
    keep(await start('proxy', './proxy.js', [JSON.stringify(options)]));
  if (hasNginx()) {
    const nginx = keep(await startNginx(dir, new URL(urlOf(service)).host));
    await measure({ name: 'proxy', keys: 'none' }, urlOf(nginx), [nginx]);
  } else {
    const back = await proxy({ target: urlOf(service) });
    const front = await proxy({ target: urlOf(back) });
    await measure({ name: 'proxy', keys: 'none' }, urlOf(front), [back, front]);
  }

  for (const { keys, spec } of keyKinds) {
    const files = await makeTlsFiles(dir, keys, spec);
    const back = await proxy({ target: urlOf(service), listen: files });
    const front = await proxy({ target: urlOf(back, 'https'), connect: files });
    await measure({ name: 'mtls', keys }, urlOf(front), [back, front]);
    await front.stop();
    await back.stop();
  }
  for (const [index, { keys, spec }] of keyKinds.entries()) {
    const waygate = await startWaygate(join(dir, keys), 17_300 + 20 * index, spec, urlOf(service));
    started.push(waygate);
    await measure({ name: 'waygate', keys }, waygate.url, waygate.servers, waygate.headers);
    await waygate.stop();
  }
  return rungs;
}

function show(rung: Rung, rungs: readonly Rung[]): void {
  const ratio = ratioOf(rung, rungs);
  const cells = [
    rung.name.padEnd(8),
    rung.keys.padEnd(9),
    `${rung.bodyBytes} B`.padStart(11),
    `${rung.requestsPerSecond} /s`.padStart(13),
    (ratio === undefined ? '' : `× ${ratio.toFixed(2)}`).padStart(7),
    `p50 ${rung.p50Ms} ms  p95 ${rung.p95Ms} ms  p99 ${rung.p99Ms} ms`,
  ];
  process.stderr.write(`${cells.join('  ')}\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
