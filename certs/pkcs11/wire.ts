/** What a program and the process that has loaded a PKCS#11 module say to each other. Everything is cloned on its way. */

/** A token as its module tells of it. */
export interface FoundToken {
  /** Of the device; no two have the same. */
  readonly serial: string;
  readonly label: string;
  readonly manufacturer: string;
  readonly model: string;
  readonly isInitialized: boolean;
  /** Whether the PIN was tried wrongly too often. */
  readonly isLocked: boolean;
  /** Names of what it can do, e.g. `CKM_ECDSA`. */
  readonly mechanisms: readonly string[];
}

/** A key pair of which both halves are in the token. */
export interface FoundKey {
  /** CKA_ID, hex. */
  readonly id: string;
  readonly label: string;
  /** As `KeyObject.export({ format: 'jwk' })` writes it. */
  readonly publicKey: Readonly<Record<string, string>>;
}

export type KeyOrder =
  | { readonly type: 'ec'; readonly curve: 'P-256' | 'P-384' }
  | { readonly type: 'rsa'; readonly bits: 2048 | 3072 | 4096 };

/** What is signed: never the message, but what the device has to put its key to. */
export type SigningInput =
  | { readonly kind: 'ecdsa'; readonly digest: Uint8Array }
  /** DigestInfo of RFC 8017 §9.2. */
  | { readonly kind: 'rsa-pkcs1'; readonly digestInfo: Uint8Array }
  | {
      readonly kind: 'rsa-pss';
      readonly digest: Uint8Array;
      readonly digestName: 'sha256' | 'sha384' | 'sha512';
    };

/** Verbs of the process, with what they take and give. */
export interface ModuleVerbs {
  tokens(): readonly FoundToken[];
  /**
   * A PIN that is wrong is sent once, and none to a device that says it is locked.
   * @param mayBeLast the device may say that this is the last PIN it looks at: it is sent all the same
   */
  login(serial: string, pin: string, sessions: number, mayBeLast: boolean): readonly FoundKey[];
  logout(serial: string): void;
  changePin(serial: string, pin: string, newPin: string, mayBeLast: boolean): void;
  keys(serial: string): readonly FoundKey[];
  generate(serial: string, order: KeyOrder, label: string, id: string): FoundKey;
  /** @param pin when the key demands it for each use */
  sign(serial: string, keyId: string, input: SigningInput, pin?: string): Promise<Uint8Array>;
  destroy(serial: string, keyId: string): void;
}

export type ModuleVerb = keyof ModuleVerbs;

export interface ModuleCall {
  readonly number: number;
  readonly verb: ModuleVerb;
  readonly args: readonly unknown[];
}

/**
 * `lost`: the device went away, or forgot who is signed in; after another sign-in it may work. `refused`: it will not,
 * whoever asks again.
 */
export type DeviceErrorCode =
  | 'pin-incorrect'
  | 'pin-locked'
  | 'pin-last-try'
  | 'pin-policy'
  | 'not-active'
  | 'token-not-found'
  | 'key-not-found'
  | 'lost'
  | 'refused';

export type ModuleAnswer =
  | { readonly number: number; readonly value: unknown }
  | { readonly number: number; readonly error: { readonly code: DeviceErrorCode; readonly message: string } }
  /** Number 0 before any call: the module was loaded, or not. */
  | { readonly number: 0; readonly loaded: string };

export class DeviceError extends Error {
  override readonly name = 'DeviceError';
  readonly code: DeviceErrorCode;

  constructor(code: DeviceErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
