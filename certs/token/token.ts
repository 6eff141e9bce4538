import type { SecureContext, SecureContextOptions } from 'node:tls';
import type { DigestName, KeySpec, SigningKey } from '../key/index.ts';
import type { Certificate } from '../x509/index.ts';

/** What is known of a key without opening the token. */
export interface KeyInfo {
  readonly id: string;
  readonly label: string;
  readonly spec: KeySpec;
  /** DER SubjectPublicKeyInfo. */
  readonly publicKeyInfo: Buffer;
  /** Unknown of keys in devices. */
  readonly createdAt?: Date;
}

/**
 * A place that private keys do not leave: a sealed folder or a device. It gives out signatures and TLS contexts
 * after its PIN was entered.
 */
export interface Token {
  readonly id: string;
  readonly label: string;
  isActive(): boolean;
  /** @throws TokenError pin-incorrect, pin-locked, damaged */
  activate(pin: string): Promise<void>;
  /** When the next PIN will be looked at, after too many that were wrong; a device that does not tell has no such verb. */
  pinLockedUntil?(): Promise<Date | undefined>;
  /** Forgets what the PIN opened; keys handed out before no longer sign. */
  deactivate(): void;
  /** @throws TokenError pin-incorrect, pin-locked, pin-policy, damaged */
  changePin(pin: string, newPin: string): Promise<void>;
  /** @throws TokenError not-active */
  generateKey(spec: KeySpec, label: string): Promise<KeyInfo>;
  listKeys(): readonly KeyInfo[];
  /**
   * @param options digest of its signatures (SHA-512 unless told), and PSS instead of PKCS#1 for RSA
   * @throws TokenError not-active, key-not-found
   */
  signingKey(keyId: string, options?: { readonly digest?: DigestName; readonly pss?: boolean }): SigningKey;
  /**
   * @param chain leaf first, without the trusted root
   * @throws TokenError not-active, key-not-found
   */
  secureContext(keyId: string, chain: readonly Certificate[], options?: SecureContextOptions): SecureContext;
  /**
   * Seals a key that is kept outside, so that it opens with this token alone; another PIN changes nothing.
   * @param purpose what the key is for: it opens for nothing else
   * @throws TokenError not-active
   */
  wrapKey(key: Buffer, purpose: string): string;
  /** @throws TokenError not-active; damaged when it was not wrapped here, or for another purpose */
  unwrapKey(wrapped: string, purpose: string): Buffer;
  /** @throws TokenError key-not-found */
  deleteKey(keyId: string): Promise<void>;
}
