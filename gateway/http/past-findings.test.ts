import { request } from 'node:http';
import { createRoute, z } from '@hono/zod-openapi';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  allow,
  allowNobodyYet,
  createAdminApi,
  fileKeyAuthentication,
  type Listening,
  listen,
  onlyForHosts,
  serverOf,
} from './index.ts';

/** What auditors found in other gateways' administration, each asked of ours over a real connection. */
describe('findings of the past', () => {
  let listening: Listening;
  let made = 0;
  beforeAll(async () => {
    const app = createAdminApi({
      ...{ title: 'x', version: '1', description: 'x', maxBodyBytes: 10_000 },
      authenticate: fileKeyAuthentication('good'),
      rateLimit: { burst: 30, perSecond: 0.1 },
      report: () => undefined,
    });
    const schema = z.object({ name: z.string().max(255) });
    const body = { required: true, content: { 'application/json': { schema } } };
    const path = '/api/v1/things';
    const responses = { 200: { description: 'x', content: { 'application/json': { schema } } } };
    const route = createRoute({
      ...allow('observer'),
      ...{ method: 'post', path, request: { body }, responses },
    });
    app.openapi(route, (context) => {
      made += 1;
      return context.json(context.req.valid('json'), 200);
    });
    app.openapi(createRoute({ ...allow('observer'), method: 'get', path, responses }), (context) =>
      context.json({ name: 'x' }, 200),
    );
    app.openapi(createRoute({ ...allowNobodyYet(), method: 'put', path, responses }), (context) =>
      context.json({ name: 'x' }, 200),
    );
    listening = await listen(serverOf(onlyForHosts([], app.fetch)), '127.0.0.1', 0, 'none');
  });
  afterAll(() => listening.close(100));

  interface Sent {
    readonly method?: string;
    readonly path?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: readonly string[];
  }

  /** Asks as no browser would, in pieces when the body has some. */
  const ask = ({ method = 'GET', path = '/api/v1/things', headers = {}, body = [] }: Sent) =>
    new Promise<{ status: number; headers: Record<string, unknown>; text: string }>((resolve, reject) => {
      const { port } = listening;
      const sent = { authorization: 'Bearer good', 'content-type': 'application/json', ...headers };
      const asking = request({ host: '127.0.0.1', port, method, path, headers: sent }, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (part: string) => {
          text += part;
        });
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
        );
      });
      asking.on('error', reject);
      for (const part of body) asking.write(part);
      asking.end();
    });

  it('host header injection: a name that is not ours is answered nothing', async () => {
    for (const host of ['evil.example', '127.0.0.1.evil.example']) {
      const { status, text } = await ask({ headers: { host } });
      expect([status, JSON.parse(text).code]).toEqual([421, 'host-not-allowed']);
      expect(text).not.toContain('evil');
    }
    for (const host of ['localhost@evil.example', 'localhost/evil', '127.0.0.1, evil.example']) {
      expect((await ask({ headers: { host } })).status).toBeGreaterThanOrEqual(400);
    }
  });

  it('over-long strings: of addresses, headers and fields', async () => {
    expect((await ask({ path: `/api/v1/things?q=${'x'.repeat(20_000)}` })).status).toBe(431);
    expect((await ask({ headers: { 'x-long': 'x'.repeat(20_000) } })).status).toBe(431);
    const { status, text } = await ask({
      method: 'POST',
      body: [JSON.stringify({ name: 'x'.repeat(256) })],
    });
    expect([status, JSON.parse(text).errors[0].pointer]).toEqual([422, '/name']);
  });

  it('unrestricted upload: a body without a length ends at the limit', async () => {
    const body = ['{"name":"', ...Array.from({ length: 20 }, () => 'x'.repeat(1_000)), '"}'];
    const { status, text } = await ask({ method: 'POST', body, headers: { 'transfer-encoding': 'chunked' } });
    expect([status, JSON.parse(text).code]).toEqual([413, 'too-large']);
    expect(made).toBe(0);
  });

  it('unrestricted upload: a file in place of JSON is not taken', async () => {
    const headers = { 'content-type': 'application/x-sh' };
    const { status } = await ask({ method: 'POST', headers, body: ['#!/bin/sh\n'] });
    expect([status >= 400 && status < 500, made]).toEqual([true, 0]);
  });

  it('answers kept by caches, or shown in frames', async () => {
    const { status, headers } = await ask({});
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
    });
  });

  it('documents that keep quiet about who may, how to sign in, and refusals', async () => {
    const { components, paths } = JSON.parse((await ask({ path: '/openapi.json' })).text);
    expect(Object.keys(components.securitySchemes)).toEqual(['apiKey', 'session']);
    expect(components.schemas.Problem).toMatchObject({
      required: expect.arrayContaining(['code', 'detail']),
    });
    const { get, post, put } = paths['/api/v1/things'];
    expect([get['x-roles'], put['x-roles'], put.security]).toEqual([['observer'], [], []]);
    expect(post.responses.default.content).toHaveProperty(['application/problem+json']);
    const namesOf = ({ parameters }: { parameters: { name: string }[] }) =>
      parameters.map(({ name }) => name);
    expect([namesOf(get), namesOf(post), namesOf(put)]).toEqual([[], ['Idempotency-Key'], ['If-Match']]);
  });

  it('missing rate limits: whoever asks without end is told to wait', async () => {
    const statuses: number[] = [];
    for (let one = 0; one < 40; one += 1) statuses.push((await ask({})).status);
    expect(new Set(statuses.slice(-5))).toEqual(new Set([429]));
    expect(Number((await ask({})).headers['retry-after'])).toBeGreaterThan(0);
  });
});
