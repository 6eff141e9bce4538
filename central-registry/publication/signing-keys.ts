import { randomBytes } from 'node:crypto';
import type { KeySpec } from '../../certs/key/index.ts';
import type { Token } from '../../certs/token/index.ts';
import { buildName, createCertificate } from '../../certs/x509/index.ts';
import type { Act } from '../history/index.ts';
import { addKey, type ConfigurationSource, type Register, removeKey } from '../register/index.ts';

/** Readers take the public key alone from the certificate, so it lives as long as anybody may want to check. */
const certificateYears = 20;

const defaultSpec: KeySpec = { type: 'ec', curve: 'P-256' };

/**
 * Makes a key in the token and takes it into the anchor of `source`. The first key of a source signs at once, a
 * later one after `activateKey`.
 * @returns its name in the token
 * @throws TokenError not-active
 */
export async function createConfigurationKey(
  register: Register,
  token: Token,
  act: Act,
  source: ConfigurationSource,
  now: Date,
  spec: KeySpec = defaultSpec,
): Promise<string> {
  const { id } = await token.generateKey(spec, `${source} configuration`);
  const key = token.signingKey(id);
  const subject = buildName({ CN: `${register.instance} ${source} configuration` });
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
    },
    key,
  );
  await register.change(act, (book) => addKey(book, { source, keyId: id, certificate: der, createdAt: now }));
  return id;
}

/**
 * Takes a former key out of the anchor, then out of the token: a crash between leaves a key that nobody trusts.
 * @throws RegisterError not-found; in-use for the key that signs
 */
export async function deleteConfigurationKey(
  register: Register,
  token: Token,
  act: Act,
  keyId: string,
): Promise<void> {
  await register.change(act, (book) => removeKey(book, keyId));
  await token.deleteKey(keyId);
}
