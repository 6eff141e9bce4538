import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildName, createRequest, parseRequest } from '../../certs/x509/index.ts';
import { Visitor } from '../../gateway/console/testing/visitor.ts';
import { putOwnCertificate } from '../signer/index.ts';
import { type AdminWorld, openAdminWorld } from '../testing/admin-world.ts';
import { member, pin } from '../testing/trust-services.ts';
import { createServerConsole } from './index.ts';

let world: AdminWorld;
let visitor: Visitor;
let console: ReturnType<typeof createServerConsole>;
let faults: unknown[];

beforeEach(async () => {
  world = await openAdminWorld();
  faults = [];
  console = createServerConsole({
    ...{ instance: 'DEV/GOV/1/ss1', version: '1', api: world.api, now: world.services.now },
    report: (error) => faults.push(error),
  });
  visitor = new Visitor(console);
});
afterEach(async () => {
  await world.close();
  expect(faults).toEqual([]);
});

/** Posts a form with files, as a browser does. */
async function upload(path: string, files: Readonly<Record<string, Uint8Array | string>>) {
  const form = new FormData();
  form.set('_csrf', visitor.token);
  for (const [name, content] of Object.entries(files))
    form.set(name, new File([content as never], `${name}.bin`));
  const headers = { origin: 'http://localhost', 'sec-fetch-site': 'same-origin' };
  const response = await console.fetch(
    new Request(`http://localhost${path}`, { method: 'POST', body: form, headers }),
  );
  return { status: response.status, location: response.headers.get('location'), html: await response.text() };
}

describe('the pages of tokens', () => {
  it('bring a wrong PIN back as a form, without it, and sign in with the right one', async () => {
    world.token.deactivate();
    expect((await visitor.get('/tokens')).html).toContain('waits for its PIN');
    await visitor.get('/tokens/software');
    const wrong = await visitor.post('/tokens/software/sign-in', { pin: 'a-wrong-guess-7' });
    expect([wrong.status, wrong.html.includes('The PIN is not right.')]).toEqual([422, true]);
    expect(wrong.html).not.toContain('a-wrong-guess-7');
    const right = await visitor.post('/tokens/software/sign-in', { pin });
    expect(right.location).toBe('/tokens/software?done=signed-in');
    expect(world.token.isActive()).toBe(true);
  });

  it('change a PIN that is typed twice alike and is hard to guess', async () => {
    await visitor.get('/tokens/software/pin');
    const change = (newPin: string, newPinAgain: string) =>
      visitor.post('/tokens/software/pin', { pin, newPin, newPinAgain });
    expect((await change('Another-Horse-8', 'Another-Horse-9')).status).toBe(422);
    const easy = await change('12345678', '12345678');
    expect([easy.status, easy.html.includes('href="#field-newPin"')]).toEqual([422, true]);
    expect((await change('Another-Horse-8', 'Another-Horse-8')).location).toBe(
      '/tokens/software?done=pin-changed',
    );
  });

  it('sign out when that is meant', async () => {
    await visitor.get('/tokens/software/sign-out');
    expect((await visitor.post('/tokens/software/sign-out', {})).status).toBe(422);
    expect(world.token.isActive()).toBe(true);
    await visitor.post('/tokens/software/sign-out', { confirmed: 'yes' });
    expect(world.token.isActive()).toBe(false);
  });
});

describe('from a key to a certificate', () => {
  it('leads through key, authority and request to the certificate, which is uploaded as DER', async () => {
    await visitor.get('/keys/new');
    const made = await visitor.post('/keys/new', {
      ...{ use: 'signing', tokenId: world.token.id, label: 'mine', spec: 'P-256' },
    });
    const path = /^(\/keys\/[^/]+)\/request\?use=signing$/.exec(made.location ?? '')?.[1] ?? '';
    const proposed = await visitor.get(`${path}/request?use=signing&service=Test&member=DEV:GOV:1`);
    expect(proposed.html).toMatch(/name="CN"[^>]*value="1"/);
    const fields = { use: 'signing', service: 'Test', member: 'DEV:GOV:1', address: '' };
    const asked = await visitor.post(`${path}/request`, { ...fields, C: 'DEV', O: 'GOV', CN: '1' });
    expect(asked.location).toBe(`${path}?done=requested`);
    const request = Buffer.from((await visitor.get(`${path}/request-file`)).html);
    expect(parseRequest(request).subject.describe()).toBe('C=DEV, O=GOV, CN=1');
    const { der } = await world.services.authority.issue({
      ...{ request, kind: 'signing', profile: 'ejbca' },
      applicant: { instance: 'DEV', memberClass: 'GOV', memberCode: '1', memberName: 'M' },
    });
    await visitor.get('/certificates/import');
    const taken = await upload('/certificates/import', { certificate: der });
    expect(taken.location).toMatch(/^\/certificates\/[0-9a-f]{64}\?done=imported$/);
    expect((await visitor.get(taken.location ?? '')).html).toContain('in use');
  });

  it('says why a certificate does not fit, and why one does not serve', async () => {
    await visitor.get('/certificates/import');
    expect((await upload('/certificates/import', { certificate: '' })).status).toBe(422);
    const { certificate, keyId } = await world.services.issue({
      ...{ kind: 'MEMBER', instance: 'DEV', memberClass: 'GOV', memberCode: '2' },
    });
    const refused = await upload('/certificates/import', { certificate: certificate.pem });
    expect([refused.status, refused.html.includes('a signing certificate of DEV:GOV:2')]).toEqual([
      422,
      true,
    ]);
    const request = await createRequest({ subject: buildName({ CN: 'x' }) }, world.token.signingKey(keyId));
    const own = await world.services.authority.issue({
      ...{ request, kind: 'signing', profile: 'ejbca' },
      applicant: { instance: 'DEV', memberClass: 'GOV', memberCode: '1', memberName: 'M' },
    });
    const { location } = await upload('/certificates/import', { certificate: own.pem });
    const path = (location ?? '').replace(/\?.*/, '');
    await visitor.get(`${path}/switch-off`);
    const asked = await visitor.post(`${path}/switch-off`, { confirmed: 'yes' });
    expect([asked.status, asked.html.includes('last-active-certificate')]).toEqual([422, true]);
    await visitor.post(`${path}/switch-off`, { confirmed: 'yes', _confirm: 'last-active-certificate' });
    expect((await visitor.get(path)).html).toContain('Switch it on.');
  });

  it('shows when a certificate renews itself, what came in between, and the way to renew it now', async () => {
    const { certificate, keyId } = await world.services.issue(member);
    const sha256 = certificate.sha256.toString('hex');
    await putOwnCertificate(world.settings.db, {
      ...{ use: 'signing', tokenId: world.token.id, keyId, certificate, intermediates: [], isActive: true },
      member,
    });
    expect((await visitor.get(`/certificates/${sha256}`)).html).not.toContain('Renewal');
    const at = new Date('2026-11-01T00:00:00Z');
    world.renewals.push({
      ...{ certificate: sha256, use: 'signing', stage: 'ordering', dueAt: at, dueBy: 'age', since: at },
      ...{ failures: 2, nextAt: at },
      trouble: { code: 'account-closed', text: 'the account is deactivated', remedy: 'ask them', at },
    });
    const shown = (await visitor.get(`/certificates/${sha256}`)).html;
    for (const text of ['being ordered', 'account-closed', 'ask them', 'Next attempt']) {
      expect(shown).toContain(text);
    }
    // Its authority takes no orders: nothing is offered that would be refused.
    expect(shown).not.toContain('/renew"');
    expect((await visitor.get('/certificates')).html).toContain('renewal fails');
    const acmeServer = { directoryUrl: 'https://ca.example/directory' };
    const shared = world.services.configuration.shared('DEV');
    if (shared === undefined) throw new Error('there is no such instance');
    const approvedCas = shared.approvedCas.map((ca) => ({ ...ca, acmeServer }));
    world.changes = { shared: () => ({ ...shared, approvedCas }) };
    expect((await visitor.get(`/certificates/${sha256}`)).html).toContain(`/certificates/${sha256}/renew"`);
    expect((await visitor.get(`/certificates/${sha256}/renew`)).html).toContain('A new key is made');
  });

  it('client-side path traversal: an address of a page asks the API for a key or a certificate, or for nothing', async () => {
    for (const name of ['..%2fusers', '..%2f..%2fapi%2fv1%2fusers', '..%5cusers']) {
      for (const path of [`/keys/${name}`, `/certificates/${name}`, `/tokens/${name}`, `/requests/${name}`]) {
        const { status } = await visitor.get(path);
        expect([path, status >= 400]).toEqual([path, true]);
      }
    }
  });
});

describe('internal TLS', () => {
  it('gets a new key for names when that is meant, and imports nothing that is of another key', async () => {
    await visitor.get('/internal-tls/new-key');
    const path = '/internal-tls/new-key';
    expect((await visitor.post(path, { names: 'ss1.internal 10.0.0.7' })).status).toBe(422);
    const made = await visitor.post(path, { names: 'ss1.internal 10.0.0.7', confirmed: 'yes' });
    expect(made.location).toBe('/internal-tls?done=made');
    expect((await visitor.get('/internal-tls')).html).toContain('ss1.internal, 10.0.0.7');
    const stranger = world.services.authority.caCertificate.pem;
    await visitor.get('/internal-tls/import');
    expect((await upload('/internal-tls/import', { certificate: stranger })).status).toBe(422);
  });
});
