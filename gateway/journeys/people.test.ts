import { afterAll, beforeAll, expect, it } from 'vitest';
import { startNetwork, type TestNetwork } from './network.ts';

const password = 'four words of oil';
let network: TestNetwork;
beforeAll(async () => {
  network = await startNetwork();
});
afterAll(() => network.close());

interface SignedIn {
  /** Also with the cookies of other programs at the same host, as a browser sends them. */
  readonly cookie: string;
  readonly csrfToken: string;
}

async function signIn(adminUrl: string, name: string, others = ''): Promise<SignedIn> {
  const response = await fetch(`${adminUrl}/api/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', cookie: others },
    body: JSON.stringify({ name, password }),
  });
  expect(response.status).toBe(204);
  const [own = ''] = (response.headers.get('set-cookie') ?? '').split(';');
  const cookie = others === '' ? own : `${others}; ${own}`;
  const { csrfToken } = (await (
    await ask(adminUrl, { cookie, csrfToken: '' }, 'GET', '/session')
  ).json()) as {
    csrfToken: string;
  };
  return { cookie, csrfToken };
}

function ask(adminUrl: string, { cookie, csrfToken }: SignedIn, method: string, path: string, body?: object) {
  return fetch(`${adminUrl}/api/v1${path}`, {
    method,
    headers: { cookie, 'x-csrf-token': csrfToken, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  });
}

it('a person of the registry and one of a server sign in, in one browser, do what is theirs, and nothing else', async () => {
  const { registry, ministry, registryAdmin, ministryAdmin } = network;
  const officer = { name: 'anna', password, roles: ['registration-officer'] };
  await registryAdmin.post('/users', officer);
  await ministryAdmin.post('/users', { ...officer, roles: ['service-administrator'] });
  const atRegistry = await signIn(registry.adminUrl, 'anna');
  const atMinistry = await signIn(ministry.adminUrl, 'anna', atRegistry.cookie);

  expect((await ask(registry.adminUrl, atMinistry, 'GET', '/members')).status).toBe(200);
  expect((await ask(ministry.adminUrl, atMinistry, 'GET', '/clients')).status).toBe(200);
  // The one session is none at the other program.
  expect((await ask(ministry.adminUrl, atRegistry, 'GET', '/clients')).status).toBe(401);

  const member = { class: 'GOV', code: '7777', name: 'Archive' };
  const path = '/members';
  expect((await ask(registry.adminUrl, { ...atRegistry, csrfToken: '' }, 'POST', path, member)).status).toBe(
    403,
  );
  expect((await ask(registry.adminUrl, atRegistry, 'POST', '/users', officer)).status).toBe(403);
  expect((await ask(ministry.adminUrl, atMinistry, 'POST', '/users', officer)).status).toBe(403);

  await registryAdmin.delete('/users/anna');
  expect((await ask(registry.adminUrl, atRegistry, 'GET', path)).status).toBe(401);
  expect((await ask(ministry.adminUrl, atMinistry, 'GET', '/clients')).status).toBe(200);

  const events = (await registryAdmin.get('/audit-events?limit=1000')) as readonly {
    actor: string;
    action: string;
  }[];
  expect(events).toContainEqual(expect.objectContaining({ actor: 'user:anna', action: 'session.begin' }));
  expect(events).toContainEqual(expect.objectContaining({ actor: 'user:anna', code: 'role-missing' }));
  expect(JSON.stringify(events)).not.toContain(password);
  expect(network.troubles).toEqual([]);
});
