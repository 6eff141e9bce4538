import { randomBytes } from 'node:crypto';
import type { SecureContext } from 'node:tls';
import type { Token } from '../../certs/token/index.ts';
import { buildName, createCertificate, parseCertificate } from '../../certs/x509/index.ts';
import {
  type Register,
  readRegistrationCertificate,
  readSettings,
  writeRegistrationCertificate,
} from '../register/index.ts';

/** Servers compare it byte by byte with the one in their configuration, so nothing is gained by a short life. */
const certificateYears = 20;

/**
 * Makes the certificate with which the registration service shows itself, unless it was made; its key stays in the
 * token.
 * @throws TokenError not-active
 */
export async function ensureRegistrationCertificate(
  register: Register,
  token: Token,
  now: Date,
): Promise<void> {
  if ((await register.read(readRegistrationCertificate)) !== undefined) return;
  const { address } = await register.read(readSettings);
  const { id } = await token.generateKey({ type: 'ec', curve: 'P-256' }, 'registration service');
  const key = token.signingKey(id);
  const subject = buildName({ O: register.instance, CN: 'registration service' });
  const notAfter = new Date(now);
  notAfter.setUTCFullYear(now.getUTCFullYear() + certificateYears);
  const { der } = await createCertificate(
    {
      subject,
      issuer: subject,
      publicKey: key.publicKey,
      // The top bit clear and the next one set: positive, and never short.
      serialNumber: (BigInt(`0x${randomBytes(16).toString('hex')}`) >> 2n) | (1n << 125n),
      notBefore: now,
      notAfter,
      keyUsage: ['digitalSignature'],
      subjectAltNames: [address],
    },
    key,
  );
  await register.change({ by: 'system', why: 'the registration service needs a certificate' }, (book) =>
    writeRegistrationCertificate(book, der),
  );
}

/**
 * The TLS context of the registration service.
 * @throws Error without its certificate or key; TokenError not-active
 */
export async function registrationContext(register: Register, token: Token): Promise<SecureContext> {
  const der = await register.read(readRegistrationCertificate);
  if (der === undefined) throw new Error('the registration service has no certificate');
  const certificate = parseCertificate(der);
  const key = token.listKeys().find(({ publicKeyInfo }) => publicKeyInfo.equals(certificate.publicKeyInfo));
  if (key === undefined) {
    throw new Error(
      'the key of the registration service is not in the token: restore the token from a backup',
    );
  }
  return token.secureContext(key.id, [certificate], { minVersion: 'TLSv1.2' });
}
