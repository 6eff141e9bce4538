import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRoute, z } from '@hono/zod-openapi';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  allowAll,
  createAdminApi,
  fileKeyAuthentication,
  listen,
  loadOrCreateApiKey,
  loadSettings,
  PortError,
  Problem,
  SettingsError,
  serverOf,
} from './index.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'waygate-http-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

interface Answer {
  readonly errors: readonly { readonly pointer: string }[];
  readonly instance: string;
}

describe('an administration API', () => {
  const reported: unknown[] = [];
  const api = () => {
    const app = createAdminApi({
      title: 'Test',
      version: '1',
      description: 'd',
      authenticate: fileKeyAuthentication('right-key'),
      maxBodyBytes: 1000,
      report: (error) => reported.push(error),
      explain: (error) =>
        error instanceof RangeError ? new Problem(409, 'range', error.message) : undefined,
    });
    const route = createRoute({
      ...allowAll(),
      method: 'post',
      path: '/api/v1/things',
      request: {
        body: {
          required: true,
          content: { 'application/json': { schema: z.object({ name: z.string().min(1) }) } },
        },
      },
      responses: { 200: { description: 'made' } },
    });
    app.openapi(route, (context) => {
      const { name } = context.req.valid('json');
      if (name === 'crash') throw new TypeError('secret inside');
      if (name === 'range') throw new RangeError('out of range');
      return context.json({ name }, 200);
    });
    return app;
  };
  const post = async (
    body: string,
    headers: Record<string, string> = { authorization: 'Bearer right-key' },
  ) => {
    const response = await api().request('/api/v1/things', {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', ...headers },
    });
    return {
      status: response.status,
      type: response.headers.get('content-type'),
      json: (await response.json()) as Answer,
    };
  };

  it('does what it is asked by who holds the key', async () => {
    expect(await post('{"name":"x"}')).toMatchObject({ status: 200, json: { name: 'x' } });
  });

  it.each([
    {},
    { authorization: 'Bearer wrong' },
    { authorization: 'Basic right-key' },
    { authorization: 'Bearer' },
  ])('refuses who does not: %o', async (headers) => {
    expect(await post('{"name":"x"}', { authorization: '', ...headers })).toMatchObject({
      status: 401,
      json: { code: 'not-authenticated' },
    });
  });

  it('names the field that does not fit, as a problem document', async () => {
    const answer = await post('{"name":""}');
    expect(answer).toMatchObject({
      status: 422,
      type: 'application/problem+json',
      json: { code: 'invalid-fields' },
    });
    expect(answer.json.errors[0]?.pointer).toBe('/name');
  });

  it('refuses what is not JSON, and what is too large', async () => {
    expect(await post('{')).toMatchObject({ status: 400, json: { code: 'unreadable' } });
    expect(await post(JSON.stringify({ name: 'x'.repeat(2000) }))).toMatchObject({
      status: 413,
      json: { code: 'too-large' },
    });
  });

  it('explains errors it knows, and hides those it does not behind a reference', async () => {
    expect(await post('{"name":"range"}')).toMatchObject({ status: 409, json: { code: 'range' } });
    const crashed = await post('{"name":"crash"}');
    expect(crashed).toMatchObject({ status: 500, json: { code: 'unexpected' } });
    expect(JSON.stringify(crashed.json)).not.toContain('secret');
    expect(crashed.json.instance).toMatch(/^urn:uuid:/);
    expect(reported).toHaveLength(1);
  });

  it('describes itself, and says so about paths it does not have', async () => {
    const description = await (await api().request('/openapi.json')).json();
    expect(description).toMatchObject({ openapi: '3.1.0', paths: { '/api/v1/things': {} } });
    const response = await api().request('/nowhere');
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([404, 'not-found']);
  });

  it('names the methods of a path that is called with another one', async () => {
    const response = await api().request('/api/v1/things', {
      method: 'DELETE',
      headers: { authorization: 'Bearer right-key' },
    });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
    expect(await response.json()).toMatchObject({ code: 'method-not-allowed' });
  });

  it('makes its key once and keeps it', async () => {
    const path = join(dir, 'api-key');
    const write = async (file: string, text: string) => writeFileSync(file, text);
    const key = await loadOrCreateApiKey(path, write);
    expect(await loadOrCreateApiKey(path, write)).toBe(key);
    expect(readFileSync(path, 'utf8').trim()).toBe(key);
    expect(key.length).toBeGreaterThan(40);
  });

  it.each(['', '\n', 'fifteen-charac', `${'-'.repeat(40)}\n`])(
    'has no key that is hardly one, as a file with %j would be',
    async (text) => {
      const path = join(dir, 'api-key');
      writeFileSync(path, text);
      const write = async () => expect.unreachable('the file was written over');
      await expect(loadOrCreateApiKey(path, write)).rejects.toMatchObject({ code: 'secret-too-short' });
      expect(readFileSync(path, 'utf8')).toBe(text);
    },
  );
});

describe('listening', () => {
  it('names a taken port and the setting that chooses another', async () => {
    const first = await listen(createServer(), '127.0.0.1', 0, '--port');
    const second = listen(
      serverOf(() => new Response('x')),
      '127.0.0.1',
      first.port,
      '--port',
    );
    await expect(second).rejects.toThrow(PortError);
    await expect(second).rejects.toThrow(new RegExp(`${first.port}.*--port`));
    await first.close();
  });
});

describe('settings', () => {
  const schema = z.object({ peerPort: z.coerce.number().int().max(65_535).default(5500), name: z.string() });
  const load = (text: string | undefined, environment = {}, overrides = {}) => {
    const file = text === undefined ? undefined : join(dir, 'settings.yaml');
    if (file !== undefined) writeFileSync(file, text ?? '');
    return loadSettings(schema, { file, environment, prefix: 'WAYGATE_TEST', overrides });
  };

  it('come from the file, the environment and the command line, the later winning', () => {
    expect(load('name: a')).toEqual({ peerPort: 5500, name: 'a' });
    expect(load('name: a\npeerPort: 1', { WAYGATE_TEST_PEER_PORT: '2' })).toEqual({ peerPort: 2, name: 'a' });
    expect(load('name: a', { WAYGATE_TEST_PEER_PORT: '2' }, { peerPort: 3 })).toEqual({
      peerPort: 3,
      name: 'a',
    });
  });

  it.each([
    ['name: a\npeerPort: many', 'peerPort'],
    ['name: a\nunknown: 1', 'unknown'],
    ['peerPort: 1', 'name'],
    ['- a', 'name: value'],
    ['a: [', 'YAML'],
    ['a: &x 1\nb: *x', 'YAML'],
  ])('that do not fit stop the start with a sentence: %s', (text, named) => {
    expect(() => load(text)).toThrow(SettingsError);
    expect(() => load(text)).toThrow(named);
  });
});
