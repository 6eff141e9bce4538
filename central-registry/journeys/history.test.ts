import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ConfigurationClient } from '../../security-server/configuration-client/index.ts';
import { type HistoryTrouble, HistoryWatch } from '../../security-server/registry-history/index.ts';
import { initRegistry, type RegistrySettings, type RunningRegistry, startRegistry } from '../index.ts';

const pin = 'Correct-Horse-7';

let home: string;
let founded: string;
const closers: (() => Promise<void> | void)[] = [];

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'waygate-history-journey-'));
  founded = join(home, 'founded');
  await initRegistry({ data: founded, instance: 'TEST', address: '127.0.0.1', pin });
  const first = await start('founded');
  await classed(first, 'GOV', 'Government');
  await first.close();
  closers.length = 0;
}, 60_000);
afterAll(() => rmSync(home, { recursive: true }));
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

let folders = 0;
/** Another registry with the same past, and the same keys. */
function copyOf(folder: string): string {
  const name = `copy-${++folders}`;
  cpSync(join(home, folder), join(home, name), { recursive: true });
  return name;
}

async function start(folder: string, more: Partial<RegistrySettings> = {}): Promise<RunningRegistry> {
  const registry = await startRegistry({
    ...{ data: join(home, folder), pin, configurationHost: '127.0.0.1', configurationPort: 0 },
    ...{ adminHost: '127.0.0.1', adminPort: 0 },
    report: (error) => {
      throw error;
    },
    ...more,
  });
  let isClosed = false;
  const close = async () => {
    if (isClosed) return;
    isClosed = true;
    await registry.close();
  };
  closers.push(close);
  return { ...registry, close };
}

async function classed({ adminUrl, apiKey }: RunningRegistry, code: string, description: string) {
  const answer = await fetch(`${adminUrl}/api/v1/member-classes/${code}`, {
    method: 'PUT',
    headers: {
      authorization: `Bearer ${apiKey}`,
      'content-type': 'application/json',
      'x-change-reason': encodeURIComponent('a law of this year'),
    },
    body: JSON.stringify({ description }),
  });
  expect(answer.status).toBeLessThan(300);
}

const portOf = ({ configurationUrl }: RunningRegistry) => Number(new URL(configurationUrl).port);

/** What a security server does about the configuration and its history. */
async function reader(registry: RunningRegistry) {
  const dir = mkdtempSync(join(home, 'server-'));
  const { xml } = await registry.anchor('internal');
  const told: HistoryTrouble[] = [];
  const open = () => {
    const watch = new HistoryWatch({
      file: join(dir, 'registry-history.json'),
      now: () => new Date(),
      onTrouble: (trouble) => told.push(trouble),
    });
    const client = new ConfigurationClient({
      ...{ anchorFile: xml, dir: join(dir, 'globalconf'), now: () => new Date(), random: () => 0.5 },
      ...{ pollMs: 3_600_000, allowedFederations: 'none', history: watch },
      onFailure: () => undefined,
      onChange: () => undefined,
      snapshots: { save: async () => undefined, discard: async () => undefined },
    });
    closers.push(() => client.close());
    return { watch, client };
  };
  const opened = open();
  await opened.client.start();
  return { ...opened, told, open };
}

const classesOf = (client: ConfigurationClient) =>
  client
    .current()
    .shared('TEST')
    ?.memberClasses.map(({ description }) => description);

/** Waits until the registry has published what was changed. */
async function refreshedTo(client: ConfigurationClient, description: string): Promise<void> {
  for (const end = Date.now() + 20_000; Date.now() < end; ) {
    await client.refresh();
    if (classesOf(client)?.includes(description)) return;
  }
  expect.fail(`${description} was never published`);
}

describe('a security server that keeps the checkpoint of the registry', () => {
  let registry: RunningRegistry;
  let folder: string;
  beforeEach(async () => {
    folder = copyOf('founded');
    registry = await start(folder);
  });

  it('follows what goes on from it, also over restarts of both', async () => {
    const { client, watch, told, open } = await reader(registry);
    const first = watch.state().kept?.checkpoint;
    // More than fills a tile, so that partial tiles are replaced by whole ones on the way.
    for (let count = 0; count < 270; count += 1) await classed(registry, 'GOV', `Government ${count}`);
    await refreshedTo(client, 'Government 269');
    const port = portOf(registry);
    await registry.close();
    registry = await start(folder, { configurationPort: port });
    await classed(registry, 'GOV', 'After');
    const again = open();
    await again.client.start();
    await refreshedTo(again.client, 'After');
    expect(again.watch.state().kept?.checkpoint).not.toBe(first);
    expect(await again.watch.compare(first ?? '')).toMatchObject({ verdict: 'consistent' });
    expect(told).toEqual([]);
  }, 120_000);

  it('refuses an older state, keeps the last good configuration, and goes on when the registry does', async () => {
    const older = copyOf('founded');
    const { client, watch, told } = await reader(registry);
    await classed(registry, 'GOV', 'Newer');
    await refreshedTo(client, 'Newer');
    const port = portOf(registry);
    await registry.close();
    const restored = await start(older, { configurationPort: port });
    const code = 'registry-history-rolled-back';
    await expect(client.refresh()).rejects.toMatchObject({ code });
    await expect(client.refresh()).rejects.toMatchObject({ code });
    expect(classesOf(client)).toEqual(['Newer']);
    expect(watch.state().trouble).toMatchObject({ code });
    expect(told.map((trouble) => trouble.code)).toEqual([code]);
    await restored.close();
    registry = await start(folder, { configurationPort: port });
    await client.refresh();
    expect(watch.state()).toMatchObject({ conflict: { code } });
    expect(watch.state().trouble).toBeUndefined();
  });

  it('refuses a history that was rewritten, however long it has become', async () => {
    const forked = copyOf('founded');
    const { client, watch, open } = await reader(registry);
    await classed(registry, 'GOV', 'True');
    await refreshedTo(client, 'True');
    const port = portOf(registry);
    await registry.close();
    const other = await start(forked, { configurationPort: port });
    for (const description of ['False', 'and', 'longer']) await classed(other, 'GOV', description);
    const code = 'registry-history-forked';
    await expect.poll(async () => client.refresh().catch((error: unknown) => error)).toMatchObject({ code });
    expect(classesOf(client)).toEqual(['True']);
    // A restart forgets nothing.
    const again = open();
    await again.client.start();
    expect(classesOf(again.client)).toEqual(['True']);
    expect(again.watch.state()).toMatchObject({ trouble: { code }, conflict: { code } });
    // After its operator has said why.
    await watch.forget();
    await refreshedTo(client, 'longer');
  });

  it('finds by comparing that another server is shown another history', async () => {
    const twin = await start(copyOf('founded'));
    const [here, there] = [await reader(registry), await reader(twin)];
    expect(await here.watch.compare(there.watch.state().kept?.checkpoint ?? '')).toMatchObject({
      verdict: 'same',
    });
    await classed(registry, 'GOV', 'for the one');
    await classed(twin, 'GOV', 'for the other');
    await refreshedTo(here.client, 'for the one');
    await refreshedTo(there.client, 'for the other');
    const note = there.watch.state().kept?.checkpoint ?? '';
    expect(await here.watch.compare(note)).toMatchObject({ verdict: 'forked' });
    expect(here.told).toMatchObject([{ code: 'registry-history-forked', checkpoint: note }]);
    await classed(twin, 'GOV', 'more for the other');
    await refreshedTo(there.client, 'more for the other');
    expect(await here.watch.compare(there.watch.state().kept?.checkpoint ?? '')).toMatchObject({
      verdict: 'ahead',
    });
    expect(await there.watch.compare(here.watch.state().kept?.checkpoint ?? '')).toMatchObject({
      verdict: 'forked',
    });
  });

  it('does not take what it cannot check: tiles that are gone', async () => {
    const { client, watch } = await reader(registry);
    // Whoever has it shows that its tiles were put in place, and are not again.
    const other = await reader(registry);
    await classed(registry, 'GOV', 'Newer');
    await refreshedTo(other.client, 'Newer');
    rmSync(join(home, folder, 'public', 'history', 'tile'), { recursive: true });
    const code = 'registry-history-unavailable';
    await expect(client.refresh()).rejects.toMatchObject({ code });
    expect(classesOf(client)).toEqual(['Government']);
    expect(watch.state().trouble).toMatchObject({ code });
  });
});
