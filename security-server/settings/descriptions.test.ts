import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { GlobalConfiguration } from '../../gateway/configuration/index.ts';
import { parseEncodedClient, parseEncodedServer } from '../../gateway/identifier/index.ts';
import { openStore } from '../../gateway/store/index.ts';
import {
  baseEndpoint,
  compareDescribed,
  type DescribedService,
  type ServiceRecord,
  type SettingsConflict,
  SettingsStore,
  type SettingsTables,
  serviceIdOf,
} from './index.ts';
import { settingsSteps } from './schema.ts';

const serverId = parseEncodedServer('DEV:GOV:1:ss1');
const provider = parseEncodedClient('DEV:GOV:1:population');
const caller = parseEncodedClient('DEV:MUN:2:permits');
const configuration = {} as GlobalConfiguration;
const rest: ServiceRecord = {
  provider,
  serviceCode: 'register',
  kind: 'REST',
  url: 'http://127.0.0.1:1/v1',
  timeoutMs: 60_000,
  verifyTls: true,
  certificates: [],
  endpoints: [],
};
const own = { timeoutMs: 5000, verifyTls: false, certificates: [] };
const described = (code: string, version?: string, url = 'http://10.0.0.1/'): DescribedService => ({
  serviceCode: code,
  url,
  ...(version !== undefined && { serviceVersion: version }),
});
const codeOf = (error: SettingsConflict) => error.code;

describe('services of a WSDL', () => {
  let dir: string;
  let path: string;
  let store: SettingsStore;

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'waygate-settings-'));
    path = join(dir, 'settings.sqlite');
    await SettingsStore.create(path, serverId);
    store = await SettingsStore.open(path);
    await store.putClient({ id: provider, status: 'registered', connectionType: 'NOSSL', certificates: [] });
  });
  afterEach(() => {
    store.close();
    rmSync(dir, { recursive: true });
  });

  const description = (id = 'd1') => ({
    provider,
    id,
    url: 'http://h/?wsdl',
    certificates: [Buffer.from('c')],
    acceptedAt: new Date(1000),
  });
  const add = (services: readonly DescribedService[], id?: string) =>
    store.addDescription(description(id), services, Buffer.from('published'));
  const refresh = (services: readonly DescribedService[], id?: string) =>
    store.refreshDescription(
      { ...description(id), acceptedAt: new Date(2000) },
      services,
      Buffer.from('again'),
    );
  const service = (code: string, version?: string) =>
    store.current().service(serviceIdOf(provider, code, version));
  const allowed = (code: string, version?: string, method = 'POST', servicePath = '') =>
    store
      .current()
      .isAllowed(
        caller,
        serviceIdOf(provider, code, version),
        method,
        servicePath,
        configuration,
        new Date(),
      );

  it('are found by code and version exactly', async () => {
    await add([described('get', 'v1'), described('get', 'v2', 'http://10.0.0.2/'), described('plain')]);
    expect(service('get', 'v2')).toMatchObject({
      kind: 'WSDL',
      url: 'http://10.0.0.2/',
      id: { serviceVersion: 'v2' },
    });
    expect(service('get')).toBeUndefined();
    expect(service('get', 'v3')).toBeUndefined();
    expect(service('plain', 'v1')).toBeUndefined();
    expect(service('plain')?.id).toEqual(serviceIdOf(provider, 'plain'));
  });

  it('are allowed to whoever has a right on the whole of them, in every version', async () => {
    await add([described('get', 'v1'), described('get', 'v2'), described('plain')]);
    await store.setRights(provider, 'get', caller, [baseEndpoint]);
    expect([allowed('get', 'v1'), allowed('get', 'v2'), allowed('plain')]).toEqual([true, true, false]);
    for (const endpoint of [
      { method: 'POST', path: '**' },
      { method: '*', path: '*' },
      { method: '*', path: '/**' },
    ]) {
      await store.setRights(provider, 'get', caller, [endpoint]);
      expect(allowed('get', 'v1')).toBe(false);
      expect(allowed('get', 'v1', '*', '**')).toBe(false);
    }
  });

  it('keep rights, settings and addresses of an administrator when the WSDL is read again', async () => {
    await add([described('stays', 'v1'), described('moves'), described('goes')]);
    for (const code of ['stays', 'moves', 'goes'])
      await store.setRights(provider, code, caller, [baseEndpoint]);
    await store.changeDescribed({ provider, ...described('stays', 'v1') }, { ...own, url: 'http://mine/' });
    await store.changeDescribed({ provider, ...described('moves') }, { ...own, url: 'http://10.0.0.1/' });
    await refresh([
      described('stays', 'v1', 'http://10.9.9.9/'),
      described('moves', undefined, 'http://10.9.9.9/'),
      described('comes'),
    ]);
    expect(service('stays', 'v1')).toMatchObject({ url: 'http://mine/', timeoutMs: 5000, verifyTls: false });
    expect(service('moves')).toMatchObject({ url: 'http://10.9.9.9/', timeoutMs: 5000 });
    expect(service('comes')).toMatchObject({ url: 'http://10.0.0.1/', timeoutMs: 60_000, verifyTls: true });
    expect(service('goes')).toBeUndefined();
    expect([allowed('stays', 'v1'), allowed('moves'), allowed('comes')]).toEqual([true, true, false]);
    expect(store.current().rightsOf(provider, 'goes')).toEqual([]);
    // A service that comes back is a new one.
    await refresh([described('goes')]);
    expect(allowed('goes')).toBe(false);
    expect(await store.publishedDescription(provider, 'd1')).toEqual(Buffer.from('again'));
    expect(await store.publishedDescription(caller, 'd1')).toBeUndefined();
  });

  it('keep the rights of a code as long as one of its versions stays', async () => {
    await add([described('get', 'v1'), described('get', 'v2')]);
    await store.setRights(provider, 'get', caller, [baseEndpoint]);
    await refresh([described('get', 'v2'), described('get', 'v3')]);
    expect([allowed('get', 'v2'), allowed('get', 'v3')]).toEqual([true, true]);
    await store.removeDescription(provider, 'd1');
    expect(store.current().content).toMatchObject({ services: [], descriptions: [], rights: [] });
  });

  it('are switched off and on together, also across a refresh', async () => {
    await add([described('a'), described('b')]);
    await store.setDescriptionNotice(provider, 'd1', 'back at nine');
    await refresh([described('a'), described('c')]);
    expect([service('a')?.disabledNotice, service('c')?.disabledNotice]).toEqual([
      'back at nine',
      'back at nine',
    ]);
    await store.setDescriptionNotice(provider, 'd1', undefined);
    expect(service('a')?.disabledNotice).toBeUndefined();
  });

  it('never take the place of a service from elsewhere, and nothing of the change remains', async () => {
    await store.putService(rest);
    await add([described('get', 'v1')]);
    const before = store.current().content;
    const fails = (change: Promise<void>) => expect(change.catch(codeOf)).resolves;
    await fails(add([described('new'), described('register')], 'd2')).toBe('service-exists');
    await fails(add([described('new'), described('register', 'v1')], 'd2')).toBe('service-exists');
    await fails(add([described('new'), described('get', 'v1')], 'd2')).toBe('service-exists');
    await fails(refresh([described('new'), described('register')])).toBe('service-exists');
    await fails(refresh([described('new')], 'd2')).toBe('unknown-description');
    await fails(store.putService({ ...rest, serviceCode: 'get' })).toBe('service-described');
    await fails(store.changeDescribed(rest, { ...own, url: 'x' })).toBe('unknown-service');
    await fails(store.changeDescribed({ ...rest, serviceCode: 'get' }, { ...own, url: 'x' })).toBe(
      'unknown-service',
    );
    await fails(store.setRights(provider, 'none', caller, [baseEndpoint])).toBe('unknown-service');
    await store.removeService(provider, 'get');
    expect(store.current().content).toEqual(before);
    await add([described('get', 'v2')], 'd2');
    expect([service('get', 'v1')?.kind, service('get', 'v2')?.kind]).toEqual(['WSDL', 'WSDL']);
  });

  it('are the same after a restart', async () => {
    await add([described('a', 'v1'), { ...described('b'), title: 'B' }]);
    const before = store.current().content;
    store.close();
    store = await SettingsStore.open(path);
    expect(store.current().content).toEqual(before);
  });

  it('come to settings of the first release, whose services and rights stay', async () => {
    const old = join(dir, 'old.sqlite');
    const first = openStore<SettingsTables>(old, settingsSteps.slice(0, 1));
    first.database.exec(`INSERT INTO server VALUES ('id', 'DEV:GOV:1:ss1');
      INSERT INTO client VALUES ('SUBSYSTEM:DEV:GOV:1:population', 'registered', 'NOSSL', '[]');
      INSERT INTO service VALUES ('SUBSYSTEM:DEV:GOV:1:population', 'register', '${JSON.stringify({ ...rest, provider: undefined })}');
      INSERT INTO accessRight VALUES ('SUBSYSTEM:DEV:GOV:1:population', 'register', 'GET', '**', 'SUBSYSTEM:DEV:MUN:2:permits');`);
    first.close();
    const opened = await SettingsStore.open(old);
    const { services, rights } = opened.current().content;
    expect([services.length, rights.length]).toEqual([1, 1]);
    expect(
      opened
        .current()
        .isAllowed(caller, serviceIdOf(provider, 'register'), 'GET', '/x', configuration, new Date()),
    ).toBe(true);
    opened.close();
  });
});

describe('what a description changes', () => {
  it('is told by code and version, whatever the order', () => {
    const before = compareDescribed(
      provider,
      'd',
      [],
      [described('a', 'v1'), described('b'), described('c')],
    );
    expect(before.added).toHaveLength(3);
    const again = compareDescribed(provider, 'd', before.services, [
      described('c', undefined, 'http://10.0.0.2/'),
      described('a', 'v2'),
      { ...described('b'), title: 'B' },
    ]);
    expect(again.added).toMatchObject([{ serviceCode: 'a', serviceVersion: 'v2' }]);
    expect(again.removed).toMatchObject([{ serviceCode: 'a', serviceVersion: 'v1' }]);
    expect(again.moved).toMatchObject([
      { before: { url: 'http://10.0.0.1/' }, after: { url: 'http://10.0.0.2/' } },
    ]);
  });
});
