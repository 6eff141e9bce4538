import { type SigningKey, signatureAlgorithms, verifySignature } from '../../certs/key/index.ts';
import type { Certificate } from '../../certs/x509/index.ts';

/** A signature that stands beside what it signs. */
export interface DetachedSignature {
  /** Name that the Java platform has for it, such as `SHA512withRSA`. */
  readonly algorithm: string;
  /** ECDSA: DER. */
  readonly value: Buffer;
}

export async function signDetached(key: SigningKey, bytes: Uint8Array): Promise<DetachedSignature> {
  return { algorithm: key.algorithm.javaName, value: await key.sign(bytes, 'der') };
}

/** Whether the certificate's key signed these bytes; an algorithm that is unknown, or not that key's, did not. */
export function verifyDetached(
  { algorithm, value }: DetachedSignature,
  certificate: Certificate,
  bytes: Uint8Array,
): boolean {
  const known = signatureAlgorithms.find(
    ({ javaName }) => javaName.toLowerCase() === algorithm.toLowerCase(),
  );
  return known !== undefined && verifySignature(known, certificate.publicKey, bytes, value);
}
