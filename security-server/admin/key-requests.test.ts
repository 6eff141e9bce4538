import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildName, createCertificate, parseCertificate, parseRequest } from '../../certs/x509/index.ts';
import { type AdminWorld, openAdminWorld } from '../testing/admin-world.ts';

let world: AdminWorld;
beforeEach(async () => {
  world = await openAdminWorld();
});
afterEach(() => world.close());

const newKey = async () => (await world.token.generateKey({ type: 'ec', curve: 'P-256' }, 'x')).id;

describe('a request for a certificate', () => {
  it('is written by the profile of the service that it is for, and kept until a certificate comes', async () => {
    const key = await newKey();
    const { status, body } = await world.ask('POST', `/keys/${key}/requests`, {
      service: 'Test',
      use: 'signing',
    });
    expect([status, body]).toMatchObject([201, { format: 'PEM', service: 'Test', use: 'signing' }]);
    expect(parseRequest(Buffer.from(body.request)).subject.describe()).toBe('C=DEV, O=GOV, CN=1');
    expect((await world.ask('GET', `/keys/${key}/requests`)).body).toEqual([body]);
    expect((await world.ask('GET', '/keys')).body.at(-1)).toMatchObject({ id: key, use: 'signing' });
    const certificate = await world.services.authority.issue({
      ...{ request: Buffer.from(body.request), kind: 'signing', profile: 'ejbca' },
      applicant: { instance: 'DEV', memberClass: 'GOV', memberCode: '1', memberName: 'M' },
    });
    expect((await world.ask('POST', '/certificates', { certificate: certificate.pem })).status).toBe(201);
    expect((await world.ask('GET', `/keys/${key}/requests`)).body).toEqual([]);
  });

  it('for authentication names the address of the server, which is proposed before', async () => {
    const query = 'use=authentication&address=ss1.example';
    expect((await world.ask('GET', `/certification-services/Test/proposal?${query}`)).body).toEqual({
      ...{ subject: { C: 'DEV', O: '1', CN: 'ss1' }, subjectAltNames: ['ss1.example'], format: 'PEM' },
    });
    const { body } = await world.ask('POST', `/keys/${await newKey()}/requests`, {
      ...{ service: 'Test', use: 'authentication', address: 'ss1.example', subject: { CN: 'mine' } },
    });
    const { subject, subjectAltNames } = parseRequest(Buffer.from(body.request));
    expect([subject.describe(), subjectAltNames]).toEqual(['CN=mine', ['ss1.example']]);
  });

  it.each([
    [{}, 409, 'subject-needed'],
    [{ service: 'Test' }, 422, 'use-needed'],
    [{ service: 'Nobody', use: 'signing' }, 404, 'unknown-certification-service'],
    [{ service: 'Test', use: 'signing', member: 'DEV:GOV:9' }, 409, 'unknown-member'],
  ])('%o is refused', async (body, status, code) => {
    expect(await world.ask('POST', `/keys/${await newKey()}/requests`, body)).toMatchObject({
      ...{ status, body: { code } },
    });
  });

  it('for one purpose is not made for a key of another, nor for authentication in a device', async () => {
    const key = await newKey();
    await world.ask('POST', `/keys/${key}/requests`, { service: 'Test', use: 'signing' });
    const wanted = { service: 'Test', use: 'authentication' };
    expect((await world.ask('POST', `/keys/${key}/requests`, wanted)).body.code).toBe('key-used-otherwise');
    const { id } = await world.device.generateKey({ type: 'ec', curve: 'P-256' }, 'x');
    expect((await world.ask('POST', `/keys/${id}/requests`, wanted)).body.code).toBe(
      'authentication-key-in-device',
    );
  });
});

describe('internal TLS', () => {
  const path = '/internal-certificate';
  const now = async () => (await world.ask('GET', path)).body;

  it('gets a new key after that was confirmed, and the former one is gone', async () => {
    const former = await now();
    expect(former).toMatchObject({ isSelfSigned: true, names: ['localhost'], keyId: expect.any(String) });
    const wanted = { names: ['ss1.internal', '10.0.0.7'] };
    const refused = await world.ask('POST', `${path}/key`, wanted);
    expect(refused.body).toMatchObject({
      code: 'confirmation-needed',
      warnings: [{ code: 'information-systems-need-it' }],
    });
    expect(await now()).toEqual(former);
    const made = await world.ask('POST', `${path}/key?confirm=information-systems-need-it`, wanted);
    expect([made.status, made.body.names]).toEqual([201, wanted.names]);
    expect(await now()).toEqual(made.body);
    expect(world.token.listKeys().map(({ id }) => id)).toEqual([made.body.keyId]);
    const bad = await world.ask('POST', `${path}/key`, { names: ['a b'] });
    expect(bad.status).toBe(422);
  });

  it('takes a certificate of another authority for its own key alone, while it is valid', async () => {
    const { body } = await world.ask('POST', `${path}/requests`, { subject: { CN: 'ss1.internal' } });
    const { publicKey, subjectAltNames } = parseRequest(Buffer.from(body.request));
    expect(subjectAltNames).toEqual(['localhost']);
    const { id } = await world.token.generateKey({ type: 'ec', curve: 'P-256' }, 'other');
    const issuer = world.token.signingKey(id);
    const issue = (about: typeof publicKey, from: number, to: number) =>
      createCertificate(
        {
          ...{
            subject: buildName({ CN: 'ss1.internal' }),
            issuer: buildName({ CN: 'CA' }),
            serialNumber: 9n,
          },
          ...{ publicKey: about, notBefore: new Date(from), notAfter: new Date(to) },
          subjectAltNames: ['ss1.internal'],
        },
        issuer,
      );
    const { at } = world.services;
    const day = 86_400_000;
    const put = async (certificate: Awaited<ReturnType<typeof issue>>, confirm = '') =>
      world.ask('PUT', `${path}?confirm=${confirm}`, { certificate: certificate.pem });
    const code = async (certificate: Awaited<ReturnType<typeof issue>>) => (await put(certificate)).body.code;
    expect(await code(await issue(issuer.publicKey, at - day, at + day))).toBe('key-used-otherwise');
    expect(await code(await issue(publicKey, at - 2 * day, at - day))).toBe('expired');
    expect(await code(await issue(publicKey, at + day, at + 2 * day))).toBe('not-yet-valid');
    const { publicKey: foreign } = parseCertificate(world.services.authority.caCertificate.der);
    expect(await code(await issue(foreign, at - day, at + day))).toBe('no-such-key');
    const good = await issue(publicKey, at - day, at + day);
    expect(await code(good)).toBe('confirmation-needed');
    expect((await put(good, 'information-systems-need-it')).status).toBe(200);
    expect(await now()).toMatchObject({ isSelfSigned: false, names: ['ss1.internal'] });
  });
});
