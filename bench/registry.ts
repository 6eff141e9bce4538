import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { request } from 'undici';
import { initRegistry, type RunningRegistry, startRegistry } from '../central-registry/index.ts';
import { sendToAdmin } from '../gateway/http/index.ts';
import { type HoldingFigures, measureHolding } from './holding.ts';
import { fillRegister, firstCode, type RegistrySize } from './registry-fill.ts';

/** What was asked for, and how long the slowest answer of several took. */
export interface PageFigures {
  readonly path: string;
  readonly worstMs: number;
  /** Of the processor, for registry and asker together: what is left of it when nothing else runs. */
  readonly processorMs: number;
  readonly octets: number;
}

/** How a registry of the size of a country does. Milliseconds; the worst of several. */
export interface RegistryFigures {
  readonly members: number;
  readonly subsystems: number;
  readonly servers: number;
  readonly startMs: number;
  /** From a change that is answered to a signed directory that has it, in every version. */
  readonly publicationMs: number;
  /** Of the processor, for the cheapest of several. */
  readonly publicationProcessorMs: number;
  /** A change that many servers wait for. */
  readonly holding: HoldingFigures;
  /** Of the administration API. */
  readonly pages: readonly PageFigures[];
  /** Of the console, for somebody who has signed in. */
  readonly consolePages: readonly PageFigures[];
}

const size: RegistrySize = { members: 10_000, subsystemsEach: 5, servers: 250, requests: 20_000 };
const waitingServers = 2_000;
const rounds = 5;
const instance = 'BENCH';
const pin = 'Bench-Registry-1';
const administrator = { name: 'bench', password: 'measured Again and again' };
const member = encodeURIComponent(`${instance}:GOV:${firstCode}`);
const server = encodeURIComponent(`${instance}:GOV:${firstCode}:ss1`);
const paths = [
  '/members?limit=100',
  '/members?limit=100&q=9999',
  '/subsystems?limit=100',
  '/subsystems?limit=100&q=system-4',
  `/subsystems?limit=100&member=${member}`,
  '/servers?limit=100',
  `/servers/${server}`,
  '/management-requests',
  '/publication',
  '/history?limit=100',
  '/counts',
];
const consolePaths = [
  '/',
  '/members',
  '/members?members.search=9999',
  `/members/${member}`,
  '/servers',
  `/servers/${server}`,
  '/groups',
  '/requests',
  '/invitations',
  '/member-classes',
  '/trust-services',
  '/settings',
  '/history',
  '/history/2',
];

/** Founds a registry in a folder, fills it, runs it and measures it. */
export async function measureRegistry(dir: string): Promise<RegistryFigures> {
  const data = join(dir, 'registry');
  await initRegistry({ data, instance, address: '127.0.0.1', pin, administrator });
  await fillRegister(data, instance, size);
  const begun = performance.now();
  const registry = await startRegistry({
    ...{ data, pin, configurationHost: '127.0.0.1', configurationPort: 0 },
    ...{ adminHost: '127.0.0.1', adminPort: 0 },
    report: (error) => process.stderr.write(`registry: ${String(error)}\n`),
  });
  try {
    const startMs = performance.now() - begun;
    const published = await measure((round) => publishChange(registry, round));
    const publication = { publicationMs: published.worstMs, publicationProcessorMs: published.processorMs };
    const holding = await measureHolding(registry, waitingServers, async () => {
      await ask(registry, 'PUT', `/members/${member}`, { name: 'Renamed for all' });
    });
    const pages = await measureAll(paths, (path) => ask(registry, 'GET', path));
    const cookie = await signIn(registry);
    const consolePages = await measureAll(consolePaths, (path) => look(registry, path, cookie));
    const subsystems = size.members * size.subsystemsEach;
    const { members, servers } = size;
    return { members, subsystems, servers, startMs, ...publication, holding, pages, consolePages };
  } finally {
    await registry.close();
  }
}

async function measureAll(
  wanted: readonly string[],
  get: (path: string) => Promise<string>,
): Promise<PageFigures[]> {
  const figures = [];
  for (const path of wanted) {
    let octets = 0;
    const { worstMs, processorMs } = await measure(async () => {
      octets = Buffer.byteLength(await get(path));
    });
    figures.push({ path, worstMs, processorMs, octets });
  }
  return figures;
}

async function publishChange(registry: RunningRegistry, round: number): Promise<void> {
  const directory = async () => (await request(`${registry.configurationUrl}/V6/internalconf`)).body.text();
  const before = await directory();
  await ask(registry, 'PUT', `/members/${member}`, { name: `Renamed ${round}` });
  while ((await directory()) === before) await pause(10);
}

async function ask(
  { adminUrl: url, apiKey: key }: RunningRegistry,
  method: 'GET' | 'PUT',
  path: string,
  body?: object,
): Promise<string> {
  return (await sendToAdmin({ url, key }, method, path, body)).body.text();
}

/** @returns the cookie of the session */
async function signIn({ adminUrl }: RunningRegistry): Promise<string> {
  const { statusCode, headers, body } = await request(`${adminUrl}/api/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: adminUrl },
    body: JSON.stringify(administrator),
  });
  if (statusCode !== 204) throw new Error(`signing in: ${await body.text()}`);
  return String([headers['set-cookie']].flat()[0]).split(';')[0] ?? '';
}

async function look({ adminUrl }: RunningRegistry, path: string, cookie: string): Promise<string> {
  const { statusCode, body } = await request(`${adminUrl}${path}`, { headers: { cookie } });
  if (statusCode !== 200) throw new Error(`${path}: HTTP status ${statusCode}`);
  return body.text();
}

/** @returns the longest wait, and the least that the processor did for one */
async function measure(
  act: (round: number) => Promise<unknown>,
): Promise<Pick<PageFigures, 'worstMs' | 'processorMs'>> {
  let [worstMs, processorMs] = [0, Number.POSITIVE_INFINITY];
  for (let round = 0; round < rounds; round += 1) {
    const begun = performance.now();
    const before = process.cpuUsage();
    await act(round);
    const { user, system } = process.cpuUsage(before);
    worstMs = Math.max(worstMs, performance.now() - begun);
    processorMs = Math.min(processorMs, (user + system) / 1000);
  }
  return { worstMs, processorMs };
}
