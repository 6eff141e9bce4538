import { createHash, generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:https';
import { afterEach, describe, expect, it } from 'vitest';
import { softwareSigningKey } from '../../certs/key/index.ts';
import { buildName, createCertificate } from '../../certs/x509/index.ts';
import { type Listening, listen } from '../../gateway/http/index.ts';
import type { InvitationClaims } from '../../gateway/joining/index.ts';
import { registryLink } from './registry-link.ts';

const secret = 's'.repeat(43);
const redemption = { invitation: 'i', secret, address: 'a', subsystems: [{ code: 'x' }] };
let listening: Listening | undefined;
afterEach(() => listening?.close(0));

interface Asked {
  readonly path: string | undefined;
  readonly authorization: string | undefined;
  readonly body: string;
}

/** A registry that answers everything alike. */
async function registry(status: number, answer: string) {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const subject = buildName({ CN: 'registration' });
  const notBefore = new Date(Date.now() - 1000);
  const notAfter = new Date(Date.now() + 3_600_000);
  const { pem, der } = await createCertificate(
    { subject, issuer: subject, publicKey, serialNumber: 1n, notBefore, notAfter },
    softwareSigningKey(privateKey),
  );
  const asked: Asked[] = [];
  const key = privateKey.export({ format: 'pem', type: 'pkcs8' });
  const server = createServer({ key, cert: pem }, (incoming, response) => {
    let body = '';
    incoming.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    incoming.on('end', () => {
      asked.push({ path: incoming.url, authorization: incoming.headers.authorization, body });
      response.writeHead(status).end(answer);
    });
  });
  listening = await listen(server, '127.0.0.1', 0, 'none');
  const claims = {
    jti: 'j'.repeat(22),
    registrationUrl: `https://127.0.0.1:${listening.port}/managementservice/`,
    registrationCertificateSha256: createHash('sha256').update(der).digest('hex'),
  } as InvitationClaims;
  return { asked, claims };
}

describe('a joining server', () => {
  it('sends nothing to who shows another certificate than the invitation names', async () => {
    const { asked, claims } = await registry(200, '{}');
    const other = { ...claims, registrationCertificateSha256: '0'.repeat(64) };
    await expect(registryLink(other, secret).redeem(redemption)).rejects.toMatchObject({
      code: 'SslAuthenticationFailed',
    });
    expect(asked).toEqual([]);
  });

  it('shows its secret only after redemption, and only as it is needed', async () => {
    const { asked, claims } = await registry(200, '{"requests":[]}');
    expect(await registryLink(claims, secret).report([])).toEqual({ requests: [] });
    expect(asked).toMatchObject([
      { path: '/joining/progress', authorization: `Bearer ${claims.jti}.${secret}`, body: '{"steps":[]}' },
    ]);
  });

  it.each([
    [409, '{"code":"invitation-used","detail":"d"}', 'refused', 'invitation-used: d'],
    [429, '{"code":"too-often","detail":"d"}', 'failed', 'too-often'],
    [500, '', 'failed', '500'],
    [200, '{"anchor":1}', 'failed', '200'],
    [200, '<html>', 'failed', '200'],
    [200, 'null', 'failed', '200'],
  ])('understands %i with %s', async (status, answer, code, message) => {
    const { claims } = await registry(status, answer);
    const redeeming = registryLink(claims, secret).redeem(redemption);
    await expect(redeeming).rejects.toMatchObject({ code });
    await expect(redeeming).rejects.toThrow(message);
  });

  it('takes no answer without end', async () => {
    const { claims } = await registry(200, 'x'.repeat(2_000_000));
    await expect(registryLink(claims, secret).redeem(redemption)).rejects.toMatchObject({
      code: 'InvalidMessage',
    });
  });
});
