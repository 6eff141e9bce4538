import { generateKeyPair, softwareSigningKey } from '../../../certs/key/index.ts';
import { buildName, type Certificate, createCertificate } from '../../../certs/x509/index.ts';

/** The certificate of an information system. @param name attributes of its subject */
export async function makeSystemCertificate(
  name: Parameters<typeof buildName>[0] = { CN: 'information system' },
): Promise<Certificate> {
  const { privateKey } = await generateKeyPair({ type: 'ec', curve: 'P-256' });
  const key = softwareSigningKey(privateKey);
  const subject = buildName(name);
  const dates = { notBefore: new Date('2020-01-01T00:00:00Z'), notAfter: new Date('2049-01-01T00:00:00Z') };
  const parts = { subject, issuer: subject, publicKey: key.publicKey, serialNumber: 1n, ...dates };
  return createCertificate(parts, key);
}
