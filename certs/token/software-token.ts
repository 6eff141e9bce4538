import { createPrivateKey, type KeyObject, randomBytes, randomUUID } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls';
import { writeFileDurably } from '../file/index.ts';
import {
  type DigestName,
  defaultAlgorithm,
  generateKeyPair,
  type KeySpec,
  type SigningKey,
  softwareSigningKey,
} from '../key/index.ts';
import type { Certificate } from '../x509/index.ts';
import { TokenError } from './error.ts';
import { PinAttempts } from './pin-attempts.ts';
import { checkPin } from './pin-policy.ts';
import { type Derivation, deriveKey, newDerivation, type Sealed, seal, unseal } from './seal.ts';
import type { KeyInfo, Token } from './token.ts';

interface StoredKey {
  readonly id: string;
  readonly label: string;
  readonly spec: KeySpec;
  readonly publicKeyInfo: string;
  readonly createdAt: string;
  readonly privateKey: Sealed;
}

/** `token.json`: worth nothing to a thief without the PIN, who must spend a derivation on every guess. */
interface StoredToken {
  readonly version: 1;
  readonly id: string;
  readonly label: string;
  readonly derivation: Derivation;
  /** Random key that seals the private keys, itself sealed by what the PIN derives. */
  readonly masterKey: Sealed;
  readonly keys: readonly StoredKey[];
}

export interface SoftwareTokenOptions {
  readonly pin: string;
  readonly label: string;
}

/**
 * Makes a token in a folder and leaves it active.
 * @throws TokenError pin-policy; Error when the folder holds a token
 */
export async function createSoftwareToken(
  dir: string,
  { pin, label }: SoftwareTokenOptions,
  now: () => number = Date.now,
): Promise<Token> {
  checkPin(pin);
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const path = join(dir, 'token.json');
  const existing = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (existing !== undefined) throw new Error(`${dir} holds a token already; it is not overwritten`);
  const derivation = newDerivation();
  const masterKey = seal(await deriveKey(pin, derivation), randomBytes(32), 'master');
  const stored: StoredToken = { version: 1, id: randomUUID(), label, derivation, masterKey, keys: [] };
  await writeFileDurably(path, JSON.stringify(stored));
  const token = new SoftwareToken(dir, stored, now);
  await token.activate(pin);
  return token;
}

/** @throws TokenError not-initialized, damaged */
export async function openSoftwareToken(dir: string, now: () => number = Date.now): Promise<Token> {
  let text: string;
  try {
    text = await readFile(join(dir, 'token.json'), 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause;
    throw new TokenError('not-initialized', `${dir} holds no token`, { cause });
  }
  try {
    const stored = JSON.parse(text) as StoredToken;
    if (stored.version !== 1 || !Array.isArray(stored.keys))
      throw new SyntaxError('not a token of version 1');
    return new SoftwareToken(dir, stored, now);
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new TokenError('damaged', `${join(dir, 'token.json')} cannot be read; restore it from a backup`, {
      cause,
    });
  }
}

class SoftwareToken implements Token {
  readonly #dir: string;
  readonly #attempts: PinAttempts;
  #stored: StoredToken;
  #masterKey: Buffer | undefined;
  #saving: Promise<void> = Promise.resolve();
  /** Opened keys by id; empty while the token is not active. */
  readonly #open = new Map<string, KeyObject>();

  constructor(dir: string, stored: StoredToken, now: () => number) {
    this.#dir = dir;
    this.#stored = stored;
    this.#attempts = new PinAttempts(join(dir, 'attempts.json'), now);
  }

  get id(): string {
    return this.#stored.id;
  }

  get label(): string {
    return this.#stored.label;
  }

  isActive(): boolean {
    return this.#masterKey !== undefined;
  }

  async activate(pin: string): Promise<void> {
    const masterKey = await this.#openMasterKey(pin);
    const opened = this.#stored.keys.map(
      ({ id, privateKey }) => [id, openKey(masterKey, id, privateKey)] as const,
    );
    for (const [id, key] of opened) this.#open.set(id, key);
    this.#masterKey = masterKey;
  }

  deactivate(): void {
    this.#masterKey?.fill(0);
    this.#masterKey = undefined;
    this.#open.clear();
  }

  async changePin(pin: string, newPin: string): Promise<void> {
    checkPin(newPin);
    const masterKey = await this.#openMasterKey(pin);
    const derivation = newDerivation();
    const sealed = seal(await deriveKey(newPin, derivation), masterKey, 'master');
    await this.#save(() => ({ derivation, masterKey: sealed }));
  }

  async generateKey(spec: KeySpec, label: string): Promise<KeyInfo> {
    const masterKey = this.#requireActive();
    const { privateKey, publicKey } = await generateKeyPair(spec);
    const id = randomUUID();
    const pkcs8 = privateKey.export({ format: 'der', type: 'pkcs8' });
    const stored: StoredKey = {
      id,
      label,
      spec,
      publicKeyInfo: publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
      createdAt: new Date().toISOString(),
      privateKey: seal(masterKey, pkcs8, id),
    };
    pkcs8.fill(0);
    await this.#save(({ keys }) => ({ keys: [...keys, stored] }));
    this.#open.set(id, privateKey);
    return infoOf(stored);
  }

  listKeys(): readonly KeyInfo[] {
    return this.#stored.keys.map(infoOf);
  }

  signingKey(keyId: string, { digest, pss }: { digest?: DigestName; pss?: boolean } = {}): SigningKey {
    const key = softwareSigningKey(this.#key(keyId));
    const algorithm = defaultAlgorithm(key.publicKey, digest, pss);
    const signing = softwareSigningKey(this.#key(keyId), algorithm);
    return {
      publicKey: key.publicKey,
      algorithm,
      sign: async (data, encoding) => {
        // Looked up for every signature: signing out takes the key from whoever was given it before.
        this.#key(keyId);
        return signing.sign(data, encoding);
      },
    };
  }

  secureContext(
    keyId: string,
    chain: readonly Certificate[],
    options: SecureContextOptions = {},
  ): SecureContext {
    const key = this.#key(keyId).export({ format: 'pem', type: 'pkcs8' });
    const cert = chain.map(({ pem }) => pem).join('');
    // Without any name, OpenSSL breaks off a handshake that takes a session up where certificates are asked for.
    return createSecureContext({ sessionIdContext: 'waygate', ...options, key, cert });
  }

  wrapKey(key: Buffer, purpose: string): string {
    const { nonce, data, tag } = seal(this.#requireActive(), key, wrappedFor(purpose));
    return `${nonce}.${data}.${tag}`;
  }

  unwrapKey(wrapped: string, purpose: string): Buffer {
    const masterKey = this.#requireActive();
    const [nonce, data, tag, ...more] = wrapped.split('.');
    const key =
      nonce === undefined || data === undefined || tag === undefined || more.length > 0
        ? undefined
        : unseal(masterKey, { nonce, data, tag }, wrappedFor(purpose));
    if (key === undefined) {
      throw new TokenError(
        'damaged',
        `A key for '${purpose}' was not wrapped by token '${this.label}', or changed`,
      );
    }
    return key;
  }

  async deleteKey(keyId: string): Promise<void> {
    await this.#save(({ keys }) => {
      const left = keys.filter(({ id }) => id !== keyId);
      if (left.length === keys.length) throw keyNotFound(keyId);
      return { keys: left };
    });
    this.#open.delete(keyId);
  }

  pinLockedUntil(): Promise<Date | undefined> {
    return this.#attempts.lockedUntil();
  }

  #openMasterKey(pin: string): Promise<Buffer> {
    return this.#attempts.enter(async () => {
      const { derivation, masterKey } = this.#stored;
      return unseal(await deriveKey(pin, derivation), masterKey, 'master');
    });
  }

  #requireActive(): Buffer {
    if (this.#masterKey === undefined) {
      throw new TokenError('not-active', `Token '${this.label}' is not signed in: enter its PIN`);
    }
    return this.#masterKey;
  }

  #key(keyId: string): KeyObject {
    this.#requireActive();
    const key = this.#open.get(keyId);
    if (key === undefined) throw keyNotFound(keyId);
    return key;
  }

  /** One change after the other: each is made to what the one before has left, or a key made meanwhile would be lost. */
  #save(change: (stored: StoredToken) => Partial<StoredToken>): Promise<void> {
    const saved = this.#saving.then(async () => {
      const stored = { ...this.#stored, ...change(this.#stored) };
      await writeFileDurably(join(this.#dir, 'token.json'), JSON.stringify(stored));
      this.#stored = stored;
    });
    // Whoever asked is told what failed; the next change does not depend on it.
    this.#saving = saved.catch(() => undefined);
    return saved;
  }
}

function openKey(masterKey: Buffer, id: string, sealed: Sealed): KeyObject {
  const pkcs8 = unseal(masterKey, sealed, id);
  if (pkcs8 === undefined)
    throw new TokenError('damaged', `key ${id} was changed; restore the token from a backup`);
  return createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
}

function infoOf({ id, label, spec, publicKeyInfo, createdAt }: StoredKey): KeyInfo {
  return {
    id,
    label,
    spec,
    publicKeyInfo: Buffer.from(publicKeyInfo, 'base64'),
    createdAt: new Date(createdAt),
  };
}

/** No key of the token itself, which are sealed under their ids, is ever opened as a wrapped one. */
function wrappedFor(purpose: string): string {
  return `wrapped for ${purpose}`;
}

function keyNotFound(keyId: string): TokenError {
  return new TokenError('key-not-found', `There is no key ${keyId} in this token`);
}
