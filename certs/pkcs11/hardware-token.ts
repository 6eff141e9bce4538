import { createPublicKey, type JsonWebKeyInput, type KeyObject, randomBytes } from 'node:crypto';
import type { SecureContext } from 'node:tls';
import { integer, nullValue, octetString, oid, sequence } from '../der/index.ts';
import {
  type DigestName,
  defaultAlgorithm,
  digestAlgorithms,
  digestOf,
  KeyError,
  type KeySpec,
  type SignatureAlgorithm,
  type SignatureEncoding,
  type SigningKey,
} from '../key/index.ts';
import { type KeyInfo, type Token, TokenError, type TokenErrorCode } from '../token/index.ts';
import type { Certificate } from '../x509/index.ts';
import { DevicePins, type PinEntry } from './device-pins.ts';
import type { Pkcs11Module } from './module.ts';
import {
  DeviceError,
  type DeviceErrorCode,
  type FoundKey,
  type FoundToken,
  type SigningInput,
} from './wire.ts';

export interface HardwareTokenOptions {
  readonly module: Pkcs11Module;
  /** Serial number of the token; needed when the module has more than one. */
  readonly serial?: string;
  /** Label of the token, in place of its serial number. */
  readonly label?: string;
  /** How many signatures the device makes at a time; 4 unless told. */
  readonly sessions?: number;
  /** RSA keys sign with PSS unless the caller says otherwise; PKCS#1 v1.5 unless told. */
  readonly pss?: boolean;
  /** Pause before a lost device is looked for again. Milliseconds; 5 seconds unless told. */
  readonly retryMs?: number;
  /** Path of the count of wrong PINs, by the token's id; as long as the program lasts unless told. */
  readonly pinsPath?: (id: string) => string;
  /** Told when the device went away, when it is back, and when its PIN was refused on its return. */
  readonly onChange?: (state: 'lost' | 'back' | 'refused', error?: Error) => void;
}

/** `locked-here`: we send no more PINs until one more try is allowed; `locked-by-device`: it takes none. */
export type PinState = 'open' | 'locked-here' | 'locked-by-device';

/** Times that one thing is asked of a device that signs in each time and is lost again: no more, or it never ends. */
const maxAsked = 3;

interface KnownKey {
  readonly info: KeyInfo;
  readonly publicKey: KeyObject;
}

/**
 * A token in a device of its own, used through its PKCS#11 module. It signs; keys for TLS and for sealing stay in the
 * software token, as in X-Road, for a handshake and a record cannot wait for a device.
 */
export class HardwareToken implements Token {
  readonly id: string;
  readonly label: string;
  readonly #options: HardwareTokenOptions;
  readonly #serial: string;
  readonly #pins: DevicePins;
  #isLockedByDevice: boolean;
  #keys = new Map<string, KnownKey>();
  /** While it is signed in: a device that comes back is signed in to again without anybody at hand. */
  #pin: string | undefined;
  #isLost = false;
  #signIns = 0;
  #retry: NodeJS.Timeout | undefined;
  #signingIn: Promise<void> | undefined;

  private constructor(options: HardwareTokenOptions, found: FoundToken, pins: DevicePins) {
    this.#options = options;
    this.#serial = found.serial;
    this.#pins = pins;
    this.#isLockedByDevice = found.isLocked;
    this.id = idOf(found);
    this.label = found.label;
  }

  /** Finds the token. @throws TokenError not-initialized when there is none, or more than one and none was named */
  static async open(options: HardwareTokenOptions): Promise<HardwareToken> {
    const { module, serial, label } = options;
    const all = await tokenErrors(module.call('tokens'));
    const fitting = all.filter(
      (one) =>
        one.isInitialized &&
        (serial === undefined || one.serial === serial) &&
        (label === undefined || one.label === label),
    );
    const [found, ...more] = fitting;
    if (found !== undefined && more.length === 0) {
      return new HardwareToken(options, found, await DevicePins.open(options.pinsPath?.(idOf(found))));
    }
    const there = all.map((one) => `'${one.label}' (${one.serial})`).join(', ') || 'none';
    const wanted = found === undefined ? 'has no such token' : 'has more than one: name a serial number';
    throw new TokenError('not-initialized', `Module ${module.path} ${wanted}. There is: ${there}`);
  }

  isActive(): boolean {
    return this.#pin !== undefined && !this.#isLost;
  }

  /** It went away while it was signed in, and goes on by itself when it is back. */
  isAway(): boolean {
    return this.#pin !== undefined && this.#isLost;
  }

  /** @throws TokenError already-active, whatever the PIN is, while it is signed in */
  activate(pin: string): Promise<void> {
    return this.#enter(pin, 'by-hand');
  }

  /** With a PIN that the program keeps: one that was refused is never sent a second time. @throws TokenError */
  activateByItself(pin: string): Promise<void> {
    return this.#enter(pin, 'by-itself');
  }

  pinState(): PinState {
    if (this.#isLockedByDevice) return 'locked-by-device';
    return this.#pins.isLocked() ? 'locked-here' : 'open';
  }

  /** Allows one more PIN by hand, be it the last that the device takes. */
  async releasePin(): Promise<void> {
    await this.#pins.release();
  }

  async #enter(pin: string, entry: PinEntry): Promise<void> {
    if (this.isActive()) {
      if (entry === 'by-itself') return;
      // The device need not hear of a slip of the hand, which it would count; and whoever were told here whether a PIN
      // is the right one could guess without end.
      const detail = `Token '${this.label}' is signed in already; the PIN was not looked at`;
      throw new TokenError('already-active', detail);
    }
    await this.#signIn(pin, entry);
    this.#pin = pin;
    this.#isLost = false;
  }

  deactivate(): void {
    this.#pin = undefined;
    this.#isLost = false;
    clearTimeout(this.#retry);
    // Nothing here opens it any more; should the device not hear of it, its process ends with this one.
    this.#options.module.call('logout', this.#serial).catch(() => undefined);
  }

  async changePin(pin: string, newPin: string): Promise<void> {
    await this.#send('by-hand', (mayBeLast) =>
      this.#options.module.call('changePin', this.#serial, pin, newPin, mayBeLast),
    );
    if (this.#pin === undefined) return;
    // Whoever lost the device meanwhile signs in to it again with the new one.
    this.#pin = newPin;
    await this.#signIn(newPin, 'by-itself');
  }

  async generateKey(spec: KeySpec, label: string): Promise<KeyInfo> {
    this.#requireActive();
    const id = randomBytes(16).toString('hex');
    const made = await this.#ask(() => this.#options.module.call('generate', this.#serial, spec, label, id));
    const known = knownKey(made);
    this.#keys.set(id, known);
    return known.info;
  }

  listKeys(): readonly KeyInfo[] {
    return [...this.#keys.values()].map(({ info }) => info);
  }

  signingKey(
    keyId: string,
    { digest, pss = this.#options.pss }: { readonly digest?: DigestName; readonly pss?: boolean } = {},
  ): SigningKey {
    this.#requireActive();
    const { publicKey } = this.#key(keyId);
    const algorithm = defaultAlgorithm(publicKey, digest, pss);
    return {
      publicKey,
      algorithm,
      sign: async (data, encoding = 'der') => {
        const pin = this.#requireActive();
        const input = inputFor(algorithm, data);
        const { module } = this.#options;
        const raw = await this.#ask(() => module.call('sign', this.#serial, keyId, input, pin)).catch(
          (error: unknown) => Promise.reject(this.#lose(error)),
        );
        return encode(Buffer.from(raw), algorithm, encoding);
      },
    };
  }

  secureContext(_keyId: string, _chain: readonly Certificate[]): SecureContext {
    throw new TokenError(
      'not-supported',
      `Keys for TLS are not kept in token '${this.label}': use the software token`,
    );
  }

  wrapKey(_key: Buffer, _purpose: string): string {
    throw new TokenError('not-supported', `Token '${this.label}' seals nothing: the software token does`);
  }

  unwrapKey(_wrapped: string, _purpose: string): Buffer {
    throw new TokenError('not-supported', `Token '${this.label}' seals nothing: the software token does`);
  }

  async deleteKey(keyId: string): Promise<void> {
    this.#requireActive();
    await this.#ask(() => this.#options.module.call('destroy', this.#serial, keyId));
    this.#keys.delete(keyId);
  }

  #requireActive(): string {
    if (this.#pin !== undefined) return this.#pin;
    throw new TokenError('not-active', `Token '${this.label}' is not signed in: enter its PIN`);
  }

  #key(keyId: string): KnownKey {
    const key = this.#keys.get(keyId);
    if (key !== undefined) return key;
    throw new TokenError('key-not-found', `Token '${this.label}' has no key ${keyId}`);
  }

  /** Signs in again to a device that went away or forgot who is signed in, and asks anew. @throws TokenError */
  async #ask<Value>(act: () => Promise<Value>): Promise<Value> {
    for (let asked = 1; ; asked += 1) {
      const signIns = this.#signIns;
      try {
        return await act();
      } catch (error) {
        if (!isLost(error)) throw tokenError(error);
        if (asked === maxAsked) throw this.#lose(error);
        // Unless somebody has meanwhile: another sign-in would end what they began.
        if (signIns === this.#signIns)
          await this.#signInAgain().catch((second) => Promise.reject(this.#lose(second)));
      }
    }
  }

  /** Of many signatures that failed at once, one signs in for all. */
  #signInAgain(): Promise<void> {
    this.#signingIn ??= this.#signIn(this.#requireActive(), 'by-itself').finally(() => {
      this.#signingIn = undefined;
    });
    return this.#signingIn;
  }

  async #signIn(pin: string, entry: PinEntry): Promise<void> {
    const { module, sessions = 4 } = this.#options;
    const found = await this.#send(entry, (mayBeLast) =>
      module.call('login', this.#serial, pin, sessions, mayBeLast),
    );
    this.#keys = new Map(found.map((key) => [key.id, knownKey(key)]));
    this.#signIns += 1;
  }

  /** @throws TokenError */
  async #send<Value>(entry: PinEntry, act: (mayBeLast: boolean) => Promise<Value>): Promise<Value> {
    return this.#pins.enter(entry, async (mayBeLast) => {
      try {
        const value = await tokenErrors(act(mayBeLast));
        this.#isLockedByDevice = false;
        return value;
      } catch (error) {
        if (error instanceof TokenError && error.code === 'pin-locked') this.#isLockedByDevice = true;
        throw error;
      }
    });
  }

  /** @returns what to throw */
  #lose(error: unknown): unknown {
    const told = tokenError(error);
    if (this.#pin === undefined) return told;
    if (isLost(error) && !this.#isLost) {
      this.#isLost = true;
      this.#options.onChange?.('lost', error);
      this.#lookAgain();
    } else if (isRefusal(told)) {
      this.#forgetPin(told);
    }
    return told;
  }

  /** It was right once, and is no more: it was changed elsewhere, and is not tried again. */
  #forgetPin(error: Error): void {
    this.#pin = undefined;
    this.#isLost = false;
    this.#options.onChange?.('refused', error);
  }

  #lookAgain(): void {
    this.#retry = setTimeout(() => {
      this.#signInAgain().then(
        () => {
          this.#isLost = false;
          this.#options.onChange?.('back');
        },
        (error: unknown) => {
          // A PIN that was refused once is not tried again: three times would lock the device.
          const mayComeBack = error instanceof TokenError && error.code === 'device-lost';
          if (this.#pin === undefined) return;
          if (mayComeBack) this.#lookAgain();
          else this.#forgetPin(error instanceof Error ? error : new Error(String(error)));
        },
      );
    }, this.#options.retryMs ?? 5_000).unref();
  }
}

/** As the settings and the keys of the server name it. */
function idOf({ serial }: FoundToken): string {
  return `pkcs11-${serial.replaceAll(/[^A-Za-z0-9]/g, '-')}`;
}

function knownKey({ id, label, publicKey: jwk }: FoundKey): KnownKey {
  const publicKey = createPublicKey({ key: jwk, format: 'jwk' } as JsonWebKeyInput);
  const publicKeyInfo = publicKey.export({ format: 'der', type: 'spki' });
  return { info: { id, label, spec: specOf(publicKey), publicKeyInfo }, publicKey };
}

/** @throws KeyError unsupported for a size that we do not make */
function specOf(publicKey: KeyObject): KeySpec {
  const { namedCurve, modulusLength } = publicKey.asymmetricKeyDetails ?? {};
  if (namedCurve === 'prime256v1') return { type: 'ec', curve: 'P-256' };
  if (namedCurve === 'secp384r1') return { type: 'ec', curve: 'P-384' };
  if (modulusLength === 2048 || modulusLength === 3072 || modulusLength === 4096) {
    return { type: 'rsa', bits: modulusLength };
  }
  throw new KeyError(
    'unsupported',
    `a key of ${modulusLength ?? namedCurve} is of no kind that is used here`,
  );
}

function inputFor(
  { keyType, padding, digest: digestName }: SignatureAlgorithm,
  data: Uint8Array,
): SigningInput {
  const digest = digestOf(digestName, data);
  if (keyType === 'ec') return { kind: 'ecdsa', digest };
  if (padding === 'pss') return { kind: 'rsa-pss', digest, digestName };
  const identifier = sequence(oid(digestAlgorithms[digestName].oid), nullValue());
  return { kind: 'rsa-pkcs1', digestInfo: sequence(identifier, octetString(digest)) };
}

/** Devices give r and s of ECDSA side by side. */
function encode(raw: Buffer, { keyType }: SignatureAlgorithm, encoding: SignatureEncoding): Buffer {
  if (keyType !== 'ec' || encoding === 'ieee-p1363') return raw;
  const [r, s] = [raw.subarray(0, raw.length / 2), raw.subarray(raw.length / 2)];
  return sequence(...[r, s].map((half) => integer(BigInt(`0x${half.toString('hex')}`))));
}

const codes: Readonly<Record<DeviceErrorCode, TokenErrorCode>> = {
  'pin-incorrect': 'pin-incorrect',
  'pin-locked': 'pin-locked',
  'pin-last-try': 'pin-last-try',
  'pin-policy': 'pin-policy',
  'not-active': 'not-active',
  'token-not-found': 'device-lost',
  'key-not-found': 'key-not-found',
  lost: 'device-lost',
  refused: 'device-refused',
};

function isRefusal(error: unknown): error is TokenError {
  return error instanceof TokenError && ['pin-incorrect', 'pin-locked', 'pin-last-try'].includes(error.code);
}

function isLost(error: unknown): error is Error {
  if (error instanceof TokenError) return error.code === 'device-lost';
  return error instanceof DeviceError && ['lost', 'token-not-found', 'not-active'].includes(error.code);
}

function tokenError(error: unknown): unknown {
  return error instanceof DeviceError
    ? new TokenError(codes[error.code], error.message, { cause: error })
    : error;
}

async function tokenErrors<Value>(asked: Promise<Value>): Promise<Value> {
  try {
    return await asked;
  } catch (error) {
    throw tokenError(error);
  }
}
