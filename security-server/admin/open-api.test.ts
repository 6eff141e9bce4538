import { createServer } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Listening, listen } from '../../gateway/http/index.ts';
import { parseEncodedClient } from '../../gateway/identifier/index.ts';
import { type SettingsApi, startSettingsApi } from './testing/settings-api.ts';

const provider = parseEncodedClient('DEV:GOV:1:population');
const service = '/clients/DEV%3AGOV%3A1%3Apopulation/services/register';
const description = `${service}/description`;
const caller = 'SUBSYSTEM:DEV:MUN:2:permits';

const openApi = (paths: object, servers = [{ url: 'https://h.example/v1' }]) =>
  JSON.stringify({ openapi: '3.1.0', info: { title: 'Register', version: '7' }, servers, paths });
const first = openApi({ '/a': { get: {} }, '/b/{id}': { get: {}, put: {} } });
const second = openApi({ '/a': { get: {} }, '/c': { post: {} } });
const upload = (text: string) => ({ document: Buffer.from(text).toString('base64') });

describe('the OpenAPI description of a service', () => {
  let api: SettingsApi;
  let listening: Listening;
  let served: string;
  let url: string;
  /** What somebody else does while the description is fetched. */
  let meanwhile: () => Promise<unknown>;
  beforeEach(async () => {
    api = await startSettingsApi();
    await api.store.putClient({
      id: provider,
      status: 'registered',
      connectionType: 'NOSSL',
      certificates: [],
    });
    served = first;
    meanwhile = async () => undefined;
    const server = createServer(async (_incoming, outgoing) => {
      await meanwhile();
      outgoing.end(served);
    });
    listening = await listen(server, '127.0.0.1', 0, 'none');
    url = `http://127.0.0.1:${listening.port}/openapi.json`;
  });
  afterEach(async () => {
    await listening.close(0);
    api.stop();
  });

  const accept = async (source: object, more: object = {}) => {
    const { answer } = await api.ask('POST', `${description}/preview`, source);
    return api.ask('POST', description, { ...source, digest: answer.digest, ...more });
  };

  it('is looked at before there is a service, which it makes when it is accepted', async () => {
    const before = api.store.current().content;
    const preview = await api.ask('POST', `${description}/preview`, upload(first));
    expect(api.store.current().content).toBe(before);
    expect(preview.answer).toMatchObject({
      ...{ isNew: true, isSame: false, title: 'Register', version: '7', openapi: '3.1.0' },
      ...{ suggestedUrl: 'https://h.example/v1', endpointCount: 3, removed: [] },
      added: [{ path: '/a' }, { path: '/b/*', method: 'GET' }, { path: '/b/*', method: 'PUT' }],
    });
    expect((await accept(upload(first))).status).toBe(200);
    expect((await api.ask('GET', service)).answer).toMatchObject({
      ...{ kind: 'OPENAPI', title: 'Register', url: 'https://h.example/v1', verifyTls: true },
      endpoints: preview.answer.added,
    });
    const kept = (await api.ask('GET', description)).answer;
    expect(kept).toMatchObject({ digest: preview.answer.digest, acceptedAt: '1970-01-01T00:00:01.000Z' });
    expect(kept.url).toBeUndefined();
  });

  it('is kept, and handed out without the address of the service', async () => {
    await accept({ url }, { address: 'http://10.0.0.9/' });
    served = second;
    const { answer } = await api.ask('GET', `${description}/document`);
    expect(answer).toMatchObject({
      servers: [{ url: '/r1/DEV/GOV/1/population/register' }],
      paths: { '/a': {} },
    });
    expect(JSON.stringify(answer)).not.toContain('h.example');
  });

  it('shows what changes and who loses a right, and takes these rights when it is accepted', async () => {
    await accept({ url }, { address: 'http://10.0.0.9/' });
    const put = { method: 'PUT', path: '/b/*' };
    const byHand = { method: 'GET', path: '/by-hand' };
    const { serviceCode: _code, ...record } = (await api.ask('GET', service)).answer;
    const changed = { ...record, timeoutSeconds: 7, endpoints: [...record.endpoints, byHand] };
    expect((await api.ask('PUT', service, changed)).status).toBe(204);
    const rights = [put, byHand, { method: 'GET', path: '/a' }].map((one) => ({ subject: caller, ...one }));
    await api.ask('POST', `${service}/access-rights`, rights);
    served = second;
    const { answer } = await api.ask('POST', `${description}/preview`, {});
    expect(answer).toMatchObject({
      ...{ isNew: false, isSame: false, url: 'http://10.0.0.9/' },
      added: [{ method: 'POST', path: '/c' }],
      removed: [
        { method: 'GET', path: '/b/*', subjects: [] },
        { ...put, subjects: [caller] },
      ],
    });
    expect((await accept({})).status).toBe(200);
    expect((await api.ask('GET', service)).answer).toMatchObject({
      ...{ url: 'http://10.0.0.9/', timeoutSeconds: 7 },
      endpoints: [{ path: '/a' }, { path: '/c' }, byHand],
    });
    const [left] = (await api.ask('GET', `${service}/access-rights`)).answer;
    expect(left.endpoints.map(({ path }: { path: string }) => path)).toEqual(['/a', '/by-hand']);
    expect((await api.ask('POST', `${description}/preview`, {})).answer).toMatchObject({
      ...{ isSame: true, added: [], removed: [] },
    });
  });

  it('is not accepted when it is another than was looked at', async () => {
    const { answer } = await api.ask('POST', `${description}/preview`, { url });
    served = second;
    expect(await api.ask('POST', description, { url, digest: answer.digest })).toMatchObject({
      ...{ status: 409, code: 'description-changed' },
    });
    expect(api.store.current().content.services).toEqual([]);
  });

  it('asks for an address when it names none, and for a document when it was uploaded', async () => {
    const bare = upload(openApi({ '/a': { get: {} } }, []));
    expect(await accept(bare)).toMatchObject({ status: 422, code: 'address-needed' });
    expect((await accept(bare, { address: 'http://h/' })).status).toBe(200);
    expect(await api.ask('POST', `${description}/preview`, {})).toMatchObject({
      ...{ status: 422, code: 'document-expected' },
    });
  });

  it('may be larger than other requests, up to 10 MiB', async () => {
    const large = upload(`${first}${' '.repeat(9 * 1024 * 1024)}`);
    expect((await api.ask('POST', `${description}/preview`, large)).status).toBe(200);
    const over = upload(`${first}${' '.repeat(10 * 1024 * 1024)}`);
    expect(await api.ask('POST', `${description}/preview`, over)).toMatchObject({ status: 413 });
    const elsewhere = await api.ask('PUT', service, { url: 'x'.repeat(2 * 1024 * 1024) });
    expect(elsewhere).toMatchObject({ status: 413, code: 'too-large' });
  });

  it('is read beside at most one other', async () => {
    const all = await Promise.all(
      Array.from({ length: 8 }, () => api.ask('POST', `${description}/preview`, upload(first))),
    );
    const busy = all.filter(({ status }) => status !== 200);
    expect(busy.length).toBeGreaterThan(0);
    for (const one of busy) expect(one).toMatchObject({ status: 429, code: 'openapi-busy' });
  });

  it('goes with its service, whose kind it decides', async () => {
    expect(
      await api.ask('PUT', service, {
        ...{ kind: 'OPENAPI', url: 'http://h/', timeoutSeconds: 7, verifyTls: true, certificates: [] },
        endpoints: [],
      }),
    ).toMatchObject({ status: 422, code: 'description-needed' });
    await accept(upload(first));
    const { serviceCode: _code, ...record } = (await api.ask('GET', service)).answer;
    expect(await api.ask('PUT', service, { ...record, kind: 'REST' })).toMatchObject({
      ...{ status: 409, code: 'service-described' },
    });
    expect((await api.ask('PUT', `${service}/disabled-notice`, { notice: 'until nine' })).status).toBe(204);
    expect((await api.ask('GET', service)).answer.disabledNotice).toBe('until nine');
    await api.ask('PUT', `${service}/disabled-notice`, { notice: null });
    expect((await api.ask('GET', service)).answer.disabledNotice).toBeUndefined();
    expect((await api.ask('DELETE', service)).status).toBe(204);
    expect(api.store.current().content).toMatchObject({ services: [], openApiDescriptions: [] });
    expect(await api.ask('GET', description)).toMatchObject({ status: 404, code: 'unknown-description' });
  });

  it.each([
    ['that is no OpenAPI', upload('{"swagger":"2.0"}'), 422, 'openapi-unsupported-version'],
    ['that is not base64', { document: '*' }, 422, 'invalid-fields'],
    ['from a file', { url: 'file:///etc/hostname' }, 422, 'invalid-fields'],
    ['that nobody serves', { url: 'http://127.0.0.1:1/' }, 422, 'openapi-unreachable'],
    [
      'with a certificate that is none',
      { url: 'https://h/', certificates: ['x'] },
      422,
      'certificate-malformed',
    ],
  ])('is refused when it is one %s', async (_what, source, status, code) => {
    expect(await api.ask('POST', `${description}/preview`, source)).toMatchObject({ status, code });
  });

  it('is refused for a SOAP service, and for a code that nobody could call', async () => {
    const own = {
      provider,
      url: 'http://h/',
      timeoutMs: 1,
      verifyTls: true,
      certificates: [],
      endpoints: [],
    };
    await api.store.putService({ ...own, serviceCode: 'soap', kind: 'WSDL' });
    const at = (code: string) => `${description.replace('register', code)}/preview`;
    expect(await api.ask('POST', at('soap'), upload(first))).toMatchObject({ code: 'service-described' });
    expect(await api.ask('POST', at('a%3Bb'), upload(first))).toMatchObject({ code: 'invalid-identifier' });
  });

  it('leaves everything else of the service as it was set while it was read: what is switched off stays off', async () => {
    await accept({ url }, { address: 'http://10.0.0.9/' });
    const { serviceCode: _code, ...record } = (await api.ask('GET', service)).answer;
    served = second;
    const { answer } = await api.ask('POST', `${description}/preview`, {});
    const byHand = { method: 'GET', path: '/by-hand' };
    meanwhile = async () => {
      const changed = {
        url: 'http://10.0.0.10/',
        timeoutSeconds: 9,
        endpoints: [...record.endpoints, byHand],
      };
      expect((await api.ask('PUT', service, { ...record, ...changed })).status).toBe(204);
      await api.ask('PUT', `${service}/disabled-notice`, { notice: 'until nine' });
    };
    expect((await api.ask('POST', description, { digest: answer.digest })).status).toBe(200);
    expect((await api.ask('GET', service)).answer).toMatchObject({
      ...{ url: 'http://10.0.0.10/', timeoutSeconds: 9, disabledNotice: 'until nine', kind: 'OPENAPI' },
      endpoints: [{ path: '/a' }, { path: '/c' }, byHand],
    });
    meanwhile = async () => undefined;
    await accept({}, { address: 'http://10.0.0.11/' });
    expect((await api.ask('GET', service)).answer).toMatchObject({
      ...{ url: 'http://10.0.0.11/', timeoutSeconds: 9, disabledNotice: 'until nine' },
    });
  });

  it('leaves the least release of calling servers as it was set', async () => {
    await accept(upload(first));
    const { serviceCode: _code, ...record } = (await api.ask('GET', service)).answer;
    expect((await api.ask('PUT', service, { ...record, minimumPeerVersion: '7.7.0' })).status).toBe(204);
    await accept(upload(second));
    expect((await api.ask('GET', service)).answer.minimumPeerVersion).toBe('7.7.0');
    expect(await api.ask('PUT', service, { ...record, minimumPeerVersion: 'seven' })).toMatchObject({
      ...{ status: 422, code: 'invalid-fields' },
    });
  });
});
