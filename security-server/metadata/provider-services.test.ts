import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GlobalConfiguration } from '../../gateway/configuration/index.ts';
import { parseEncodedClient, parseEncodedServer } from '../../gateway/identifier/index.ts';
import type { RestRequest } from '../../gateway/message/index.ts';
import { baseEndpoint, SettingsStore, serviceIdOf } from '../settings/index.ts';
import { createProviderServices, listClients } from './index.ts';

const provider = parseEncodedClient('DEV:GOV:1:population');
const caller = parseEncodedClient('DEV:MUN:2:permits');
const configuration = {} as GlobalConfiguration;
const items = [
  { method: 'GET', path: '/items' },
  { method: 'GET', path: '/items/*' },
];

describe('REST services that every provider has', () => {
  let dir: string;
  let store: SettingsStore;
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'waygate-metadata-'));
    const path = join(dir, 'settings.sqlite');
    await SettingsStore.create(path, parseEncodedServer('DEV:GOV:1:ss1'));
    store = await SettingsStore.open(path);
    await store.putClient({ id: provider, status: 'registered', connectionType: 'NOSSL', certificates: [] });
    const own = { provider, url: 'http://127.0.0.1:1', timeoutMs: 1, verifyTls: true, certificates: [] };
    await store.acceptOpenApi(
      { ...own, serviceCode: 'api', kind: 'OPENAPI', endpoints: [] },
      {
        ...{ provider, serviceCode: 'api', certificates: [], acceptedAt: new Date(0), digest: 'd' },
        ...{ openapi: '3.1.0', title: 'T', version: '1', contentType: 'text/x-openapi', endpoints: items },
      },
      Buffer.from('the published one'),
    );
    await store.putService({ ...own, serviceCode: 'soap', kind: 'WSDL', endpoints: [] });
    await store.putService({ ...own, serviceCode: 'whole', kind: 'REST', endpoints: items });
    await store.putService({ ...own, serviceCode: 'closed', kind: 'REST', endpoints: [] });
    await store.setRights(provider, 'api', caller, items.slice(1));
    await store.setRights(provider, 'soap', caller, [baseEndpoint]);
    await store.setRights(provider, 'whole', caller, [baseEndpoint]);
  });
  afterAll(async () => {
    store.close();
    rmSync(dir, { recursive: true });
  });

  async function ask(code: string, query?: string, change: Partial<RestRequest> = {}, at = new Date(0)) {
    const request = {
      verb: 'GET',
      service: serviceIdOf(provider, code),
      client: caller,
      path: `/r1/DEV/GOV/1/population/${code}`,
      query,
      headers: [],
      ...change,
    } as unknown as RestRequest;
    const answer = await createProviderServices({
      settings: () => store.current(),
      publishedOpenApi: (owner, serviceCode) => store.publishedOpenApi(owner, serviceCode),
    })(request, store.current(), configuration, at);
    if (answer === undefined) return undefined;
    const chunks: Uint8Array[] = [];
    for await (const chunk of answer.body ?? []) chunks.push(chunk);
    return { ...answer, text: Buffer.concat(chunks).toString() };
  }
  const listed = async (code: string, at?: Date) =>
    JSON.parse((await ask(code, undefined, {}, at))?.text ?? '').service.map(
      (one: Record<string, unknown>) => [one['service_code'], one['service_type'], one['endpoint_list']],
    );

  it('list every REST service, or what of them the caller may call', async () => {
    expect(await listed('listMethods')).toEqual([
      ['api', 'OPENAPI', items],
      ['closed', 'REST', []],
      ['whole', 'REST', items],
    ]);
    expect(await listed('allowedMethods')).toEqual([
      ['api', 'OPENAPI', items.slice(1)],
      ['whole', 'REST', items],
    ]);
  });

  it('list what the caller may call at that instant, and not what it might before or later', async () => {
    const hour = { validFrom: new Date(1000), validUntil: new Date(2000) };
    await store.setRights(provider, 'api', caller, [{ method: 'GET', path: '/items/*', ...hour }]);
    const codesAt = async (at: number) =>
      (await listed('allowedMethods', new Date(at))).map(([code]: [string]) => code);
    expect(await codesAt(999)).toEqual(['whole']);
    expect(await codesAt(1000)).toEqual(['api', 'whole']);
    expect(await codesAt(2000)).toEqual(['whole']);
    await store.setRights(provider, 'api', caller, items.slice(1));
  });

  it('send the headers of the question back, without those of one hop and without its type', async () => {
    const headers = [
      ['Accept-Encoding', 'gzip'],
      ['Content-Type', 'text/x'],
      ['X-Mine', '1'],
      ['Host', 'h'],
    ] as const;
    expect((await ask('listMethods', undefined, { headers }))?.headers).toEqual([
      ['Accept-Encoding', 'gzip'],
      ['X-Mine', '1'],
      ['content-type', 'application/json'],
    ]);
  });

  it('hand out the description that was accepted last, by the type of its source', async () => {
    for (const query of ['serviceCode=api', 'SERVICECODE=api', 'serviceCode=none&servicecode=api']) {
      const answer = await ask('getOpenAPI', query);
      expect(answer?.headers).toEqual([['content-type', 'text/x-openapi']]);
      expect(answer?.text).toBe('the published one');
    }
  });

  it.each([
    [undefined, 'InvalidRequest'],
    ['serviceCode=', 'InvalidRequest'],
    ['serviceCode=none', 'InternalError'],
    ['serviceCode=whole', 'InternalError'],
    ['serviceCode=soap', 'InternalError'],
  ])('refuse to describe %s', async (query, code) => {
    await expect(ask('getOpenAPI', query)).rejects.toMatchObject({ code });
  });

  it('leave other verbs and other services alone', async () => {
    expect(await ask('listMethods', undefined, { verb: 'POST' })).toBeUndefined();
    expect(await ask('whole')).toBeUndefined();
  });
});

describe('the list of clients', () => {
  const member = { kind: 'MEMBER', instance: 'DEV', memberClass: 'GOV', memberCode: '1' } as const;
  const shared = (instance: string) =>
    instance === 'DEV'
      ? { members: [{ id: member, name: 'A & <B>', subsystems: [{ subsystemCode: 's' }] }] }
      : undefined;
  const known = { instance: 'DEV', shared } as unknown as GlobalConfiguration;

  it.each([
    [undefined, 'text/xml; charset=UTF-8'],
    ['*/*', 'text/xml; charset=UTF-8'],
    ['application/json-patch+json', 'text/xml; charset=UTF-8'],
    ['text/xml;q=1.0, Application/JSON;q=0.1', 'application/json; charset=utf-8'],
  ])('for Accept %s is %s', (accept, type) => {
    expect(listClients(known, undefined, accept).contentType).toBe(type);
  });

  it('is of the own instance where none is named, and of nobody for one unknown', () => {
    const count = (instance: string | undefined) =>
      JSON.parse(listClients(known, instance, 'application/json').body).member.length;
    expect([undefined, '', ' ', 'DEV', 'EE'].map(count)).toEqual([2, 2, 2, 2, 0]);
    expect(listClients(known, undefined, undefined).body).toContain(
      '<xroad:name>A &amp; &lt;B&gt;</xroad:name>',
    );
  });
});
