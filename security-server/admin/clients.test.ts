import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SharedParameters } from '../../gateway/configuration/index.ts';
import { equal, parseEncodedClient } from '../../gateway/identifier/index.ts';
import { baseEndpoint, parseSubject } from '../settings/index.ts';
import { type SettingsApi, startSettingsApi } from './testing/settings-api.ts';

const population = 'DEV:GOV:1:population';
const permits = 'DEV:MUN:2:permits';
const provider = parseEncodedClient(population);
const caller = parseEncodedClient(permits);
const pathOf = (client: string) => `/clients/${encodeURIComponent(client)}`;
const settings = { connectionType: 'SSLAUTH', certificates: [] };

describe('clients of a server', () => {
  let api: SettingsApi;
  const shown = new Set<string>();
  beforeEach(async () => {
    shown.clear();
    const hasClient = (id: typeof provider) => [...shown].some((one) => equal(parseEncodedClient(one), id));
    const member = { kind: 'MEMBER', instance: 'DEV', memberClass: 'GOV', memberCode: '1' } as const;
    const subsystems = [{ subsystemCode: 'population', name: 'Population register' }];
    const members = [{ id: member, memberClassDescription: '', name: 'Ministry', subsystems }];
    api = await startSettingsApi({
      serverHasClient: (_server, id) => hasClient(id as typeof provider),
      shared: () => ({ members }) as unknown as SharedParameters,
    });
  });
  afterEach(() => api.stop());
  const statusOf = async (client: string) => (await api.ask('GET', pathOf(client))).answer.status;

  it('are saved when they are added, and become registered only where the registry has them so', async () => {
    expect((await api.ask('PUT', pathOf(population), settings)).status).toBe(204);
    expect(await statusOf(population)).toBe('saved');
    const registered = { ...settings, status: 'registered' };
    expect(await api.ask('PUT', pathOf(population), registered)).toMatchObject({
      ...{ status: 409, code: 'not-registered' },
    });
    shown.add(population);
    expect((await api.ask('PUT', pathOf(population), registered)).status).toBe(204);
    expect((await api.ask('GET', pathOf(population))).answer.registry).toEqual({
      ...{ isShown: true, name: 'Population register', memberName: 'Ministry' },
    });
    // What is left out stays.
    await api.ask('PUT', pathOf(population), { ...settings, connectionType: 'NOSSL' });
    expect((await api.ask('GET', pathOf(population))).answer).toMatchObject({
      ...{ status: 'registered', connectionType: 'NOSSL' },
    });
  });

  it('are of the version that was read though the registry registers them meanwhile', async () => {
    await api.ask('PUT', pathOf(population), settings);
    const { etag } = await api.ask('GET', pathOf(population));
    const versioned = { 'if-match': etag ?? '' };
    shown.add(population);
    const changed = { ...settings, connectionType: 'NOSSL' };
    expect((await api.ask('PUT', pathOf(population), changed, versioned)).status).toBe(204);
    expect(await api.ask('PUT', pathOf(population), settings, versioned)).toMatchObject({
      ...{ status: 412, code: 'changed-meanwhile' },
    });
  });

  it('keep their status for a service administrator, who may set everything else', async () => {
    shown.add(population);
    await api.ask('PUT', pathOf(population), settings);
    api.be(['service-administrator']);
    for (const status of ['registered', 'disabled']) {
      expect(await api.ask('PUT', pathOf(population), { ...settings, status })).toMatchObject({
        ...{ status: 403, code: 'forbidden' },
      });
    }
    expect((await api.ask('PUT', pathOf(population), { ...settings, status: 'saved' })).status).toBe(204);
    expect(await api.ask('PUT', pathOf(permits), { ...settings, status: 'disabled' })).toMatchObject({
      ...{ status: 403 },
    });
    expect(await statusOf(population)).toBe('saved');
  });

  it('are of several members, the owner among them, and of no other instance', async () => {
    for (const client of [population, permits]) await api.ask('PUT', pathOf(client), settings);
    const owner = await api.ask('PUT', pathOf('DEV:GOV:1'), { ...settings, status: 'registered' });
    expect(owner.status).toBe(204);
    expect((await api.ask('GET', '/clients')).answer).toHaveLength(3);
    expect(await api.ask('PUT', pathOf('ABROAD:GOV:1:x'), settings)).toMatchObject({
      code: 'other-instance',
    });
  });

  describe('that are deleted', () => {
    beforeEach(async () => {
      for (const client of [population, permits]) await api.ask('PUT', pathOf(client), settings);
      const own = { url: 'http://h/', timeoutMs: 1, verifyTls: true, certificates: [], endpoints: [] };
      for (const id of [provider, caller]) {
        await api.store.putService({ ...own, provider: id, serviceCode: 'register', kind: 'REST' });
      }
      await api.store.setRights(provider, 'register', caller, [baseEndpoint]);
      await api.store.setRights(caller, 'register', provider, [baseEndpoint]);
      const group = { groupCode: 'friends', description: '', members: [caller] };
      await api.store.putLocalGroup({ owner: provider, ...group });
    });
    const codes = (answer: { warnings: { code: string }[] }) => answer.warnings.map(({ code }) => code);

    it('tell what goes with them and what stays behind', async () => {
      expect((await api.ask('GET', `${pathOf(permits)}/orphans`)).answer).toEqual({
        ...{ services: ['register'], rightsOnThem: 1, groups: [], signingCertificates: [] },
        rightsGivenToIt: [{ provider: population, serviceCode: 'register', ...baseEndpoint }],
        placesInGroups: [{ owner: population, code: 'friends' }],
      });
    });

    it('ask back, and leave rights that others gave to them unless told', async () => {
      shown.add(permits);
      const refused = await api.ask('DELETE', pathOf(permits));
      expect(refused).toMatchObject({ status: 409, code: 'confirmation-needed' });
      expect(codes(refused.answer)).toEqual(['still-registered', 'services-lost', 'rights-stay']);
      const confirm = 'still-registered,services-lost,rights-stay';
      expect((await api.ask('DELETE', `${pathOf(permits)}?confirm=${confirm}`)).status).toBe(204);
      expect(api.store.current().content.rights).toMatchObject([{ provider, subject: caller }]);
      expect(api.store.current().content.localGroups).toMatchObject([{ members: [caller] }]);
    });

    it('take these rights and places with them when they are told to', async () => {
      const query = '?orphans=remove';
      expect(codes((await api.ask('DELETE', pathOf(permits) + query)).answer)).toEqual([
        'services-lost',
        'rights-removed',
      ]);
      const confirmed = `${query}&confirm=services-lost,rights-removed`;
      expect((await api.ask('DELETE', pathOf(permits) + confirmed)).status).toBe(204);
      expect(api.store.current().content).toMatchObject({ rights: [], localGroups: [{ members: [] }] });
    });

    it('go without a question when nothing is lost', async () => {
      await api.ask('PUT', pathOf('DEV:GOV:1:new'), settings);
      expect((await api.ask('DELETE', pathOf('DEV:GOV:1:new'))).status).toBe(204);
    });
  });

  it('keep groups, which are read, changed, and removed with the rights given to them', async () => {
    await api.ask('PUT', pathOf(population), settings);
    const groups = `${pathOf(population)}/local-groups`;
    const friends = { description: 'Cities', members: [permits, permits] };
    expect((await api.ask('PUT', `${groups}/friends`, friends)).status).toBe(204);
    const shownGroup = { code: 'friends', description: 'Cities', members: [permits] };
    expect((await api.ask('GET', groups)).answer).toEqual([shownGroup]);
    expect((await api.ask('GET', `${groups}/friends`)).answer).toEqual(shownGroup);
    expect(await api.ask('GET', `${groups}/none`)).toMatchObject({ status: 404, code: 'unknown-group' });
    const own = { url: 'http://h/', timeoutMs: 1, verifyTls: true, certificates: [], endpoints: [] };
    await api.store.putService({ ...own, provider, serviceCode: 'register', kind: 'REST' });
    await api.store.setRights(provider, 'register', parseSubject('LOCALGROUP:friends'), [baseEndpoint]);
    expect(await api.ask('DELETE', `${groups}/friends`)).toMatchObject({ code: 'confirmation-needed' });
    expect((await api.ask('DELETE', `${groups}/friends?confirm=rights-lost`)).status).toBe(204);
    expect(api.store.current().content).toMatchObject({ rights: [], localGroups: [] });
  });
});
