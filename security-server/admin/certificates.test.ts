import { generateKeyPairSync } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Token } from '../../certs/token/index.ts';
import { buildName, type Certificate, createCertificate, createRequest } from '../../certs/x509/index.ts';
import type { SecurityServer } from '../../gateway/configuration/index.ts';
import { issueAuthority } from '../../gateway/trust/testing/small-world.ts';
import { type AdminWorld, openAdminWorld, serverId } from '../testing/admin-world.ts';
import { member, pin } from '../testing/trust-services.ts';

const day = 86_400_000;
const p256 = { type: 'ec', curve: 'P-256' } as const;

let world: AdminWorld;
beforeEach(async () => {
  world = await openAdminWorld();
});
afterEach(() => world.close());

interface Wanted {
  readonly kind?: 'signing' | 'authentication' | 'tls-server';
  readonly memberCode?: string;
  readonly token?: Token;
  readonly keyId?: string;
  readonly days?: number;
}

async function issue({ kind = 'signing', memberCode = '1', token = world.token, days, keyId }: Wanted = {}) {
  const id = keyId ?? (await token.generateKey(p256, kind)).id;
  const request = await createRequest({ subject: buildName({ CN: 'any' }) }, token.signingKey(id));
  const certificate = await world.services.authority.issue({
    ...{ request, kind, profile: 'ejbca', ...(days !== undefined && { days }) },
    applicant: { instance: 'DEV', memberClass: 'GOV', memberCode, memberName: 'M', serverCode: 'ss1' },
  });
  return { keyId: id, certificate, sha256: certificate.sha256.toString('hex') };
}

const take = (certificate: Certificate) =>
  world.ask('POST', '/certificates', { certificate: certificate.pem });
const get = async (sha256: string) => (await world.ask('GET', `/certificates/${sha256}`)).body;

function registered(certificate: Certificate, serverCode = 'ss1'): void {
  const server = { id: { ...serverId, serverCode }, address: 'ss1.example' } as unknown as SecurityServer;
  world.changes = {
    id: `with ${certificate.sha256.toString('hex')}`,
    serverByAuthCertificate: (one) => (one.sha256.equals(certificate.sha256) ? server : undefined),
  };
}

describe('a certificate that fits', () => {
  it('is taken in, as PEM or DER, and says for whom it is used and that nothing is in its way', async () => {
    const signing = await issue();
    expect(await take(signing.certificate)).toMatchObject({
      status: 201,
      body: {
        use: 'signing',
        member: 'DEV:GOV:1',
        isActive: true,
        isInUse: true,
        reasons: [],
        authority: 'Test',
      },
    });
    const authentication = await issue({ kind: 'authentication' });
    const der = authentication.certificate.der.toString('base64');
    expect((await world.ask('POST', '/certificates', { certificate: der })).body).toMatchObject({
      ...{ use: 'authentication', registration: 'saved' },
      reasons: [{ code: 'not-registered' }],
    });
    expect((await world.ask('GET', '/keys')).body).toMatchObject([
      { use: 'internal-tls' },
      { use: 'signing', certificates: [signing.sha256] },
      { use: 'authentication', certificates: [authentication.sha256] },
    ]);
  });

  it('decides what its key is for, also when another for the same key comes at the same time', async () => {
    const signing = await issue();
    const authentication = await issue({ kind: 'authentication', keyId: signing.keyId });
    const answers = await Promise.all([take(signing.certificate), take(authentication.certificate)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409]);
    expect(answers.find(({ status }) => status === 409)?.body.code).toBe('key-used-otherwise');
    expect((await world.ask('GET', '/certificates')).body).toHaveLength(1);
  });

  it('in a device signs; one for authentication does not go there', async () => {
    expect(await take((await issue({ token: world.device })).certificate)).toMatchObject({
      ...{ status: 201, body: { tokenId: world.device.id } },
    });
  });

  it('of another member with a client here is taken in', async () => {
    const id = { ...member, kind: 'SUBSYSTEM', memberCode: '2', subsystemCode: 'x' } as const;
    await world.settings.putClient({
      id,
      status: 'saved',
      connectionType: 'NOSSL',
      certificates: [],
    } as never);
    expect(await take((await issue({ memberCode: '2' })).certificate)).toMatchObject({ status: 201 });
  });
});

describe('a certificate that does not fit says in which way', () => {
  const refusals: Readonly<Record<string, () => Promise<Certificate>>> = {
    'no-such-key': async () => {
      const { keyId, certificate } = await issue();
      await world.token.deleteKey(keyId);
      return certificate;
    },
    'no-purpose': async () => selfMade([]),
    'both-purposes': async () => selfMade(['digitalSignature', 'nonRepudiation']),
    'authentication-key-in-device': async () =>
      (await issue({ kind: 'authentication', token: world.device })).certificate,
    expired: async () => {
      const { certificate } = await issue({ days: 1 });
      world.services.at += 2 * day;
      return certificate;
    },
    'not-yet-valid': async () => {
      const { certificate } = await issue();
      world.services.at -= 2 * day;
      return certificate;
    },
    'authority-not-approved': async () => selfMade(['nonRepudiation']),
    'not-issued-by-authority': async () =>
      selfMade(['nonRepudiation'], world.services.authority.caCertificate.subject),
    'authority-authentication-only': async () => {
      const { certificate } = await issue();
      const all = world.services.configuration.approvedCas('DEV', certificate.issuer.der);
      world.changes = { approvedCas: () => all.map((one) => ({ ...one, authenticationOnly: true })) };
      return certificate;
    },
    'other-member': async () => (await issue({ memberCode: '2' })).certificate,
    'subject-unreadable': async () => {
      const { certificate } = await issue();
      const all = world.services.configuration.approvedCas('DEV', certificate.issuer.der);
      world.changes = {
        approvedCas: () => all.map((one) => ({ ...one, profile: 'BasicCertificateProfileInfoProvider' })),
      };
      return certificate;
    },
    'other-server': async () => {
      const { certificate } = await issue({ kind: 'authentication' });
      registered(certificate, 'ss2');
      return certificate;
    },
    'already-there': async () => {
      const { certificate } = await issue();
      expect((await take(certificate)).status).toBe(201);
      return certificate;
    },
    'key-used-otherwise': async () => {
      const { keyId, certificate } = await issue();
      expect((await take(certificate)).status).toBe(201);
      return (await issue({ keyId, kind: 'authentication' })).certificate;
    },
    revoked: async () => {
      const { certificate } = await issue();
      await world.services.authority.revoke(certificate.serialNumber);
      return certificate;
    },
  };

  async function selfMade(keyUsage: readonly string[], issuer = buildName({ CN: 'Elsewhere' })) {
    const { id } = await world.token.generateKey(p256, 'x');
    const stranger = await issueAuthority('Elsewhere');
    return createCertificate(
      {
        ...{ subject: buildName({ C: 'DEV', O: 'GOV', CN: '1' }), issuer, serialNumber: 7n },
        publicKey: world.token.signingKey(id).publicKey,
        notBefore: new Date(world.services.at - day),
        notAfter: new Date(world.services.at + day),
        keyUsage: keyUsage as never,
      },
      stranger.key,
    );
  }

  it.each(Object.keys(refusals))('%s', async (code) => {
    const certificate = await refusals[code]?.();
    const { status, body } = await take(certificate as Certificate);
    expect([status, body.code]).toEqual([409, code]);
    expect(body.detail).toMatch(/^Found: .+ Expected: .+\. .+\.$/s);
  });

  it('weak-key', async () => {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const publicKeyInfo = publicKey.export({ format: 'der', type: 'spki' });
    const foreign = {
      id: 'old',
      label: 'old',
      isActive: () => true,
      listKeys: () => [{ id: 'k', publicKeyInfo }],
    };
    world.tokens.push(foreign as unknown as Token);
    const stranger = await issueAuthority('Elsewhere');
    const name = buildName({ CN: 'x' });
    const [notBefore, notAfter] = [new Date(world.services.at - day), new Date(world.services.at + day)];
    const certificate = await createCertificate(
      {
        subject: name,
        issuer: name,
        serialNumber: 7n,
        publicKey,
        notBefore,
        notAfter,
        keyUsage: ['nonRepudiation'],
      },
      stranger.key,
    );
    expect((await take(certificate)).body.code).toBe('weak-key');
    expect((await world.ask('POST', '/certificates', { certificate: 'AAAA' })).body.code).toBe(
      'certificate-malformed',
    );
  });

  it('and is not refused because nobody answers for its status', async () => {
    world.services.isDown = true;
    const { sha256, certificate } = await issue();
    expect(await take(certificate)).toMatchObject({
      status: 201,
      body: { reasons: [{ code: 'no-status' }] },
    });
    expect((await get(sha256)).isInUse).toBe(false);
  });
});

describe('why a certificate does not serve', () => {
  it('is shown for each, all reasons at once', async () => {
    const { sha256, certificate } = await issue({ days: 1 });
    await take(certificate);
    await world.ask('PUT', `/certificates/${sha256}/activity?confirm=last-active-certificate`, {
      isActive: false,
    });
    world.token.deactivate();
    world.services.at += 2 * day;
    const codes = (await get(sha256)).reasons.map(({ code }: { code: string }) => code);
    expect(codes).toEqual(['switched-off', 'expired', 'no-status', 'token-signed-out']);
    await world.token.activate(pin);
  });

  it('names the one that was revoked later, and a key that is gone', async () => {
    const revoked = await issue();
    await take(revoked.certificate);
    await world.services.authority.revoke(revoked.certificate.serialNumber);
    world.services.at += day / 2;
    await world.signer.refresh();
    expect((await get(revoked.sha256)).reasons).toMatchObject([{ code: 'revoked' }]);
    const gone = await issue();
    await take(gone.certificate);
    await world.token.deleteKey(gone.keyId);
    expect((await get(gone.sha256)).reasons).toMatchObject([{ code: 'key-missing' }]);
  });
});

describe('certificates for authentication', () => {
  it('while they are replaced: the registered one is used until it is switched off, then the next', async () => {
    const [first, second] = [
      await issue({ kind: 'authentication' }),
      await issue({ kind: 'authentication' }),
    ];
    await take(first.certificate);
    await take(second.certificate);
    for (const [is, other] of [
      [first, second],
      [second, first],
    ] as const) {
      registered(is.certificate);
      expect((await world.signer.authenticationIdentity()).chain[0]?.der).toEqual(is.certificate.der);
      expect((await get(is.sha256)).isInUse).toBe(true);
      expect(await get(other.sha256)).toMatchObject({
        isInUse: false,
        reasons: [{ code: 'not-registered' }],
      });
    }
    await world.ask('PUT', `/certificates/${second.sha256}/activity`, { isActive: false });
    expect((await world.signer.authenticationIdentity()).chain[0]?.der).toEqual(first.certificate.der);
  });

  it('say how their registration stands', async () => {
    const { sha256, certificate } = await issue({ kind: 'authentication' });
    await take(certificate);
    const state = async () => (await get(sha256)).registration;
    const sent = (kind: string, status: string) =>
      world.requests.unshift({
        request: { kind, server: serverId, authCert: certificate.der },
        ...{ status, changedAt: world.services.now() },
      } as never);
    expect(await state()).toBe('saved');
    sent('authCertReg', 'declined');
    expect(await state()).toBe('saved');
    sent('authCertReg', 'waiting');
    expect(await state()).toBe('registration-in-progress');
    sent('authCertReg', 'approved');
    registered(certificate);
    expect(await state()).toBe('registered');
    world.changes = {};
    expect(await state()).toBe('registration-in-progress');
    world.services.at += 3_600_000;
    expect(await state()).toBe('withdrawn');
    registered(certificate);
    sent('authCertDeletion', 'approved');
    expect(await state()).toBe('deletion-in-progress');
    world.changes = {};
    expect(await state()).toBe('saved');
  });
});

describe('keys', () => {
  it('go with their certificates, after what ends was confirmed', async () => {
    const { keyId, sha256, certificate } = await issue();
    await take(certificate);
    const refused = await world.ask('DELETE', `/keys/${keyId}`);
    expect(refused.status).toBe(409);
    expect(refused.body.warnings.map(({ code }: { code: string }) => code)).toEqual([
      ...['certificates-go', 'last-active-certificate'],
    ]);
    const confirm = 'certificates-go,last-active-certificate';
    expect((await world.ask('DELETE', `/keys/${keyId}?confirm=${confirm}`)).status).toBe(204);
    expect((await world.ask('GET', `/certificates/${sha256}`)).status).toBe(404);
    expect(world.token.listKeys().some(({ id }) => id === keyId)).toBe(false);
    expect((await world.ask('DELETE', `/keys/${keyId}`)).status).toBe(404);
  });

  it('that are registered, in use for internal TLS, or behind a PIN are not lost by mistake', async () => {
    const { keyId, certificate } = await issue({ kind: 'authentication' });
    await take(certificate);
    registered(certificate);
    const { body } = await world.ask(
      'DELETE',
      `/keys/${keyId}?confirm=certificates-go,last-active-certificate`,
    );
    expect(body.warnings).toMatchObject([{ code: 'registered-certificate' }]);
    const internal = (await world.ask('GET', '/internal-certificate')).body.keyId;
    expect((await world.ask('DELETE', `/keys/${internal}`)).body.code).toBe('key-in-use');
    const { id } = await world.device.generateKey(p256, 'unused');
    world.device.deactivate();
    expect((await world.ask('DELETE', `/keys/${id}`)).body.code).toBe('not-active');
    await world.device.activate(pin);
    expect((await world.ask('DELETE', `/keys/${id}`)).status).toBe(204);
  });
});
