import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseEncodedClient } from '../../gateway/identifier/index.ts';
import { baseEndpoint } from '../settings/index.ts';
import { type SettingsApi, startSettingsApi } from './testing/settings-api.ts';

const provider = parseEncodedClient('DEV:GOV:1:population');
const rights = '/clients/DEV%3AGOV%3A1%3Apopulation/services/register/access-rights';
const caller = 'SUBSYSTEM:DEV:MUN:2:permits';
const get = (path: string) => ({ method: 'GET', path });

describe('access rights of a service', () => {
  let api: SettingsApi;
  beforeEach(async () => {
    api = await startSettingsApi();
    const own = {
      provider,
      url: 'http://h/',
      timeoutMs: 1,
      verifyTls: true,
      certificates: [],
      endpoints: [],
    };
    await api.store.putClient({
      id: provider,
      status: 'registered',
      connectionType: 'NOSSL',
      certificates: [],
    });
    await api.store.putService({ ...own, serviceCode: 'register', kind: 'REST' });
    await api.store.putService({ ...own, serviceCode: 'soap', kind: 'WSDL' });
  });
  afterEach(() => api.stop());

  it('may be given until an instant, and are listed as ended from then on', async () => {
    api.setNow('2026-03-01T08:00:00Z');
    const holds = { validFrom: '2026-03-01T09:00:00+01:00', validUntil: '2026-03-02T08:00:00Z' };
    expect((await api.ask('POST', rights, [{ subject: caller, ...get('/x'), ...holds }])).status).toBe(204);
    const listed = async (at: string) => {
      api.setNow(at);
      return (await api.ask('GET', rights)).answer;
    };
    const shown = {
      ...get('/x'),
      validFrom: '2026-03-01T08:00:00.000Z',
      validUntil: '2026-03-02T08:00:00.000Z',
    };
    const withState = (state: string) => [{ subject: caller, endpoints: [{ ...shown, state }] }];
    expect(await listed('2026-03-01T07:59:59.999Z')).toEqual(withState('to-begin'));
    expect(await listed('2026-03-01T08:00:00Z')).toEqual(withState('in-force'));
    expect(await listed('2026-03-02T07:59:59.999Z')).toEqual(withState('in-force'));
    expect(await listed('2026-03-02T08:00:00Z')).toEqual(withState('ended'));
    // What was read may be written again.
    expect((await api.ask('PUT', rights, await listed('2026-03-02T08:00:00Z'))).status).toBe(204);
    expect(await listed('2026-03-02T08:00:00Z')).toEqual(withState('ended'));
  });

  it('are given and taken one at a time', async () => {
    const both = [get('/x'), get('/y')].map((one) => ({ subject: caller, ...one }));
    await api.ask('POST', rights, both);
    const take = `${rights}?${new URLSearchParams(both[0])}`;
    expect((await api.ask('DELETE', take)).status).toBe(204);
    expect((await api.ask('GET', rights)).answer).toMatchObject([
      { subject: caller, endpoints: [get('/y')] },
    ]);
    expect(await api.ask('DELETE', take)).toMatchObject({ status: 404, code: 'unknown-right' });
  });

  it('are set for several subjects whole, or not at all', async () => {
    const other = 'GLOBALGROUP:DEV:cities';
    await api.ask('PUT', rights, [
      { subject: caller, endpoints: [get('/x')] },
      { subject: other, endpoints: [baseEndpoint] },
    ]);
    const before = api.store.current().content;
    const half = [
      { subject: other, endpoints: [] },
      { subject: 'GLOBALGROUP:none', endpoints: [get('/x')] },
    ];
    expect(await api.ask('PUT', rights, half)).toMatchObject({ status: 422, code: 'invalid-identifier' });
    expect(api.store.current().content).toBe(before);
    await api.ask('PUT', rights, [{ subject: other, endpoints: [] }]);
    expect((await api.ask('GET', rights)).answer).toMatchObject([{ subject: caller }]);
  });

  it.each([
    ['that end before they begin', { validFrom: '2026-03-02T00:00:00Z', validUntil: '2026-03-01T00:00:00Z' }],
    [
      'that end as they begin',
      { validFrom: '2026-03-01T01:00:00+01:00', validUntil: '2026-03-01T00:00:00Z' },
    ],
    ['until a day without a time', { validUntil: '2026-03-01' }],
    ['until a time without a zone', { validUntil: '2026-03-01T00:00:00' }],
    ['until a day that is none', { validUntil: '2026-02-30T00:00:00Z' }],
  ])('are refused %s', async (_what, holds) => {
    const one = { ...get('/x'), ...holds };
    const put = [{ subject: caller, endpoints: [one] }];
    expect(await api.ask('POST', rights, [{ subject: caller, ...one }])).toMatchObject({
      status: 422,
      code: 'invalid-fields',
    });
    expect(await api.ask('PUT', rights, put)).toMatchObject({ status: 422, code: 'invalid-fields' });
    expect(api.store.current().content.rights).toEqual([]);
  });

  it('are refused on less than the whole of a SOAP service, and on a service that is not there', async () => {
    const narrow = [{ subject: caller, ...get('/x') }];
    const soap = await api.ask('POST', rights.replace('register', 'soap'), narrow);
    expect(soap).toMatchObject({ status: 422, code: 'whole-service-only' });
    const none = await api.ask('POST', rights.replace('register', 'none'), narrow);
    expect(none).toMatchObject({ status: 404, code: 'unknown-service' });
  });
});
