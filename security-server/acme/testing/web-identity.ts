import { randomBytes } from 'node:crypto';
import { generateKeyPair, softwareSigningKey } from '../../../certs/key/index.ts';
import { buildName, createCertificate } from '../../../certs/x509/index.ts';

/** A self-signed certificate for a web server at 127.0.0.1, which is its own root. */
export async function webIdentity(): Promise<{ readonly key: string; readonly cert: string }> {
  const { publicKey, privateKey } = await generateKeyPair({ type: 'ec', curve: 'P-256' });
  const name = buildName({ CN: 'ACME server of a test' });
  const { pem } = await createCertificate(
    {
      ...{ subject: name, issuer: name, publicKey, subjectAltNames: ['127.0.0.1', 'localhost'] },
      serialNumber: BigInt(`0x1${randomBytes(8).toString('hex')}`),
      notBefore: new Date(Date.now() - 3600_000),
      notAfter: new Date(Date.now() + 24 * 3600_000),
    },
    softwareSigningKey(privateKey),
  );
  return { key: String(privateKey.export({ format: 'pem', type: 'pkcs8' })), cert: pem };
}
