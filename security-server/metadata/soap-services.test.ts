import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GlobalConfiguration } from '../../gateway/configuration/index.ts';
import { Fault } from '../../gateway/fault/index.ts';
import { parseEncodedClient, parseEncodedServer } from '../../gateway/identifier/index.ts';
import type { SoapServiceAnswer } from '../../gateway/provider-side/index.ts';
import {
  composeEnvelope,
  parseSoapBody,
  readIdentifier,
  type SoapHeader,
  xroadNamespace,
} from '../../gateway/soap/index.ts';
import { elements, parseXml } from '../../gateway/xml/index.ts';
import { baseEndpoint, SettingsStore, serviceIdOf } from '../settings/index.ts';
import { createSoapServices } from './index.ts';

const provider = parseEncodedClient('DEV:GOV:1:population');
const other = parseEncodedClient('DEV:GOV:1:other');
const caller = parseEncodedClient('DEV:MUN:2:permits');
const configuration = {} as GlobalConfiguration;

describe('SOAP services that every provider has', () => {
  let dir: string;
  let store: SettingsStore;
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'waygate-metadata-'));
    const path = join(dir, 'settings.sqlite');
    await SettingsStore.create(path, parseEncodedServer('DEV:GOV:1:ss1'));
    store = await SettingsStore.open(path);
    for (const id of [provider, other]) {
      await store.putClient({ id, status: 'registered', connectionType: 'NOSSL', certificates: [] });
    }
    const url = 'http://10.0.0.1/';
    await store.addDescription(
      { provider, id: 'd', url, certificates: [], acceptedAt: new Date(0) },
      [
        { serviceCode: 'get', serviceVersion: 'v1', url },
        { serviceCode: 'get', serviceVersion: 'v2', url },
        { serviceCode: 'a_b', url },
      ],
      Buffer.from('<published/>'),
    );
    const own = { provider, url, timeoutMs: 1, verifyTls: true, certificates: [], endpoints: [] };
    await store.putService({ ...own, serviceCode: 'rest', kind: 'REST' });
    await store.putService({ ...own, serviceCode: 'bare', kind: 'WSDL' });
    await store.setRights(provider, 'get', caller, [baseEndpoint]);
    await store.setRights(provider, 'a_b', caller, [{ method: 'POST', path: '**' }]);
    await store.setRights(provider, 'rest', caller, [baseEndpoint]);
  });
  afterAll(() => {
    store.close();
    rmSync(dir, { recursive: true });
  });

  async function ask(
    code: string,
    content = '',
    to = provider,
    at = new Date(0),
  ): Promise<SoapServiceAnswer | undefined> {
    const header: SoapHeader = {
      client: caller,
      service: serviceIdOf(to, code),
      id: '1',
      protocolVersion: '4.0',
    };
    const body = `<x:${code} xmlns:x="${xroadNamespace}">${content}</x:${code}>`;
    const services = createSoapServices({
      settings: () => store.current(),
      publishedDescription: (owner, id) => store.publishedDescription(owner, id),
    });
    const call = { header, body: parseSoapBody(composeEnvelope(header, body)) };
    return services(call, store.current(), configuration, at);
  }

  /** Name of the answer, and the codes and versions of the services in it. */
  function listed(answer: SoapServiceAnswer | undefined) {
    const root = parseXml(answer?.body ?? '');
    expect(root.namespace).toBe(xroadNamespace);
    const services = elements(root).map((element) => {
      const id = readIdentifier(element);
      if (id.kind !== 'SERVICE' || element.localName !== 'service') throw new Error(`<${element.name}>`);
      expect(id).toEqual(serviceIdOf(provider, id.serviceCode, id.serviceVersion));
      return `${id.serviceCode} ${id.serviceVersion ?? ''}`;
    });
    return [root.localName, ...services];
  }

  it('list SOAP services with their versions, and nothing of other clients', async () => {
    expect(listed(await ask('listMethods'))).toEqual([
      'listMethodsResponse',
      'a_b ',
      'bare ',
      'get v1',
      'get v2',
    ]);
    expect(listed(await ask('listMethods', '', other))).toEqual(['listMethodsResponse']);
  });

  it('list those that the caller may call', async () => {
    expect(listed(await ask('allowedMethods'))).toEqual(['allowedMethodsResponse', 'get v1', 'get v2']);
  });

  it('list them as long as the caller may call them', async () => {
    const until = { ...baseEndpoint, validUntil: new Date(1000) };
    await store.setRights(provider, 'get', caller, [until]);
    const countAt = async (at: number) =>
      listed(await ask('allowedMethods', '', provider, new Date(at))).length - 1;
    expect([await countAt(999), await countAt(1000)]).toEqual([2, 0]);
    await store.setRights(provider, 'get', caller, [baseEndpoint]);
  });

  const wanted = (code: string, version?: string) =>
    `<x:serviceCode>${code}</x:serviceCode>${version === undefined ? '' : `<x:serviceVersion>${version}</x:serviceVersion>`}`;

  it('give a description as attachment, with the headers that X-Road gives it', async () => {
    const answer = await ask('getWsdl', wanted('get', 'v2'));
    expect(answer?.attachments).toEqual([
      {
        headers: [
          ['Content-Type', 'text/xml'],
          ['Content-ID', expect.stringMatching(/^<wsdl=[0-9a-f-]{36}@x-road\.eu>$/)],
          ['Content-Transfer-Encoding', 'binary'],
        ],
        bytes: Buffer.from('<published/>'),
      },
    ]);
    const root = parseXml(answer?.body ?? '');
    expect([
      root.localName,
      ...elements(root).map(({ localName, children }) => [localName, ...children]),
    ]).toEqual(['getWsdlResponse', ['serviceCode', 'get'], ['serviceVersion', 'v2']]);
    expect((await ask('getWsdl', wanted('a_b', '')))?.attachments).toHaveLength(1);
  });

  it.each([
    ['no code', '', 'InvalidRequest'],
    ['a blank code', wanted(' '), 'InvalidRequest'],
    ['a code of another namespace', '<serviceCode>get</serviceCode>', 'InvalidRequest'],
    ['an unknown code', wanted('none'), 'UnknownService'],
    ['an unknown version', wanted('get', 'v3'), 'UnknownService'],
    ['no version where there are some', wanted('get'), 'UnknownService'],
    ['a version where there is none', wanted('a_b', 'v1'), 'UnknownService'],
    ['a REST service', wanted('rest'), 'ServiceType'],
    ['a service without a WSDL', wanted('bare'), 'UnknownService'],
    ['markup in the code', wanted('g<x:e/>t'), 'InvalidXml'],
    ['a comment in the code', wanted('g<!-- -->et'), 'InvalidXml'],
    ['a long code', wanted('x'.repeat(300)), 'InvalidXml'],
  ])('refuse to describe %s', async (_what, content, code) => {
    const refusal = await ask('getWsdl', content).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(Fault);
    expect(refusal).toMatchObject({ code });
  });

  it('leave other services alone', async () => {
    expect(await ask('get', wanted('get', 'v1'))).toBeUndefined();
  });
});
