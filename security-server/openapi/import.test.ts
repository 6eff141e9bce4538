import { createServer, type Server } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { listen } from '../../gateway/http/index.ts';
import { importOpenApi, maxOpenApiBytes, OpenApiError } from './index.ts';

const roadPath = '/r1/DEV/GOV/1/population/api';
const description = (more: object = {}) =>
  JSON.stringify({
    openapi: '3.1.0',
    info: { title: 'T', version: '1' },
    paths: { '/x': { get: {} } },
    ...more,
  });
const upload = (text: string) => importOpenApi({ kind: 'bytes', bytes: Buffer.from(text) }, roadPath);

describe('an OpenAPI description', () => {
  let server: Server | undefined;
  afterEach(() => server?.close());

  const fetched = async (text: string, headers: Record<string, string> = {}, status = 200) => {
    server = createServer((_incoming, outgoing) => outgoing.writeHead(status, headers).end(text));
    const { port } = await listen(server, '127.0.0.1', 0, 'none');
    const url = `http://127.0.0.1:${port}/v1/openapi.json`;
    return { port, imported: await importOpenApi({ kind: 'url', url, certificates: [] }, roadPath) };
  };

  it('is fetched, and keeps the type that its server gives it', async () => {
    const { imported } = await fetched(description(), { 'content-type': 'application/vnd.oai.openapi+json' });
    expect(imported).toMatchObject({ contentType: 'application/vnd.oai.openapi+json', title: 'T' });
    expect((await fetched(description())).imported.contentType).toBe('text/plain');
  });

  it('suggests the address of the service; a relative one begins where it lies', async () => {
    const { port, imported } = await fetched(description({ servers: [{ url: '../base/' }] }));
    expect(imported.suggestedUrl).toBe(`http://127.0.0.1:${port}/base`);
    const suggested = async (url: string) => (await upload(description({ servers: [{ url }] }))).suggestedUrl;
    expect(await suggested('https://h.example/v1/')).toBe('https://h.example/v1');
    for (const none of ['/v1', 'ftp://h/', 'https://{host}/', 'http://u:p@h/', 'javascript:alert(1)']) {
      expect(await suggested(none), none).toBeUndefined();
    }
  });

  it('is known by the digest of its octets', async () => {
    const one = await upload(description());
    const same = await upload(description());
    const other = await upload(`${description()} `);
    expect(one.digest).toBe(same.digest);
    expect(one.digest).not.toBe(other.digest);
    expect(one.contentType).toBe('application/json');
  });

  it('is read beside at most one other; who comes meanwhile is told to wait', async () => {
    const all = await Promise.allSettled(Array.from({ length: 5 }, () => upload(description())));
    const refused = all.filter((one) => one.status === 'rejected').map(({ reason }) => reason.code);
    expect(refused).toEqual(['busy', 'busy', 'busy']);
    expect((await upload(description())).title).toBe('T');
  });

  it('is refused when it cannot be had, is too large, or takes too long', async () => {
    await expect(fetched('', {}, 404)).rejects.toMatchObject({ code: 'unreachable' });
    await expect(fetched(' '.repeat(maxOpenApiBytes + 1))).rejects.toMatchObject({ code: 'too-large' });
    await expect(upload(' '.repeat(maxOpenApiBytes + 1))).rejects.toMatchObject({ code: 'too-large' });
    await expect(upload('{"openapi":')).rejects.toThrow(OpenApiError);
    const large = { kind: 'bytes', bytes: Buffer.from(description()) } as const;
    await expect(importOpenApi(large, roadPath, 1)).rejects.toMatchObject({ code: 'too-slow' });
    const local = { kind: 'url', url: 'file:///etc/hostname', certificates: [] } as const;
    await expect(importOpenApi(local, roadPath)).rejects.toMatchObject({ code: 'forbidden-location' });
  });
});
