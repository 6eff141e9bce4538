import { createRoute } from '@hono/zod-openapi';
import { describe, expect, it } from 'vitest';
import { type AuditedRequest, allowAll, createAdminApi, fileKeyAuthentication, Problem } from './index.ts';

function api() {
  const events: AuditedRequest[] = [];
  const state = { isBroken: false, made: 0, reports: 0 };
  const app = createAdminApi({
    ...{ title: 'test', version: '1', description: 'test' },
    authenticate: fileKeyAuthentication('good'),
    audit: {
      append: (event) => {
        if (state.isBroken) throw new Error('the disk is full');
        events.push(event);
      },
    },
    report: () => {
      state.reports += 1;
    },
  });
  const path = '/api/v1/things/{thing}';
  app.openapi(
    createRoute({ ...allowAll(), method: 'get', path, responses: { 200: { description: 'x' } } }),
    (c) => c.text('x'),
  );
  app.openapi(
    createRoute({ ...allowAll(), method: 'put', path, responses: { 204: { description: 'x' } } }),
    (c) => {
      if (c.req.param('thing') === 'none') throw new Problem(404, 'not-found', 'none');
      if (c.req.param('thing') === 'bug') throw new Error('unforeseen');
      state.made += 1;
      return c.body(null, 204);
    },
  );
  const ask = async (method: string, thing: string, key = 'good') =>
    app.request(`/api/v1/things/${thing}`, { method, headers: { authorization: `Bearer ${key}` } });
  return { events, state, ask };
}

describe('requests to an administration API', () => {
  it('are written down when they change something, are refused, or come from nobody known', async () => {
    const { events, ask } = api();
    await ask('GET', 'one');
    await ask('PUT', 'one');
    await ask('PUT', 'none');
    await ask('PUT', 'bug');
    await ask('GET', 'one', 'bad');
    const action = 'PUT /api/v1/things/:thing';
    expect(events).toEqual([
      { actor: 'api-key', action, target: '/api/v1/things/one', outcome: 'done' },
      { actor: 'api-key', action, target: '/api/v1/things/none', outcome: 'refused', code: 'not-found' },
      { actor: 'api-key', action, target: '/api/v1/things/bug', outcome: 'failed', code: 'unexpected' },
      {
        actor: 'anonymous',
        action: 'GET',
        target: '/api/v1/things/one',
        outcome: 'refused',
        code: 'not-authenticated',
      },
    ]);
    expect(JSON.stringify(events)).not.toContain('bad');
  });

  it('that change something are told as failed when they cannot be written down, and not made any more', async () => {
    const { state, ask } = api();
    state.isBroken = true;
    const first = await ask('PUT', 'one');
    expect([first.status, ((await first.json()) as { code: string }).code]).toEqual([
      500,
      'audit-log-failed',
    ]);
    expect((await ask('PUT', 'two')).status).toBe(503);
    expect(state).toMatchObject({ made: 1, reports: 2 });
    expect((await ask('GET', 'one')).status).toBe(200);
    state.isBroken = false;
    expect((await ask('PUT', 'three')).status).toBe(204);
    expect(state.made).toBe(2);
  });
});
