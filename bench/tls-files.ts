import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { generateKeyPair, type KeySpec, softwareSigningKey } from '../certs/key/index.ts';
import { buildName, createCertificate } from '../certs/x509/index.ts';

/** One key and a certificate that it signed itself, for both ends of the rung with mutual TLS. */
export async function makeTlsFiles(dir: string, name: string, spec: KeySpec) {
  const { privateKey } = await generateKeyPair(spec);
  const key = softwareSigningKey(privateKey);
  const subject = buildName({ CN: 'bench' });
  const certificate = await createCertificate(
    {
      subject,
      issuer: subject,
      publicKey: key.publicKey,
      serialNumber: 1n,
      notBefore: new Date(Date.now() - 60_000),
      notAfter: new Date(Date.now() + 86_400_000),
      basicConstraints: { ca: true },
      subjectAltNames: ['bench'],
    },
    key,
  );
  const files = {
    key: join(dir, `${name}.key`),
    cert: join(dir, `${name}.pem`),
    ca: join(dir, `${name}.pem`),
  };
  await writeFile(files.key, privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 });
  await writeFile(files.cert, certificate.pem);
  return files;
}
