import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePorts } from '../../gateway/http/testing/free-ports.ts';
import {
  adminClient,
  loadOrMakeSecrets,
  portCount,
  startInfrastructure,
  startPilot,
} from '../../pilot/index.ts';
import { type RunningServer, startServer } from '../../security-server/index.ts';
import { type RunningRegistry, startRegistry } from '../index.ts';

const code = 'registry-history-forked';

interface Shown {
  readonly trouble?: { readonly code: string; readonly checkpoint?: string };
  readonly conflict?: { readonly code: string };
  readonly comparisons: Readonly<Record<string, number>>;
}

describe('a registry shows two security servers different histories; the answer is that they find it by themselves', () => {
  let data: string;
  const closers: (() => Promise<void>)[] = [];
  const told: string[] = [];
  let ministry: RunningServer;
  let city: RunningServer;
  let twin: RunningRegistry;
  let registry: ReturnType<typeof adminClient>;

  beforeAll(async () => {
    data = mkdtempSync(join(tmpdir(), 'waygate-split-view-'));
    const portBase = await freePorts(portCount);
    const options = {
      ...{ data, portBase, onStep: () => undefined },
      onTrouble: (component: string, about: string) => told.push(`${component}: ${about}`),
    };
    const network = await startPilot(options);
    const { ports } = network;
    const { apiKey, adminUrl } = network.registry;
    await network.close();
    // The same registry twice, with its keys and its past: what it does from here on it does to one of them.
    cpSync(join(data, 'registry'), join(data, 'twin'), { recursive: true });
    const infrastructure = await startInfrastructure(options);
    closers.push(() => infrastructure.close());
    registry = adminClient(adminUrl, apiKey);
    const secrets = await loadOrMakeSecrets(data);
    twin = await startRegistry({
      ...{ data: join(data, 'twin'), pin: secrets.registry, configurationHost: '127.0.0.1' },
      ...{ configurationPort: 0, adminHost: '127.0.0.1', adminPort: 0 },
      report: (error) => told.push(`twin: ${String(error)}`),
    });
    closers.push(() => twin.close());
    writeFileSync(join(data, 'city', 'configuration-anchor.xml'), (await twin.anchor('internal')).xml);
    const start = async (key: 'ministry' | 'city', peerHost: string) => {
      const server = await startServer({
        ...{ data: join(data, key), pin: secrets[key], clientHost: '127.0.0.1', adminHost: '127.0.0.1' },
        ...{ clientPort: 0, clientTlsPort: 0, adminPort: 0, peerHost, peerPort: ports.peers },
        ...{ instancePeerPort: ports.peers, timestampUrls: [], acceptableTimestampFailureMs: 14_400_000 },
        ...{ configurationPollMs: 500, allowedFederations: 'none', maxBodyBytes: 1024 ** 2 },
        ...{ compareCheckpointsEveryMs: 300, onExchange: () => undefined },
        onTrouble: (about) => told.push(`${key}: ${about}`),
      });
      closers.push(() => server.close());
      return server;
    };
    ministry = await start('ministry', '127.0.0.1');
    city = await start('city', '127.0.0.2');
  }, 180_000);
  afterAll(async () => {
    for (const close of closers.reverse()) await close();
    rmSync(data, { recursive: true });
  }, 60_000);

  const shown = async ({ adminUrl, apiKey }: RunningServer) =>
    (await adminClient(adminUrl, apiKey).get('/registry-history')) as Shown;
  const classes = (server: RunningServer) =>
    server
      .configuration()
      .shared('PILOT')
      ?.memberClasses.map(({ description }) => description);

  it('while both are shown one, they find that it is one, and nothing is wrong', async () => {
    for (const server of [ministry, city]) {
      await expect
        .poll(async () => (await shown(server)).comparisons['same'], { timeout: 30_000 })
        .toBeGreaterThan(0);
      expect((await shown(server)).trouble).toBeUndefined();
    }
  }, 60_000);

  it('both notice that they are shown two, without anybody asking, and go on saying so', async () => {
    await registry.put('/member-classes/GOV', { description: 'for the ministry' });
    await adminClient(twin.adminUrl, twin.apiKey).put('/member-classes/GOV', {
      description: 'for the city',
    });
    await expect.poll(() => classes(ministry), { timeout: 30_000 }).toContain('for the ministry');
    await expect.poll(() => classes(city), { timeout: 30_000 }).toContain('for the city');
    for (const server of [ministry, city]) {
      await expect
        .poll(async () => (await shown(server)).trouble, { timeout: 30_000 })
        .toMatchObject({ code, checkpoint: expect.stringContaining('PILOT/registry/history') });
    }
    // Each is shown a good configuration again: what was found does not pass with it.
    await registry.put('/member-classes/GOV', { description: 'and on' });
    await expect.poll(() => classes(ministry), { timeout: 30_000 }).toContain('and on');
    expect(await shown(ministry)).toMatchObject({ trouble: { code }, conflict: { code } });
    const health = await ministry.health();
    expect(health.checks).toContainEqual({
      ...{ name: 'registry-history', isGood: false },
      detail: expect.stringContaining('different servers different things'),
    });
    expect(health.isReady).toBe(true);
    expect(told.filter((line) => line === 'ministry: registry history')).toHaveLength(1);
  }, 120_000);

  it('`waygate config history` says so, with exit status 1', async () => {
    const tsx = join(import.meta.dirname, '../../node_modules/tsx/dist/cli.mjs');
    const command = join(import.meta.dirname, '../../bin/waygate.ts');
    const { adminUrl, apiKey } = ministry;
    const ran = promisify(execFile)(
      process.execPath,
      [tsx, command, 'config', 'history', '--server', adminUrl],
      { env: { ...process.env, WAYGATE_API_KEY: apiKey } },
    );
    await expect(ran).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining(code) });
  }, 60_000);
});
