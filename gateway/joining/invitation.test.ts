import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { exportJWK, type JWTHeaderParameters, SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import {
  type InvitationClaims,
  type InvitationError,
  invitationAlgorithm,
  invitationType,
  readInvitation,
  verifyInvitation,
} from './index.ts';

const now = new Date('2026-01-01T00:00:00Z');
const iat = now.getTime() / 1000;
const claims: InvitationClaims = {
  jti: 'a'.repeat(22),
  iat,
  exp: iat + 3600,
  iss: 'TEST',
  member: { memberClass: 'GOV', memberCode: '1003', name: 'Agency' },
  serverCode: 'ss1',
  configurationUrl: 'http://registry.example.org/internalconf',
  anchorSha256: '0'.repeat(64),
  registrationUrl: 'https://registry.example.org:4001/managementservice/',
  registrationCertificateSha256: '1'.repeat(64),
};
const keys = generateKeyPairSync('ed25519');

async function sign(
  more: Partial<JWTHeaderParameters> = {},
  payload: object = claims,
  key: KeyObject = keys.privateKey,
): Promise<string> {
  const jwk = await exportJWK(keys.publicKey);
  return new SignJWT({ ...payload })
    .setProtectedHeader({ alg: invitationAlgorithm, typ: invitationType, jwk, ...more })
    .sign(key);
}

const outcome = (text: string, at = now, key: KeyObject = keys.publicKey) =>
  Promise.all(
    [readInvitation(text, at), verifyInvitation(text, at, key)].map((one) =>
      one.then(
        () => 'good',
        (error: InvitationError) => error.code,
      ),
    ),
  );

describe('an invitation', () => {
  it('is read by its receiver, and verified by its registry', async () => {
    const text = await sign();
    expect(await readInvitation(`\n${text}\n`, now)).toEqual(claims);
    expect(await outcome(text)).toEqual(['good', 'good']);
  });

  it('that expired says so', async () => {
    expect(await outcome(await sign(), new Date(now.getTime() + 3_600_000))).toEqual(['expired', 'expired']);
  });

  it('of another key is whole to its receiver, and none to the registry', async () => {
    const other = generateKeyPairSync('ed25519');
    expect(await outcome(await sign(), now, other.publicKey)).toEqual(['good', 'malformed']);
  });

  it('is refused when any character of it is another', async () => {
    const text = await sign();
    for (let at = 0; at < text.length; at += 1) {
      const flipped = text[at] === 'A' ? 'B' : 'A';
      const changed = `${text.slice(0, at)}${flipped}${text.slice(at + 1)}`;
      const code = await verifyInvitation(changed, now, keys.publicKey).then(
        // The last character of a part may carry bits that say nothing.
        (read) => (JSON.stringify(read) === JSON.stringify(claims) ? 'malformed' : 'changed'),
        (error: InvitationError) => error.code,
      );
      expect(code, `character ${at}`).toBe('malformed');
    }
  });

  it('with `alg: none`, or an algorithm of its own choice, is refused', async () => {
    const [, payload, signature] = (await sign()).split('.');
    const jwk = await exportJWK(keys.publicKey);
    for (const alg of ['none', 'None', 'HS256', 'ES256', '']) {
      const header = Buffer.from(JSON.stringify({ alg, typ: invitationType, jwk })).toString('base64url');
      for (const end of ['', signature]) {
        expect(await outcome(`${header}.${payload}.${end}`)).toEqual(['malformed', 'malformed']);
      }
    }
  });

  it.each([
    ['of another type', { typ: 'JWT' }],
    ['of no type', { typ: undefined }],
    ['that demands more', { crit: ['b64'], b64: false }],
  ])('%s is refused', async (_, header) => {
    const text = await sign(header as never).catch(() => 'x.y.z');
    expect(await outcome(text)).toEqual(['malformed', 'malformed']);
  });

  it.each([
    ['no expiry', { exp: undefined }],
    ['no identifier', { jti: undefined }],
    ['a script for an address', { registrationUrl: 'javascript:alert(1)' }],
    ['a file for an address', { configurationUrl: 'file:///etc/passwd' }],
    ['a code without end', { serverCode: 'x'.repeat(300) }],
    ['a hash that is none', { anchorSha256: 'z' }],
  ])('with %s is refused', async (_, more) => {
    const text = await sign({}, { ...claims, ...more });
    expect(await outcome(text)).toEqual(['malformed', 'malformed']);
  });

  it.each(['', '.', '..', 'a.b.c', 'x'.repeat(100_000), `${'a'.repeat(9000)}.b.c`, '{}', 'a.b.c.d.e'])(
    'is not any other text: %.20s',
    async (text) => {
      expect(await outcome(text)).toEqual(['malformed', 'malformed']);
    },
  );
});
