import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { GlobalConfiguration, SharedParameters } from '../../gateway/configuration/index.ts';
import { equal, parseEncodedClient } from '../../gateway/identifier/index.ts';
import { baseEndpoint, parseSubject } from '../settings/index.ts';
import { type SettingsApi, startSettingsApi } from './testing/settings-api.ts';

const provider = parseEncodedClient('DEV:GOV:1:population');
const other = parseEncodedClient('DEV:GOV:1:other');
const permits = parseEncodedClient('DEV:MUN:2:permits');
const member = { kind: 'MEMBER', instance: 'DEV', memberClass: 'MUN', memberCode: '2' } as const;
const shared: Record<string, Partial<SharedParameters>> = {
  DEV: {
    members: [
      {
        ...{ id: member, memberClassDescription: '', name: 'City of Rivertown' },
        subsystems: [{ subsystemCode: 'permits', name: 'Building permits' }],
      },
    ],
    globalGroups: [{ groupCode: 'cities', description: 'All cities', members: [permits] }],
  },
  ABROAD: {
    members: [
      {
        ...{ id: { ...member, instance: 'ABROAD' }, memberClassDescription: '' },
        name: 'Far',
        subsystems: [],
      },
    ],
    globalGroups: [],
  },
};
const configuration: Partial<GlobalConfiguration> = {
  instances: ['DEV', 'ABROAD'],
  shared: (instance) => shared[instance] as SharedParameters,
  isInGlobalGroup: ({ groupCode }, client) => groupCode === 'cities' && equal(client, permits),
};

describe('subjects of rights', () => {
  let api: SettingsApi;
  beforeEach(async () => {
    api = await startSettingsApi(configuration);
    const own = { url: 'http://h/', timeoutMs: 1, verifyTls: true, certificates: [], endpoints: [] };
    for (const id of [provider, other]) {
      await api.store.putClient({ id, status: 'registered', connectionType: 'NOSSL', certificates: [] });
      await api.store.putService({
        ...own,
        provider: id,
        serviceCode: 'register',
        kind: 'REST',
        title: 'Register',
      });
      await api.store.putLocalGroup({ owner: id, groupCode: 'friends', description: 'Ours', members: [] });
    }
  });
  afterEach(() => api.stop());

  const list = async (query: string) =>
    (await api.ask('GET', `/subjects?${query}`)).answer.map(({ subject }: { subject: string }) => subject);

  it('are those that the configuration knows, and the groups that a client keeps', async () => {
    expect((await api.ask('GET', '/subjects')).answer).toEqual([
      { subject: 'GLOBALGROUP:DEV:cities', kind: 'GLOBALGROUP', name: 'All cities' },
      { subject: 'MEMBER:ABROAD:MUN:2', kind: 'MEMBER', name: 'Far' },
      { subject: 'MEMBER:DEV:MUN:2', kind: 'MEMBER', name: 'City of Rivertown' },
      {
        ...{ subject: 'SUBSYSTEM:DEV:MUN:2:permits', kind: 'SUBSYSTEM', name: 'Building permits' },
        memberName: 'City of Rivertown',
      },
    ]);
    const client = 'client=DEV%3AGOV%3A1%3Apopulation';
    expect(await list(`${client}&q=ours`)).toEqual(['LOCALGROUP:friends']);
    expect(await api.ask('GET', '/subjects?client=DEV%3AGOV%3A9')).toMatchObject({ code: 'unknown-client' });
  });

  it('are found by identifier and name, page by page', async () => {
    expect(await list('q=rivertown')).toEqual(['MEMBER:DEV:MUN:2', 'SUBSYSTEM:DEV:MUN:2:permits']);
    expect(await list('q=mun:2:PERMITS')).toEqual(['SUBSYSTEM:DEV:MUN:2:permits']);
    expect(await list('limit=1')).toEqual(['GLOBALGROUP:DEV:cities']);
  });

  const access = async (subject: string) =>
    (await api.ask('GET', `/subjects/${encodeURIComponent(subject)}/access`)).answer;

  it('may use what was given to them, and to groups that they are in, and nothing of others', async () => {
    const group = parseSubject('LOCALGROUP:friends');
    const cities = parseSubject('GLOBALGROUP:DEV:cities');
    await api.store.putLocalGroup({
      owner: provider,
      groupCode: 'friends',
      description: '',
      members: [permits],
    });
    const until = { ...baseEndpoint, validUntil: new Date(1000) };
    await api.store.setRightsOf(provider, 'register', [
      { subject: permits, grants: [{ method: 'GET', path: '/x' }] },
      { subject: group, grants: [baseEndpoint] },
      { subject: cities, grants: [until] },
      { subject: member, grants: [baseEndpoint] },
    ]);
    // A group of that name which another client keeps, and which the subsystem is not in.
    await api.store.setRights(other, 'register', group, [baseEndpoint]);
    const shown = { provider: 'DEV:GOV:1:population', serviceCode: 'register', title: 'Register' };
    const found = await access('DEV:MUN:2:permits');
    expect(found).toHaveLength(3);
    expect(found).toEqual(
      expect.arrayContaining([
        {
          ...shown,
          method: 'GET',
          path: '/x',
          state: 'in-force',
          by: 'SUBSYSTEM:DEV:MUN:2:permits',
          isSwitchedOff: false,
        },
        { ...shown, ...baseEndpoint, state: 'in-force', by: 'LOCALGROUP:friends', isSwitchedOff: false },
        {
          ...{ ...shown, ...baseEndpoint, state: 'ended', validUntil: '1970-01-01T00:00:01.000Z' },
          ...{ by: 'GLOBALGROUP:DEV:cities', isSwitchedOff: false },
        },
      ]),
    );
    expect(await access('MEMBER:DEV:MUN:2')).toMatchObject([{ by: 'MEMBER:DEV:MUN:2' }]);
    expect(await access('GLOBALGROUP:DEV:cities')).toHaveLength(1);
    expect(await access('DEV:MUN:9:nobody')).toEqual([]);
  });

  it('are looked for in each local group once, however many rights are given', async () => {
    const groups = Array.from({ length: 20 }, (_, at) => `group${at}`);
    for (const groupCode of groups) {
      await api.store.putLocalGroup({ owner: provider, groupCode, description: '', members: [permits] });
    }
    await api.store.setRightsOf(
      ...([provider, 'register'] as const),
      groups.map((code) => ({ subject: parseSubject(`LOCALGROUP:${code}`), grants: [baseEndpoint] })),
    );
    const snapshot = api.store.current();
    let looks = 0;
    const localGroups = snapshot.content.localGroups.map((group) => ({
      ...group,
      get members() {
        looks += 1;
        return group.members;
      },
    }));
    const current = vi.spyOn(api.store, 'current');
    current.mockReturnValue({ ...snapshot, content: { ...snapshot.content, localGroups } });
    expect(await access('DEV:MUN:2:permits')).toHaveLength(20);
    expect(looks).toBeLessThanOrEqual(localGroups.length);
    current.mockRestore();
  });

  it('are told where a service is switched off', async () => {
    await api.store.setRights(provider, 'register', permits, [baseEndpoint]);
    const path = '/clients/DEV%3AGOV%3A1%3Apopulation/services/register/disabled-notice';
    await api.ask('PUT', path, { notice: 'until nine' });
    expect(await access('DEV:MUN:2:permits')).toMatchObject([{ isSwitchedOff: true }]);
  });
});
