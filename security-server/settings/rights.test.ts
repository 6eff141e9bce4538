import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { GlobalConfiguration } from '../../gateway/configuration/index.ts';
import { parseEncodedClient, parseEncodedServer } from '../../gateway/identifier/index.ts';
import { baseEndpoint, parseSubject, SettingsStore, serviceIdOf, type Validity } from './index.ts';

const provider = parseEncodedClient('DEV:GOV:1:population');
const caller = parseEncodedClient('DEV:MUN:2:permits');
const configuration = {
  isInGlobalGroup: (group: { groupCode: string }) => group.groupCode === 'everyone',
} as unknown as GlobalConfiguration;
const own = { url: 'http://h/', timeoutMs: 1, verifyTls: true, certificates: [], endpoints: [] };
const from = new Date('2026-03-01T00:00:00.000Z');
const until = new Date('2026-03-08T00:00:00.000Z');
const nextMs = (at: Date, ms: number) => new Date(at.getTime() + ms);

describe('rights that begin and end', () => {
  let dir: string;
  let path: string;
  let store: SettingsStore;
  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'waygate-rights-'));
    path = join(dir, 'settings.sqlite');
    await SettingsStore.create(path, parseEncodedServer('DEV:GOV:1:ss1'));
    store = await SettingsStore.open(path);
    await store.putClient({ id: provider, status: 'registered', connectionType: 'NOSSL', certificates: [] });
    await store.putService({ ...own, provider, serviceCode: 'register', kind: 'REST' });
    await store.putService({ ...own, provider, serviceCode: 'soap', kind: 'WSDL' });
    await store.putLocalGroup({ owner: provider, groupCode: 'friends', description: '', members: [caller] });
  });
  afterEach(() => {
    store.close();
    rmSync(dir, { recursive: true });
  });

  const allowed = (at: Date, code = 'register') =>
    store.current().isAllowed(caller, serviceIdOf(provider, code), 'GET', '/x', configuration, at);
  const has = (at: Date) =>
    store.current().hasRight(caller, provider, 'register', baseEndpoint, configuration, at);
  const give = (subject: string, validity: Validity, code = 'register') =>
    store.giveRights(provider, code, [{ subject: parseSubject(subject), ...baseEndpoint, ...validity }]);

  it.each(['DEV:MUN:2:permits', 'GLOBALGROUP:DEV:everyone', 'LOCALGROUP:friends'])(
    'hold for %s from the first instant on and up to the last, which is outside',
    async (subject) => {
      await give(subject, { validFrom: from, validUntil: until });
      const instants = [nextMs(from, -1), from, nextMs(until, -1), until, nextMs(until, 1)];
      expect(instants.map((at) => allowed(at))).toEqual([false, true, true, false, false]);
      expect(instants.map(has)).toEqual([false, true, true, false, false]);
    },
  );

  it('hold for SOAP services as long, and no longer', async () => {
    await give('DEV:MUN:2:permits', { validUntil: until }, 'soap');
    expect([nextMs(until, -1), until].map((at) => allowed(at, 'soap'))).toEqual([true, false]);
  });

  it('end one by one: another right that still holds lets the caller in', async () => {
    await give('DEV:MUN:2:permits', { validUntil: from });
    await give('LOCALGROUP:friends', { validUntil: until });
    expect([allowed(from), allowed(until)]).toEqual([true, false]);
    await store.giveRights(provider, 'register', [{ subject: caller, method: 'GET', path: '/x' }]);
    expect(allowed(until)).toBe(true);
  });

  it('stay on record when they ended, also after a restart, until they are given anew or taken away', async () => {
    await give('DEV:MUN:2:permits', { validFrom: from, validUntil: until });
    store.close();
    store = await SettingsStore.open(path);
    expect(store.current().rightsOf(provider, 'register')).toMatchObject([
      { subject: caller, validFrom: from, validUntil: until },
    ]);
    expect(allowed(until)).toBe(false);
    await give('DEV:MUN:2:permits', {});
    expect(store.current().rightsOf(provider, 'register')).toHaveLength(1);
    expect([allowed(nextMs(from, -1)), allowed(until)]).toEqual([true, true]);
    await store.takeRights(provider, 'register', [{ subject: caller, ...baseEndpoint }]);
    expect(store.current().rightsOf(provider, 'register')).toEqual([]);
    expect(allowed(from)).toBe(false);
  });

  it('are given and taken one at a time, and leave others as they are', async () => {
    const other = parseEncodedClient('DEV:MUN:2:other');
    const one = { subject: caller, method: 'GET', path: '/x' };
    await store.giveRights(provider, 'register', [one, { ...one, path: '/y' }, { ...one, subject: other }]);
    await store.takeRights(provider, 'register', [one, { ...one, path: '/never-given' }]);
    const left = store.current().rightsOf(provider, 'register');
    expect(left.map(({ subject, endpoint }) => [subject, endpoint.path])).toEqual([
      [other, '/x'],
      [caller, '/y'],
    ]);
    const onNothing = store.giveRights(provider, 'none', [one]);
    await expect(onNothing).rejects.toMatchObject({ code: 'unknown-service' });
  });
});
