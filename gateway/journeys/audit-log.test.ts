import { request } from 'undici';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startNetwork, type TestNetwork } from './network.ts';

/** An administrator changes something, is refused, and a stranger tries; both programs have written all of it down. */
let network: TestNetwork;
beforeAll(async () => {
  network = await startNetwork();
}, 120_000);
afterAll(() => network.close());

interface Event {
  readonly index: number;
  readonly actor: string;
  readonly action: string;
  readonly outcome: string;
  readonly code?: string;
}

async function ask(
  place: { adminUrl: string; apiKey: string },
  method: 'GET' | 'PUT' | 'POST',
  path: string,
  body?: unknown,
) {
  const response = await request(`${place.adminUrl}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${place.apiKey}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    body: body === undefined ? null : JSON.stringify(body),
  });
  return { status: response.statusCode, text: await response.body.text() };
}

it('the audit log of each program tells it, and proves that it tells all', async () => {
  for (const program of [network.registry, network.ministry]) {
    const stranger = { ...program, apiKey: 'guessed' };
    expect((await ask(stranger, 'PUT', '/api/v1/anything')).status).toBe(401);
    expect((await ask(program, 'POST', '/api/v1/audit-events/check', { checkpoints: 'none' })).status).toBe(
      422,
    );
    const held = (await ask(program, 'GET', '/api/v1/audit-events/checkpoint')).text;
    const events = JSON.parse((await ask(program, 'GET', '/api/v1/audit-events')).text) as Event[];
    expect(events.slice(0, 2)).toMatchObject([
      {
        actor: 'api-key',
        action: 'POST /api/v1/audit-events/check',
        outcome: 'refused',
        code: 'invalid-fields',
      },
      { actor: 'anonymous', action: 'PUT', outcome: 'refused', code: 'not-authenticated' },
    ]);
    // What founded the network was written down as well.
    expect(
      events.some(({ action, outcome }) => action.startsWith('PUT /api/v1/') && outcome === 'done'),
    ).toBe(true);
    const checked = await ask(program, 'POST', '/api/v1/audit-events/check', { checkpoints: [held] });
    expect(JSON.parse(checked.text)).toMatchObject({ isClean: true, findings: [] });
    expect(JSON.stringify(events)).not.toContain(program.apiKey);
  }
});
