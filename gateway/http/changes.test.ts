import { createRoute, z } from '@hono/zod-openapi';
import { beforeEach, describe, expect, it } from 'vitest';
import { allowAll, confirmQuery, createAdminApi, type Principal, requireConfirmed } from './index.ts';

const json = { 'content-type': 'application/json' };
const key: Principal = { id: 'key:1', kind: 'key', roles: new Set(['observer']) };
const session = { csrfToken: 'token' };
const anna: Principal = { ...key, id: 'user:anna', kind: 'user', session };

/** Things with a name, which is all there is to change. */
function things() {
  const names = new Map([['1', 'one']]);
  const state = { who: key, made: 0, events: 0, pause: Promise.resolve() };
  const app = createAdminApi({
    ...{ title: '', version: '1', description: '', authenticate: () => state.who },
    audit: { append: () => ++state.events },
    report: () => undefined,
  });
  const path = '/api/v1/things/{id}';
  const request = { params: z.object({ id: z.string() }) };
  const body = {
    required: true,
    content: { 'application/json': { schema: z.object({ name: z.string() }) } },
  };
  const responses = { 204: { description: 'done' } };
  app.openapi(createRoute({ ...allowAll(), method: 'get', path, request, responses }), (context) => {
    const name = names.get(context.req.param('id'));
    return name === undefined ? context.notFound() : context.json({ name });
  });
  app.openapi(
    createRoute({ ...allowAll(), method: 'put', path, request: { ...request, body }, responses }),
    async (context) => {
      await state.pause;
      names.set(context.req.param('id'), context.req.valid('json').name);
      return context.body(null, 204);
    },
  );
  const query = confirmQuery;
  app.openapi(
    createRoute({ ...allowAll(), method: 'delete', path, request: { ...request, query }, responses }),
    (context) => {
      const warnings = [
        { code: 'has-name', text: 'It has a name.' },
        { code: 'is-thing', text: 'It is a thing.' },
      ];
      requireConfirmed(context.req.valid('query').confirm, warnings);
      names.delete(context.req.param('id'));
      return context.body(null, 204);
    },
  );
  app.openapi(
    createRoute({ ...allowAll(), method: 'post', path: '/api/v1/things', request: { body }, responses }),
    async (context) => {
      await state.pause;
      const { name } = context.req.valid('json');
      if (name === 'refused') return context.json({ code: 'x' }, 409 as never);
      state.made += 1;
      return context.json({ number: state.made }, 201 as never);
    },
  );
  const ask = async (method: string, at: string, headers: Record<string, string> = {}, sent?: object) => {
    const response = await app.request(`/api/v1/things${at}`, {
      method,
      headers: { ...json, 'x-csrf-token': 'token', ...headers },
      ...(sent !== undefined && { body: JSON.stringify(sent) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      etag: response.headers.get('etag') ?? '',
      headers: response.headers,
      json: text.startsWith('{') ? JSON.parse(text) : undefined,
    };
  };
  return { names, state, ask };
}

let api: ReturnType<typeof things>;
beforeEach(() => {
  api = things();
});

describe('two administrators editing one thing', () => {
  it('do not lose the change of the other', async () => {
    const { ask, names } = api;
    const { etag } = await ask('GET', '/1');
    expect(etag).toMatch(/^"[\w-]{22}"$/);
    expect((await ask('PUT', '/1', { 'if-match': etag }, { name: 'first' })).status).toBe(204);
    const second = await ask('PUT', '/1', { 'if-match': etag }, { name: 'second' });
    expect([second.status, second.json.code]).toEqual([412, 'changed-meanwhile']);
    expect(names.get('1')).toBe('first');
    const { etag: next } = await ask('GET', '/1');
    expect((await ask('PUT', '/1', { 'if-match': next }, { name: 'second' })).status).toBe(204);
    expect((await ask('DELETE', '/1?confirm=has-name,is-thing', { 'if-match': next })).status).toBe(412);
  });

  it('at the very same moment: one is done, the other is told', async () => {
    const { ask } = api;
    const { etag } = await ask('GET', '/1');
    const both = ['left', 'right'].map((name) => ask('PUT', '/1', { 'if-match': etag }, { name }));
    expect((await Promise.all(both)).map(({ status }) => status).sort()).toEqual([204, 412]);
  });

  it('in sessions must say what they saw, and programs with keys need not', async () => {
    const { ask, state } = api;
    expect((await ask('PUT', '/1', {}, { name: 'x' })).status).toBe(204);
    state.who = anna;
    const unsaid = await ask('PUT', '/1', {}, { name: 'y' });
    expect([unsaid.status, unsaid.json.code]).toEqual([428, 'precondition-required']);
    expect((await ask('PUT', '/new', {}, { name: 'z' })).status).toBe(204);
    expect(
      (await ask('PUT', '/1', { 'if-match': (await ask('GET', '/1')).etag }, { name: 'y' })).status,
    ).toBe(204);
  });

  it('learn that what they change is gone', async () => {
    const { ask } = api;
    expect((await ask('PUT', '/gone', { 'if-match': '*' }, { name: 'x' })).status).toBe(412);
    expect((await ask('PUT', '/gone', { 'if-match': '"x"' }, { name: 'x' })).status).toBe(412);
    expect((await ask('PUT', '/1', { 'if-match': 'W/"x", "y"' }, { name: 'x' })).status).toBe(412);
  });
});

describe('harm that may not be meant', () => {
  it('is done when every warning was confirmed, and not before', async () => {
    const { ask, names } = api;
    for (const confirm of ['', '?confirm=', '?confirm=has-name', '?confirm=yes']) {
      const { status, json } = await ask('DELETE', `/1${confirm}`);
      expect([status, json.code]).toEqual([409, 'confirmation-needed']);
    }
    const { json } = await ask('DELETE', '/1?confirm=has-name');
    expect(json.warnings).toEqual([{ code: 'is-thing', text: 'It is a thing.' }]);
    expect(names.size).toBe(1);
    expect((await ask('DELETE', '/1?confirm=is-thing,has-name')).status).toBe(204);
    expect(names.size).toBe(0);
  });
});

describe('a request that is sent again', () => {
  const again = { 'idempotency-key': 'k-1' };

  it('is done once, and answered as the first time', async () => {
    const { ask, state } = api;
    const first = await ask('POST', '', again, { name: 'a' });
    const second = await ask('POST', '', again, { name: 'a' });
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(second.json).toEqual(first.json);
    expect(second.headers.get('idempotency-replayed')).toBe('true');
    expect([state.made, state.events]).toEqual([1, 1]);
  });

  it('while the first is still done, waits for it', async () => {
    const { ask, state } = api;
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => ask('POST', '', again, { name: 'a' })),
    );
    expect(new Set(answers.map(({ json }) => json.number))).toEqual(new Set([1]));
    expect(state.made).toBe(1);
  });

  it('must be the same: with another body the key is refused', async () => {
    const { ask, state } = api;
    await ask('POST', '', again, { name: 'a' });
    const other = await ask('POST', '', again, { name: 'b' });
    expect([other.status, other.json.code]).toEqual([422, 'idempotency-key-reused']);
    expect(state.made).toBe(1);
  });

  it('by somebody else is another request', async () => {
    const { ask, state } = api;
    await ask('POST', '', again, { name: 'a' });
    state.who = anna;
    expect((await ask('POST', '', again, { name: 'a' })).json).toEqual({ number: 2 });
  });

  it('after a refusal is tried anew', async () => {
    const { ask } = api;
    expect((await ask('POST', '', again, { name: 'refused' })).status).toBe(409);
    expect((await ask('POST', '', again, { name: 'a' })).status).toBe(201);
  });

  it('has a key that can be one', async () => {
    const { ask } = api;
    for (const bad of ['', 'x'.repeat(256), 'a b']) {
      expect((await ask('POST', '', { 'idempotency-key': bad }, { name: 'a' })).status).toBe(400);
    }
  });
});
