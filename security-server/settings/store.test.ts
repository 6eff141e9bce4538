import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { GlobalConfiguration } from '../../gateway/configuration/index.ts';
import { parseEncodedClient, parseEncodedServer } from '../../gateway/identifier/index.ts';
import { parseSubject, type ServiceRecord, SettingsStore, serviceIdOf } from './index.ts';

const serverId = parseEncodedServer('DEV:GOV:1:ss1');
const provider = parseEncodedClient('DEV:GOV:1:population');
const caller = parseEncodedClient('DEV:MUN:2:permits');
const service: ServiceRecord = {
  provider,
  serviceCode: 'register',
  kind: 'REST',
  url: 'http://127.0.0.1:1/v1',
  timeoutMs: 60_000,
  verifyTls: true,
  certificates: [],
  endpoints: [],
};
const configuration = {
  isInGlobalGroup: (group: { groupCode: string }) => group.groupCode === 'everyone',
} as unknown as GlobalConfiguration;

describe('the settings of a server', () => {
  let dir: string;
  let path: string;
  let store: SettingsStore;

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'waygate-settings-'));
    path = join(dir, 'settings.sqlite');
    await SettingsStore.create(path, serverId);
    store = await SettingsStore.open(path);
    await store.putClient({
      id: provider,
      status: 'registered',
      connectionType: 'NOSSL',
      certificates: [Buffer.from('x')],
    });
    await store.putService(service);
  });
  afterEach(() => {
    store.close();
    rmSync(dir, { recursive: true });
  });

  const allowed = (method: string, servicePath: string) =>
    store
      .current()
      .isAllowed(caller, serviceIdOf(provider, 'register'), method, servicePath, configuration, new Date());

  it('are the same after a restart', async () => {
    await store.setRights(provider, 'register', caller, [{ method: 'GET', path: '/persons/*' }]);
    await store.putLocalGroup({ owner: provider, groupCode: 'friends', description: 'd', members: [caller] });
    const before = store.current().content;
    store.close();
    store = await SettingsStore.open(path);
    expect(store.current().content).toEqual(before);
  });

  it('are founded once', async () => {
    await expect(SettingsStore.create(path, serverId)).rejects.toThrow();
    await expect(SettingsStore.open(join(dir, 'other.sqlite'))).rejects.toThrow('init');
    expect(existsSync(join(dir, 'other.sqlite'))).toBe(false);
  });

  it('give a right to a client for an endpoint, and to no one else for nothing else', async () => {
    expect(allowed('GET', '/persons/1')).toBe(false);
    await store.setRights(provider, 'register', caller, [{ method: 'GET', path: '/persons/*' }]);
    expect(allowed('get', '/persons/1')).toBe(true);
    expect(allowed('POST', '/persons/1')).toBe(false);
    expect(allowed('GET', '/persons')).toBe(false);
    expect(allowed('GET', '/persons/1/x')).toBe(false);
    await store.setRights(provider, 'register', caller, []);
    expect(allowed('GET', '/persons/1')).toBe(false);
  });

  it('do not extend the right of a member to its subsystems', async () => {
    await store.setRights(provider, 'register', parseSubject('DEV:MUN:2'), [{ method: '*', path: '**' }]);
    expect(allowed('GET', '/x')).toBe(false);
  });

  it.each(['GLOBALGROUP:DEV:everyone', 'LOCALGROUP:friends'])(
    'give a right to the members of %s',
    async (group) => {
      await store.putLocalGroup({
        owner: provider,
        groupCode: 'friends',
        description: '',
        members: [caller],
      });
      await store.setRights(provider, 'register', parseSubject(group), [{ method: '*', path: '**' }]);
      expect(allowed('GET', '')).toBe(true);
    },
  );

  it('give nothing to the local group of that name which another client keeps', async () => {
    const other = parseEncodedClient('DEV:GOV:1:other');
    await store.putClient({ id: other, status: 'registered', connectionType: 'NOSSL', certificates: [] });
    await store.putLocalGroup({ owner: other, groupCode: 'friends', description: '', members: [caller] });
    await store.setRights(provider, 'register', parseSubject('LOCALGROUP:friends'), [
      { method: '*', path: '**' },
    ]);
    expect(allowed('GET', '')).toBe(false);
  });

  it('lose the services and rights of a client with it', async () => {
    await store.setRights(provider, 'register', caller, [{ method: '*', path: '**' }]);
    await store.removeClient(provider);
    expect(store.current().content).toMatchObject({ clients: [], services: [], rights: [] });
  });

  it('know only registered clients', async () => {
    await store.putClient({ id: caller, status: 'saved', connectionType: 'NOSSL', certificates: [] });
    expect(store.current().client(caller)).toBeUndefined();
  });

  it('have the owner as a client, with HTTPS and no certificate until told otherwise', async () => {
    const owner = parseEncodedClient('DEV:GOV:1');
    const closed = { id: owner, connectionType: 'SSLAUTH', certificateHashes: new Set() };
    expect(store.current().client(owner)).toEqual(closed);
    await store.putClient({ id: owner, status: 'disabled', connectionType: 'NOSSL', certificates: [] });
    expect(store.current().client(owner)).toEqual(closed);
    await store.putClient({ id: owner, status: 'registered', connectionType: 'NOSSL', certificates: [] });
    expect(store.current().client(owner)?.connectionType).toBe('NOSSL');
  });

  it('are those of the same server when its owner changes', async () => {
    const renamed = parseEncodedServer('DEV:MUN:2:ss1');
    await store.setServerId(renamed);
    expect(store.serverId).toEqual(renamed);
    expect(store.current().client(parseEncodedClient('DEV:MUN:2'))).toBeDefined();
    expect(store.current().client(parseEncodedClient('DEV:GOV:1'))).toBeUndefined();
    const { clients, services } = store.current().content;
    store.close();
    store = await SettingsStore.open(path);
    expect(store.current().content).toMatchObject({ serverId: renamed, clients, services });
  });
});
