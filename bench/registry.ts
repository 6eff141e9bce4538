import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { request } from 'undici';
import { initRegistry, type RunningRegistry, startRegistry } from '../central-registry/index.ts';
import { addMember, addSubsystem, putMemberClass, Register } from '../central-registry/register/index.ts';
import { sendToAdmin } from '../gateway/http/index.ts';

/** How a registry of the size of a country does. Milliseconds; the worst of several. */
export interface RegistryFigures {
  readonly members: number;
  readonly subsystems: number;
  readonly startMs: number;
  /** From a change that is answered to a signed directory that has it, in every version. */
  readonly publicationMs: number;
  readonly pages: readonly { readonly path: string; readonly worstMs: number; readonly octets: number }[];
}

const members = 10_000;
const subsystemsEach = 5;
const rounds = 5;
const instance = 'BENCH';
const pin = 'Bench-Registry-1';
const paths = [
  '/members?limit=100',
  '/members?limit=100&q=9999',
  '/subsystems?limit=100',
  '/subsystems?limit=100&q=system-4',
  '/management-requests',
  '/publication',
] as const;

/** Founds a registry in a folder, fills it, runs it and measures it. */
export async function measureRegistry(dir: string): Promise<RegistryFigures> {
  const data = join(dir, 'registry');
  await initRegistry({ data, instance, address: '127.0.0.1', pin });
  await fill(data);
  const begun = performance.now();
  const registry = await startRegistry({
    ...{
      data,
      pin,
      configurationHost: '127.0.0.1',
      configurationPort: 0,
      adminHost: '127.0.0.1',
      adminPort: 0,
    },
    report: (error) => process.stderr.write(`registry: ${String(error)}\n`),
  });
  try {
    const startMs = performance.now() - begun;
    const publicationMs = await worst((round) => publishChange(registry, round));
    const pages = [];
    for (const path of paths) {
      let octets = 0;
      const worstMs = await worst(async () => {
        octets = (await ask(registry, 'GET', path)).length;
      });
      pages.push({ path, worstMs, octets });
    }
    return { members, subsystems: members * subsystemsEach, startMs, publicationMs, pages };
  } finally {
    await registry.close();
  }
}

async function fill(data: string): Promise<void> {
  const register = await Register.open(join(data, 'register.sqlite'));
  try {
    await register.change({ by: 'system' }, async (book) => {
      await putMemberClass(book, { code: 'GOV', description: 'Administrations' });
      for (let number = 0; number < members; number += 1) {
        const id = {
          kind: 'MEMBER',
          instance,
          memberClass: 'GOV',
          memberCode: String(10_000 + number),
        } as const;
        await addMember(book, { id, name: `Administration number ${number}` });
        for (let at = 0; at < subsystemsEach; at += 1) {
          const subsystem = { ...id, kind: 'SUBSYSTEM', subsystemCode: `system-${at}` } as const;
          await addSubsystem(book, { id: subsystem, name: `System ${at} of ${number}` });
        }
      }
    });
  } finally {
    register.close();
  }
}

async function publishChange(registry: RunningRegistry, round: number): Promise<void> {
  const directory = async () => (await request(`${registry.configurationUrl}/V6/internalconf`)).body.text();
  const before = await directory();
  await ask(registry, 'PUT', `/members/${instance}:GOV:10000`, { name: `Renamed ${round}` });
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

async function worst(act: (round: number) => Promise<unknown>): Promise<number> {
  let worstMs = 0;
  for (let round = 0; round < rounds; round += 1) {
    const begun = performance.now();
    await act(round);
    worstMs = Math.max(worstMs, performance.now() - begun);
  }
  return worstMs;
}
