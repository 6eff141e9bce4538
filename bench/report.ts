import { arch, cpus, totalmem } from 'node:os';
import type { HoldingFigures } from './holding.ts';
import type { LoadResult } from './load.ts';
import type { LogCost } from './log-cost.ts';
import type { PageFigures, RegistryFigures } from './registry.ts';

export type RungName = 'direct' | 'proxy' | 'mtls' | 'waygate';

export interface Rung extends LoadResult {
  readonly name: RungName;
  readonly bodyBytes: number;
  /** Kind of keys, or `none`. */
  readonly keys: 'none' | 'P-256' | 'RSA-2048';
  /** Largest of the rung's processes, service and load generator apart; null where the system does not tell. */
  readonly peakRssBytes: number | null;
}

const above: Readonly<Record<RungName, RungName | undefined>> = {
  direct: undefined,
  proxy: 'direct',
  mtls: 'proxy',
  waygate: 'mtls',
};

/** Requests per second of a rung as a share of the one above it. */
export function ratioOf(rung: Rung, rungs: readonly Rung[]): number | undefined {
  const other = rungs.find(
    ({ name, bodyBytes, keys }) =>
      name === above[rung.name] && bodyBytes === rung.bodyBytes && (keys === rung.keys || keys === 'none'),
  );
  return other === undefined || other.requestsPerSecond === 0
    ? undefined
    : rung.requestsPerSecond / other.requestsPerSecond;
}

export interface Measured {
  readonly rungs: readonly Rung[];
  readonly log: LogCost;
  readonly registry: RegistryFigures;
}

/** The ladder as Markdown, with the machine it stood on. */
export function writeReport({ rungs, log, registry }: Measured, at: Date, quick: boolean): string {
  const [cpu] = cpus();
  const lines = rungs.map((rung) => {
    const ratio = ratioOf(rung, rungs);
    const cells = [
      rung.name,
      sizeOf(rung.bodyBytes),
      rung.keys,
      rung.requestsPerSecond.toFixed(rung.requestsPerSecond < 100 ? 1 : 0),
      ratio === undefined ? '' : ratio.toFixed(2),
      ...[rung.p50Ms, rung.p95Ms, rung.p99Ms].map((value) => value.toFixed(1)),
      rung.peakRssBytes === null ? '' : `${Math.round(rung.peakRssBytes / 1024 ** 2)} MB`,
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return `# Results

${at.toISOString().slice(0, 10)}, Node ${process.version}, ${cpus().length} × ${cpu?.model.trim() ?? 'unknown'} (${arch()}), ${Math.round(totalmem() / 1024 ** 3)} GB${quick ? ', quick run' : ''}. One run, load generator and service on the same cores as everything else; compare ratios, not machines. Written by \`npm run bench -- --save\`.

| Rung | Body | Keys | Requests/s | To the rung above | p50 ms | p95 ms | p99 ms | Peak memory |
|---|---|---|---|---|---|---|---|---|
${lines.join('\n')}

*direct*: the service alone. *proxy*: two plain hops, of nginx where it is installed, else of Node. *mtls*: two hops of Node with TLS 1.3 and client certificates between them. *waygate*: two security servers as processes of their own, with every message signed, verified, and logged durably on both sides. Peak memory is that of the largest process of the rung.

${writeLogCost(log, rungs)}
${writeRegistry(registry)}`;
}

/** What evidence adds to logging, and to an exchange: each of the two servers records its request and its response. */
function writeLogCost(log: LogCost, rungs: readonly Rung[]): string {
  const { plainPerSecond, searchablePerSecond, evidencedPerSecond, evidenceMs } = log;
  const addedMs = 1000 / evidencedPerSecond - 1000 / searchablePerSecond;
  const toPlain = (perSecond: number) => (perSecond / plainPerSecond).toFixed(2);
  const exchanges = rungs.filter(({ name, bodyBytes }) => name === 'waygate' && bodyBytes === 1024);
  const shares = exchanges.map(({ keys, requestsPerSecond }) => {
    // Under full load, an exchange takes all that the cores do in its time.
    const exchangeMs = (cpus().length * 1000) / requestsPerSecond;
    const share = (ms: number) => ((100 * recordsPerExchange * ms) / exchangeMs).toFixed(1);
    return `- with ${keys} keys: sealing and tree ${share(evidenceMs)} %, the evidenced log over searchable rows ${share(addedMs)} %`;
  });
  return `## The message log alone

| Records of 1 KB | Per second | To plain rows |
|---|---|---|
| as plain rows, found by time and message id | ${plainPerSecond} | 1.00 |
| as plain rows, found by all that the log is searched by | ${searchablePerSecond} | ${toPlain(searchablePerSecond)} |
| sealed, as leaves of the tree | ${evidencedPerSecond} | ${toPlain(evidencedPerSecond)} |

Sealing and the tree by themselves take ${evidenceMs.toFixed(3)} ms a record; with tables of their own for contents, bodies, certificates and counts, the evidenced log takes ${addedMs.toFixed(3)} ms more than searchable rows. An exchange is four records, in two servers.${shares.length === 0 ? '' : ` Of the processor time of an exchange of 1 KB at the rate of the *waygate* rung:\n\n${shares.join('\n')}`}
`;
}

/** What a page and a publication may take. Milliseconds. */
const budgets = { page: 300, publication: 2_000, inForce: 5_000 };

/** A registry of the size of a country. @param run when it was measured by itself, and beside what */
export function writeRegistry(
  figures: RegistryFigures,
  run?: { readonly at: Date; readonly beside: string },
): string {
  const { members, subsystems, servers, startMs, publicationMs, publicationProcessorMs } = figures;
  const count = (value: number) => value.toLocaleString('en');
  const over = (ms: number, budget: number) => (ms > budget ? ` **over ${count(budget)}**` : '');
  const rows = (pages: readonly PageFigures[]) =>
    pages
      .map(({ path, worstMs, processorMs, octets }) => {
        const waited = `${worstMs.toFixed(0)}${over(worstMs, budgets.page)}`;
        return `| ${path} | ${waited} | ${processorMs.toFixed(0)} | ${count(octets)} |`;
      })
      .join('\n');
  const published = `${publicationMs.toFixed(0)} ms${over(publicationMs, budgets.publication)}`;
  return `## A registry of ${count(members)} members, ${count(subsystems)} subsystems and ${count(servers)} servers

${run === undefined ? '' : `${run.at.toISOString().slice(0, 10)}, measured by itself${run.beside === '' ? '' : `, beside ${run.beside}`}. `}Ready after ${startMs.toFixed(0)} ms. A change is published, signed in all versions of the configuration, after ${published} (the processor works for ${publicationProcessorMs.toFixed(0)} ms). ${writeHolding(figures.holding)} Budgets: ${count(budgets.page)} ms a page, ${count(budgets.publication)} ms a publication. The slowest of five answers, and what the processor did for the cheapest of them, asker included; of the administration API:

| Asked for | ms | of the processor | Octets |
|---|---|---|---|
${rows(figures.pages)}

Of the console, signed in:

| Page | ms | of the processor | Octets |
|---|---|---|---|
${rows(figures.consolePages)}
`;
}

/** Of the budget of a change to be in force everywhere. */
function writeHolding({ clients, held, halfMs, allMs, processorMs }: HoldingFigures): string {
  const over = allMs > budgets.inForce ? ` **over ${budgets.inForce}**` : '';
  return `Of ${clients} servers that wait for a change on the loopback (${held} held), half have the directory that has it after ${halfMs.toFixed(0)} ms and all after ${allMs.toFixed(0)} ms${over}, publication included; the processor works for ${processorMs.toFixed(0)} ms, for registry and servers together.`;
}

const recordsPerExchange = 4;

function sizeOf(bytes: number): string {
  return bytes >= 1024 ** 2 ? `${bytes / 1024 ** 2} MB` : `${bytes / 1024} KB`;
}
