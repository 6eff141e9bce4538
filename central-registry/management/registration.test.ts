import { once } from 'node:events';
import { connect } from 'node:net';
import fc from 'fast-check';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readSoapFault } from '../../gateway/fault/index.ts';
import { issueAuthentication, noon } from '../../gateway/trust/testing/small-world.ts';
import { envelopeOf, type HttpBody, type Part } from './testing/compose.ts';
import {
  issueSigner,
  issueTrust,
  type RegistrationChanges,
  registrationOf,
  type Services,
  startServices,
  type Trust,
} from './testing/services.ts';
import { agency, agencyServer, ministry, population, server } from './testing/small-register.ts';

let trust: Trust;
let services: Services;
beforeAll(async () => {
  trust = await issueTrust();
});
beforeEach(async () => {
  services = await startServices(trust);
});
afterEach(async () => {
  await services.close();
  expect(services.reported).toEqual([]);
});

const register = (body: HttpBody) => services.outcome('registration', body);

describe('the registration service', () => {
  it('takes a certificate with both signatures', async () => {
    expect(await register(await registrationOf(trust))).toBe('done 1');
    const [only] = await services.entries();
    expect(only).toMatchObject({ status: 'waiting', origin: 'registration', sender: ministry });
    expect(only?.request).toEqual({
      kind: 'authCertReg',
      server,
      authCert: trust.authentication.certificate.der,
    });
  });

  it('takes the certificate of a server that is not registered yet', async () => {
    const request = { server: { ...server, serverCode: 'ss9' }, address: 'ss9.example' };
    expect(await register(await registrationOf(trust, { request }))).toBe('done 1');
  });

  it('only checks in a dry run', async () => {
    const body = await registrationOf(trust, { request: { dryRun: true } });
    expect(await register(body)).toBe('done 0');
    expect(await services.entries()).toEqual([]);
    const wrong = { request: { dryRun: true }, signed: { owner: Buffer.from('x') } };
    expect(await register(await registrationOf(trust, wrong))).toBe('invalid_signature_value');
  });

  it.each<[string, string, () => Promise<RegistrationChanges> | RegistrationChanges]>([
    [
      'an authentication signature over other bytes',
      'invalid_signature_value',
      () => ({ signed: { authentication: Buffer.from('x') } }),
    ],
    [
      "an owner's signature over other bytes",
      'invalid_signature_value',
      () => ({ signed: { owner: Buffer.from('x') } }),
    ],
    [
      'an authentication signature with another key',
      'invalid_signature_value',
      () => ({ keys: { authentication: trust.ministrySigner.key } }),
    ],
    [
      "an owner's signature with another key",
      'invalid_signature_value',
      () => ({ keys: { owner: trust.authentication.key } }),
    ],
    ['another member as the signer', 'incorrect_certificate', () => ({ owner: trust.agencySigner })],
    ['another member as the sender', 'access_denied', () => ({ sender: agency })],
    [
      'a server of a member who did not sign',
      'incorrect_certificate',
      () => ({ request: { server: agencyServer } }),
    ],
    [
      'another certificate in the body',
      'incorrect_certificate',
      () => ({ request: { authCert: trust.registered } }),
    ],
    [
      'a signing certificate to register',
      'incorrect_certificate',
      () => ({ authentication: trust.agencySigner }),
    ],
    [
      'a certificate to register of an authority that is not approved',
      'cannot_create_cert_path',
      async () => ({ authentication: await issueAuthentication(trust.otherCa) }),
    ],
    [
      'a certificate to register that has expired',
      'invalid_cert_path',
      async () => ({
        authentication: await issueAuthentication(trust.ca, { notAfter: new Date('2026-05-01') }),
      }),
    ],
    [
      "a revoked owner's certificate",
      'cert_validation',
      async () => ({ owner: await issueSigner('1', trust.ca, { status: { kind: 'revoked', at: noon } }) }),
    ],
    ['an address with a port', 'invalid_request', () => ({ request: { address: 'a.example:5500' } })],
  ])('refuses %s', async (_what, code, changes) => {
    expect(await register(await registrationOf(trust, await changes()))).toBe(code);
    expect(await services.entries()).toEqual([]);
  });

  it.each([0, 1, 2, 3, 4, 5])('refuses a message without part %d, or with it twice', async (index) => {
    const without = await registrationOf(trust, { parts: (all) => all.filter((_part, at) => at !== index) });
    expect(await register(without)).not.toMatch(/^done|^status/);
    const twice = await registrationOf(trust, {
      parts: (all) => [...all.slice(0, index + 1), ...all.slice(index)],
    });
    expect(await register(twice)).not.toMatch(/^done|^status/);
    expect(await services.entries()).toEqual([]);
  });

  it('refuses the two signatures in the other order', async () => {
    const body = await registrationOf(trust, {
      parts: ([soap, one, two, ...rest]) => [soap as Part, two as Part, one as Part, ...rest],
    });
    expect(await register(body)).toBe('invalid_signature_value');
  });

  it('refuses another kind of request, with all of its signatures', async () => {
    const envelope = envelopeOf({ kind: 'clientDeletion', server, client: population });
    expect(await register(await registrationOf(trust, { envelope }))).toBe('invalid_request');
  });
});

describe('a listener', () => {
  it('refuses a message with one octet changed, unless nothing that counts has changed', async () => {
    const message = await registrationOf(trust, { id: 'm' });
    const change = fc.tuple(fc.nat(message.bytes.length - 1), fc.integer({ min: 1, max: 255 }));
    await fc.assert(
      fc.asyncProperty(change, async ([at, bits]) => {
        const bytes = Buffer.from(message.bytes);
        bytes[at] = (bytes[at] ?? 0) ^ bits;
        const answer = await register({ ...message, bytes });
        expect(answer).not.toBe('internal_error');
        // Headers of parts are not signed; what is kept is what was signed all the same.
        expect(['done 1', undefined]).toContain(answer.startsWith('done') ? answer : undefined);
      }),
      { numRuns: 500 },
    );
    for (const { request, sender } of await services.entries()) {
      const authCert = trust.authentication.certificate.der;
      expect([request, sender]).toEqual([{ kind: 'authCertReg', server, authCert }, ministry]);
    }
  });

  it('goes on when a sender goes away in the middle', async () => {
    const { port, pathname } = new URL(services.urls.registration);
    const socket = connect(Number(port), '127.0.0.1');
    socket.write(`POST ${pathname} HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n0123456789`);
    await once(socket, 'connect');
    socket.destroy();
    expect(await register(await registrationOf(trust))).toBe('done 1');
  });

  it('takes POST to its own path alone', async () => {
    const { registration, management } = services.urls;
    expect((await fetch(registration)).status).toBe(405);
    for (const url of [`${registration}x`, `${registration}?x`, `${management}r`, new URL('/', management)]) {
      expect((await fetch(url, { method: 'POST', body: 'x' })).status).toBe(404);
    }
  });

  it('takes no more than a request can need', async () => {
    for (const door of ['registration', 'management'] as const) {
      const bytes = Buffer.alloc(64 * 1024 + 1, 'x');
      expect(await services.outcome(door, { contentType: 'text/xml', bytes })).toBe('status 413');
    }
  });

  it('answers whatever it is sent with a fault', async () => {
    const bodies = ['', '<', '<a/>', '--x\r\n\r\n\r\n--x--', '\u0000'];
    const contentTypes = [
      'text/xml',
      'multipart/related; boundary=x',
      'multipart/related',
      'application/json',
      'x',
    ];
    for (const door of ['registration', 'management'] as const) {
      for (const [body, contentType] of bodies.flatMap((one) =>
        contentTypes.map((type) => [one, type] as const),
      )) {
        const { status, bytes } = await services.send(door, { contentType, bytes: Buffer.from(body) });
        expect(status).toBe(500);
        expect(readSoapFault(bytes)?.peerCode).not.toBe('internal_error');
      }
    }
  });
});
