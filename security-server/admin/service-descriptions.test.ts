import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Listening, listen } from '../../gateway/http/index.ts';
import { everybodyIs } from '../../gateway/http/testing/principals.ts';
import { parseEncodedClient, parseEncodedServer } from '../../gateway/identifier/index.ts';
import { SettingsStore } from '../settings/index.ts';
import { type AdminContext, createServerAdmin } from './index.ts';

const client = 'DEV:GOV:1:population';
const provider = parseEncodedClient(client);

/** A WSDL with these operations: name, version ('' for none) and address. */
function wsdl(...operations: readonly (readonly [string, string, string])[]): string {
  const parts = operations.map(
    ([name, version, address], index) => `<binding name="B${index}" type="t:P">
      <soap:binding transport="http://schemas.xmlsoap.org/soap/http"/><operation name="${name}">
      ${version === '' ? '' : `<x:version xmlns:x="http://x-road.eu/xsd/xroad.xsd">${version}</x:version>`}
      <soap:operation/></operation></binding><service name="S${index}"><port name="p" binding="t:B${index}">
      <soap:address location="${address}"/></port></service>`,
  );
  return `<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/"
    xmlns:t="urn:t" targetNamespace="urn:t">${parts.join('')}</definitions>`;
}

const first = wsdl(['get', 'v1', 'http://a/'], ['put', '', 'http://a/'], ['gone', '', 'http://a/']);
const second = wsdl(['get', 'v1', 'http://b/'], ['put', '', 'http://b/'], ['come', 'v1', 'http://b/']);

describe('service descriptions of a client', () => {
  let dir: string;
  let store: SettingsStore;
  let listening: Listening;
  let served: string;
  let url: string;
  let app: ReturnType<typeof createServerAdmin>;
  const root = `/clients/${encodeURIComponent(client)}/service-descriptions`;

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'waygate-admin-'));
    const path = join(dir, 'settings.sqlite');
    await SettingsStore.create(path, parseEncodedServer('DEV:GOV:1:ss1'));
    store = await SettingsStore.open(path);
    await store.putClient({ id: provider, status: 'registered', connectionType: 'NOSSL', certificates: [] });
    served = first;
    listening = await listen(
      createServer((_incoming, outgoing) => outgoing.end(served)),
      '127.0.0.1',
      0,
      'none',
    );
    url = `http://127.0.0.1:${listening.port}/s?wsdl`;
    const context = { settings: store, now: () => new Date(1000) } as unknown as AdminContext;
    const unforeseen = (error: unknown) => {
      throw error;
    };
    app = createServerAdmin(context, { version: '1', authenticate: everybodyIs(), report: unforeseen });
  });
  afterEach(async () => {
    await listening.close(0);
    store.close();
    rmSync(dir, { recursive: true });
  });

  async function ask(method: string, path: string, body?: unknown) {
    const response = await app.request(`/api/v1${path}`, {
      method,
      headers: { authorization: 'Bearer x', 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const answer = text === '' ? undefined : JSON.parse(text);
    return { status: response.status, answer, code: answer?.code as unknown };
  }
  const add = async () => `${root}/${(await ask('POST', root, { url })).answer.id}`;
  const rightsOn = (code: string) => `/clients/${encodeURIComponent(client)}/services/${code}/access-rights`;
  const whole = [{ subject: 'DEV:MUN:2', endpoints: [{ method: '*', path: '**' }] }];

  it('are added, with all their services', async () => {
    const { status, answer } = await ask('POST', root, { url });
    expect(status).toBe(201);
    expect(answer).toMatchObject({ url, acceptedAt: '1970-01-01T00:00:01.000Z' });
    const codes = answer.services.map((one: Record<string, unknown>) => [
      one['serviceCode'],
      one['serviceVersion'],
    ]);
    expect(codes).toEqual([
      ['get', 'v1'],
      ['gone', undefined],
      ['put', undefined],
    ]);
    expect((await ask('GET', root)).answer).toEqual([answer]);
    expect((await ask('GET', `${root}/${answer.id}`)).answer).toEqual(answer);
  });

  it('show what a refresh changes before it is accepted, and keep rights and settings', async () => {
    const description = await add();
    expect((await ask('PUT', rightsOn('get'), whole)).status).toBe(204);
    const settings = { url: 'http://mine/', timeoutSeconds: 7, verifyTls: false, certificates: [] };
    expect((await ask('PUT', `${description}/services/get?version=v1`, settings)).status).toBe(204);
    served = second;
    const before = store.current().content;
    const preview = await ask('POST', `${description}/preview`, {});
    expect(store.current().content).toBe(before);
    expect(preview.answer).toMatchObject({
      added: [{ serviceCode: 'come', serviceVersion: 'v1', url: 'http://b/' }],
      removed: [{ serviceCode: 'gone', url: 'http://a/' }],
      moved: [
        { serviceCode: 'get', from: 'http://a/', to: 'http://b/', calledAt: 'http://mine/' },
        { serviceCode: 'put', from: 'http://a/', to: 'http://b/', calledAt: 'http://b/' },
      ],
    });
    const { digest } = preview.answer;
    served = `${second} `;
    expect(await ask('POST', `${description}/refresh`, { digest })).toMatchObject({
      status: 409,
      code: 'description-changed',
    });
    served = second;
    expect((await ask('POST', `${description}/refresh`, { digest })).answer).toEqual(preview.answer);
    const [{ services }] = (await ask('GET', root)).answer;
    expect(services[1]).toMatchObject({ serviceCode: 'get', url: 'http://mine/', timeoutSeconds: 7 });
    expect((await ask('GET', rightsOn('get'))).answer).toHaveLength(1);
  });

  it('may be uploaded, and then need the new document or an address', async () => {
    const document = Buffer.from(first).toString('base64');
    const { answer } = await ask('POST', root, { document });
    expect(answer.url).toBeUndefined();
    const description = `${root}/${answer.id}`;
    expect(await ask('POST', `${description}/preview`, {})).toMatchObject({
      status: 422,
      code: 'document-expected',
    });
    const again = { document: Buffer.from(second).toString('base64') };
    const { digest } = (await ask('POST', `${description}/preview`, again)).answer;
    expect((await ask('POST', `${description}/refresh`, { ...again, digest })).status).toBe(200);
    served = first;
    const moved = (await ask('POST', `${description}/preview`, { url })).answer;
    await ask('POST', `${description}/refresh`, { url, digest: moved.digest });
    expect((await ask('GET', root)).answer).toMatchObject([{ url }]);
  });

  it('are switched off with a notice, on again, and removed with their services', async () => {
    const description = await add();
    await ask('PUT', `${description}/disabled-notice`, { notice: 'until nine' });
    expect((await ask('GET', root)).answer).toMatchObject([{ disabledNotice: 'until nine' }]);
    await ask('PUT', `${description}/disabled-notice`, { notice: null });
    expect((await ask('GET', root)).answer[0].disabledNotice).toBeUndefined();
    expect((await ask('DELETE', description)).status).toBe(204);
    expect(store.current().content).toMatchObject({ services: [], descriptions: [] });
  });

  it.each([
    ['neither address nor document', {}, 422, 'invalid-fields'],
    ['both', { url: 'http://a/', document: '' }, 422, 'invalid-fields'],
    [
      'a certificate that is none',
      { url: 'https://127.0.0.1:1/', certificates: ['x'] },
      422,
      'certificate-malformed',
    ],
    ['a file', { url: 'file:///etc/hostname' }, 422, 'invalid-fields'],
    ['a path', { url: '/etc/hostname' }, 422, 'invalid-fields'],
    ['an empty document', { document: '' }, 422, 'wsdl-malformed'],
    [
      'an import of a file',
      {
        document: btoa(
          '<definitions xmlns="http://schemas.xmlsoap.org/wsdl/"><import location="file:///etc/hostname"/></definitions>',
        ),
      },
      422,
      'wsdl-forbidden-location',
    ],
    ['nobody there', { url: 'http://127.0.0.1:1/' }, 422, 'wsdl-unreachable'],
    ['no services', { document: btoa(wsdl()) }, 422, 'wsdl-no-soap-binding'],
  ])('are refused with %s', async (_what, body, status, code) => {
    expect(await ask('POST', root, body)).toMatchObject({ status, code });
    expect(store.current().content.descriptions).toEqual([]);
  });

  it('keep their services from other hands', async () => {
    const description = await add();
    const service = `/clients/${encodeURIComponent(client)}/services/put`;
    const settings = { url: 'http://x/', timeoutSeconds: 7, verifyTls: false, certificates: [] };
    const rest = { ...settings, kind: 'REST', endpoints: [] };
    const narrow = [{ subject: 'DEV:MUN:2', endpoints: [{ method: 'GET', path: '/x' }] }];
    const elsewhere = description.replace('population', 'other');
    const unknown = `${root}/00000000-0000-4000-8000-000000000000`;
    expect(await ask('DELETE', service)).toMatchObject({ status: 409, code: 'service-described' });
    expect(await ask('PUT', service, rest)).toMatchObject({ status: 409, code: 'service-described' });
    expect(await ask('PUT', rightsOn('put'), narrow)).toMatchObject({
      status: 422,
      code: 'whole-service-only',
    });
    expect(await ask('POST', root, { url })).toMatchObject({ status: 409, code: 'service-exists' });
    expect(await ask('DELETE', elsewhere)).toMatchObject({ status: 404, code: 'unknown-client' });
    expect(await ask('DELETE', unknown)).toMatchObject({ status: 404, code: 'unknown-description' });
    expect(await ask('PUT', `${description}/services/get`, settings)).toMatchObject({ status: 404 });
  });
});
