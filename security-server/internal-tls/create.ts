import { randomUUID } from 'node:crypto';
import type { KeySpec } from '../../certs/key/index.ts';
import type { Token } from '../../certs/token/index.ts';
import { buildName, type Certificate, createCertificate } from '../../certs/x509/index.ts';
import { printShort, type ServerId } from '../../gateway/identifier/index.ts';

/** How long it serves, in years; information systems are given it by hand. */
const years = 20;

const label = 'internal TLS';

/**
 * A key with which the server meets information systems, and a certificate that it signs itself.
 * @param names host names and IP addresses under which it is reached
 * @throws TokenError not-active
 */
export async function createInternalCertificate(
  token: Token,
  id: ServerId,
  names: readonly string[],
  now: Date,
  spec: KeySpec = { type: 'ec', curve: 'P-256' },
): Promise<Certificate> {
  const { id: keyId } = await token.generateKey(spec, label);
  const key = token.signingKey(keyId);
  const subject = buildName({ O: printShort(id), CN: id.serverCode });
  return createCertificate(
    {
      ...{ subject, issuer: subject, publicKey: key.publicKey },
      serialNumber: BigInt(`0x${randomUUID().replaceAll('-', '')}`),
      notBefore: now,
      notAfter: new Date(Date.UTC(now.getUTCFullYear() + years, now.getUTCMonth(), 1)),
      keyUsage: ['digitalSignature'],
      subjectAltNames: names,
    },
    key,
  );
}
