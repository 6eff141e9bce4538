import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeCertificate } from './journeys/testing/fill-registry.ts';
import { AskedRegistry } from './testing/asked-registry.ts';

const password = 'four words of oil';
const everyRole = ['registration-officer', 'security-officer', 'system-administrator'];

/** Somebody in a browser: a session of their own, and the token that changes need. */
class Administrator {
  readonly #url: string;
  readonly #headers: Readonly<Record<string, string>>;

  private constructor(url: string, cookie: string, csrfToken: string) {
    this.#url = url;
    this.#headers = { cookie, 'x-csrf-token': csrfToken, origin: url, 'content-type': 'application/json' };
  }

  static async signIn(url: string, name: string): Promise<Administrator> {
    const answer = await fetch(`${url}/api/v1/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: url },
      body: JSON.stringify({ name, password }),
    });
    const [cookie = ''] = (answer.headers.get('set-cookie') ?? '').split(';');
    const session = await fetch(`${url}/api/v1/session`, { headers: { cookie } });
    const { csrfToken } = (await session.json()) as { readonly csrfToken: string };
    return new Administrator(url, cookie, csrfToken);
  }

  async read(path: string) {
    const answer = await fetch(`${this.#url}/api/v1${path}`, { headers: this.#headers });
    const value = (await answer.json()) as Readonly<Record<string, unknown>>;
    return { value, etag: answer.headers.get('etag') ?? '' };
  }

  /** @returns status, and the code of a refusal */
  async put(path: string, body: object, etag?: string): Promise<readonly [number, string | undefined]> {
    const answer = await fetch(`${this.#url}/api/v1${path}`, {
      method: 'PUT',
      headers: { ...this.#headers, ...(etag !== undefined && { 'if-match': etag }) },
      body: JSON.stringify(body),
    });
    const text = await answer.text();
    return [answer.status, text === '' ? undefined : (JSON.parse(text) as { readonly code?: string }).code];
  }
}

describe('two administrators who edit one thing', () => {
  let registry: AskedRegistry;
  let anna: Administrator;
  let ben: Administrator;
  const paths: Record<string, string> = {
    'a member': '/members/TEST:GOV:1',
    'a member class': '/member-classes/GOV',
    'a subsystem': '/subsystems/TEST:GOV:1:a',
    'a security server': '/servers/TEST:GOV:1:ss1',
    'a global group': '/global-groups/all',
    'the settings': '/settings',
    'a certificate profile': '/certificate-profiles/own',
    'what is approved without hands': '/management-requests/automatic-approval',
    'the management service': '/management-service',
    'the sign-in settings': '/sign-in-settings',
  };

  beforeAll(async () => {
    registry = await AskedRegistry.found('TEST');
    const ask = async (method: string, path: string, body: object) => {
      const { status, json } = await registry.ask(method, path, body);
      if (status >= 400) throw new Error(`${method} ${path}: ${JSON.stringify(json)}`);
      return json as { readonly entryId: string };
    };
    for (const name of ['anna', 'ben']) await ask('POST', '/users', { name, password, roles: everyRole });
    await ask('PUT', '/member-classes/GOV', { description: 'as it was' });
    await ask('POST', '/members', { id: 'TEST:GOV:1', name: 'as it was' });
    await ask('POST', '/subsystems', { id: 'TEST:GOV:1:a', name: 'as it was' });
    await ask('POST', '/servers', { id: 'TEST:GOV:1:ss1', address: 'ss1.example' });
    await ask('PUT', '/global-groups/all', { description: 'as it was' });
    await ask('PUT', '/management-service', { providerId: 'TEST:GOV:1:a' });
    const shipped = await registry.ask('GET', '/certificate-profiles/FiVRKCertificateProfileInfoProvider');
    await ask('PUT', '/certificate-profiles/own', { ...fieldsOf(shipped.json), description: 'as it was' });
    const top = { certificate: await makeCertificate('CA', 900), ocspResponders: [] };
    const named = { name: 'as it was', profile: 'FiVRKCertificateProfileInfoProvider' };
    const certification = await ask('POST', '/certification-services', { ...named, top });
    const timestamping = await ask('POST', '/timestamping-services', {
      ...{ name: 'as it was', url: 'http://tsa.example/', certificate: await makeCertificate('TSA', 900) },
    });
    paths['a certification service'] = `/certification-services/${certification.entryId}`;
    paths['a timestamping service'] = `/timestamping-services/${timestamping.entryId}`;
    const { adminUrl } = registry.running;
    [anna, ben] = [await Administrator.signIn(adminUrl, 'anna'), await Administrator.signIn(adminUrl, 'ben')];
  });
  afterAll(async () => {
    await registry.close();
    expect(registry.reported).toEqual([]);
  });

  it.each([
    ...['a member', 'a member class', 'a subsystem', 'a security server', 'a global group', 'the settings'],
    ...['a certification service', 'a timestamping service', 'a certificate profile'],
    ...['what is approved without hands', 'the management service', 'the sign-in settings'],
  ])('lose none of their changes: %s', async (what) => {
    const path = paths[what] ?? '';
    const [seenByAnna, seenByBen] = [await anna.read(path), await ben.read(path)];
    expect(seenByAnna.etag).toMatch(/^"/);
    expect(seenByBen.etag).toBe(seenByAnna.etag);
    const before = fieldsOf(seenByBen.value);
    const changed = change(before);
    const [status] = await anna.put(path, changed, seenByAnna.etag);
    expect([200, 204]).toContain(status);
    expect(await ben.put(path, before, seenByBen.etag)).toEqual([412, 'changed-meanwhile']);
    expect(await ben.put(path, before)).toEqual([428, 'precondition-required']);
    const { value, etag } = await ben.read(path);
    expect(value).toMatchObject(changed);
    expect([200, 204]).toContain((await ben.put(path, before, etag))[0]);
  });
});

/** What can be sent of what was read: a profile says more of itself than anybody sets. */
function fieldsOf(seen: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  if (!('forms' in seen)) return seen;
  const { description, publishedAs, forms } = seen;
  return { description, publishedAs, forms };
}

/** The same thing with one field of it changed, whatever it is. */
function change(seen: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  for (const name of ['name', 'description']) {
    if (name in seen) return { ...seen, [name]: 'changed' };
  }
  if ('validitySeconds' in seen) return { ...seen, validitySeconds: 700 };
  if ('address' in seen) return { ...seen, address: 'changed.example' };
  if ('clientReg' in seen) return { ...seen, clientReg: seen['clientReg'] !== true };
  if ('providerId' in seen) return { ...seen, serviceAddress: 'https://changed.example/' };
  return { ...seen, secondFactorRoles: ['observer'] };
}
