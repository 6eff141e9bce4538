import { alreadyLoggedIn, deviceCode, returnValue } from './codes.ts';
import { cka, ckf, ckk, ckm, cko, cku, type Library, mgf, pssParameters, withLocks } from './library.ts';
import { curves, ecJwk, rsaJwk } from './public-key.ts';
import { SessionPool } from './session-pool.ts';
import {
  DeviceError,
  type FoundKey,
  type FoundToken,
  type KeyOrder,
  type ModuleVerbs,
  type SigningInput,
} from './wire.ts';

/** Keys of a token that are looked at. */
const maxKeys = 1_000;

interface PrivateKey {
  readonly handle: Buffer;
  readonly signatureOctets: number;
  readonly isAskedEachTime: boolean;
  isPinRefused: boolean;
}

interface SignedIn {
  readonly sessions: SessionPool;
  readonly keys: Map<string, PrivateKey>;
}

/**
 * Uses the tokens behind one module. It runs in a process of its own, for the module is somebody's native code.
 * @see OASIS PKCS #11 v2.40
 */
export class Driver implements ModuleVerbs {
  readonly #library: Library;
  /** By serial number. */
  readonly #signedIn = new Map<string, SignedIn>();

  constructor(library: Library) {
    this.#library = library;
  }

  tokens(): readonly FoundToken[] {
    this.#lookAnew();
    return this.#slots().map(({ slot, info }) => ({
      serial: info.serialNumber.trim(),
      label: info.label.trim(),
      manufacturer: info.manufacturerID.trim(),
      model: info.model.trim(),
      isInitialized: (info.flags & ckf.tokenInitialized) !== 0,
      isLocked: (info.flags & ckf.userPinLocked) !== 0,
      mechanisms: this.#mechanismsOf(slot),
    }));
  }

  login(serial: string, pin: string, sessions: number, mayBeLast: boolean): readonly FoundKey[] {
    this.#forget(serial);
    const slot = this.#slotFor(serial, mayBeLast);
    const opened: Buffer[] = [];
    try {
      for (let count = 0; count < Math.max(1, sessions); count += 1) {
        opened.push(this.#library.C_OpenSession(slot, ckf.rwSession | ckf.serialSession));
      }
      const [first] = opened;
      if (first !== undefined) this.#enterPin(first, pin);
    } catch (error) {
      for (const session of opened) this.#closeSession(session);
      throw explain(error, 'sign in');
    }
    this.#signedIn.set(serial, { sessions: new SessionPool(opened), keys: new Map() });
    return this.keys(serial);
  }

  logout(serial: string): void {
    const { sessions } = this.#require(serial);
    try {
      this.#library.C_Logout(sessions.first);
    } catch (error) {
      // Whoever is signed out by another has what they want.
      if (deviceCode(error) !== 'lost') throw explain(error, 'sign out');
    } finally {
      this.#forget(serial);
    }
  }

  changePin(serial: string, pin: string, newPin: string, mayBeLast: boolean): void {
    const slot = this.#slotFor(serial, mayBeLast);
    const session = this.#library.C_OpenSession(slot, ckf.rwSession | ckf.serialSession);
    try {
      this.#enterPin(session, pin);
      this.#setPin(session, pin, newPin);
    } catch (error) {
      throw explain(error, 'change the PIN');
    } finally {
      this.#closeSession(session);
    }
  }

  /** The old one was looked at before and is right: a PIN that is refused here is the new one. */
  #setPin(session: Buffer, pin: string, newPin: string): void {
    try {
      this.#library.C_SetPIN(session, pin, newPin);
    } catch (cause) {
      if (deviceCode(cause) !== 'pin-incorrect') throw cause;
      throw new DeviceError('pin-policy', 'The token does not take a PIN of that length', { cause });
    }
  }

  keys(serial: string): readonly FoundKey[] {
    const { sessions, keys } = this.#require(serial);
    keys.clear();
    const session = sessions.first;
    const found: FoundKey[] = [];
    for (const handle of this.#find(session, [{ type: cka.class, value: cko.privateKey }])) {
      const id = this.#attribute(session, handle, cka.id);
      if (id === undefined || id.length === 0) continue;
      const [publicHandle] = this.#find(session, [
        { type: cka.class, value: cko.publicKey },
        { type: cka.id, value: id },
      ]);
      const publicKey = publicHandle && this.#publicKeyOf(session, publicHandle);
      // A key of which nothing is known but that it is there can serve nobody.
      if (publicKey === undefined) continue;
      const name = id.toString('hex');
      keys.set(name, {
        handle,
        signatureOctets: signatureOctets(publicKey),
        isAskedEachTime: this.#attribute(session, handle, cka.alwaysAuthenticate)?.[0] === 1,
        isPinRefused: false,
      });
      const label = this.#attribute(session, handle, cka.label)?.toString('utf8') ?? '';
      found.push({ id: name, label, publicKey });
    }
    return found;
  }

  generate(serial: string, order: KeyOrder, label: string, id: string): FoundKey {
    const { sessions } = this.#require(serial);
    const common = [
      { type: cka.token, value: true },
      { type: cka.id, value: Buffer.from(id, 'hex') },
      { type: cka.label, value: label },
    ];
    const curve = order.type === 'ec' ? curves.find(({ name }) => name === order.curve) : undefined;
    const kind =
      order.type === 'rsa'
        ? [
            { type: cka.modulusBits, value: order.bits },
            { type: cka.publicExponent, value: Buffer.from([1, 0, 1]) },
          ]
        : [{ type: cka.ecParams, value: curve?.parameters ?? Buffer.alloc(0) }];
    const mechanism = ckm[order.type === 'rsa' ? 'CKM_RSA_PKCS_KEY_PAIR_GEN' : 'CKM_EC_KEY_PAIR_GEN'] ?? 0;
    try {
      this.#library.C_GenerateKeyPair(
        sessions.first,
        { mechanism },
        [...common, { type: cka.verify, value: true }, ...kind],
        [
          ...common,
          ...[cka.private, cka.sensitive, cka.sign].map((type) => ({ type, value: true })),
          { type: cka.extractable, value: false },
        ],
      );
    } catch (error) {
      throw explain(error, 'make a key');
    }
    const made = this.keys(serial).find((key) => key.id === id);
    if (made === undefined) throw new DeviceError('refused', 'The token made a key that it does not show');
    return made;
  }

  async sign(serial: string, keyId: string, input: SigningInput, pin?: string): Promise<Uint8Array> {
    const { sessions, keys } = this.#require(serial);
    const key = keys.get(keyId);
    if (key === undefined) throw notFound(keyId);
    const { mechanism, data } = mechanismFor(input, key.signatureOctets);
    try {
      return await sessions.use(async (session) => {
        this.#library.C_SignInit(session, mechanism, key.handle);
        if (key.isAskedEachTime) this.#enterPinAgain(session, key, pin);
        return this.#library.C_SignAsync(session, data, Buffer.alloc(key.signatureOctets));
      });
    } catch (error) {
      throw explain(error, 'sign');
    }
  }

  destroy(serial: string, keyId: string): void {
    const { sessions } = this.#require(serial);
    const session = sessions.first;
    const halves = [cko.privateKey, cko.publicKey].flatMap((type) =>
      this.#find(session, [
        { type: cka.class, value: type },
        { type: cka.id, value: Buffer.from(keyId, 'hex') },
      ]),
    );
    if (halves.length === 0) throw notFound(keyId);
    try {
      for (const half of halves) this.#library.C_DestroyObject(session, half);
    } catch (error) {
      throw explain(error, 'delete the key');
    }
    this.keys(serial);
  }

  /** For a key that wants it each time; one that was refused is not sent again by the next signature. */
  #enterPinAgain(session: Buffer, key: PrivateKey, pin: string | undefined): void {
    if (key.isPinRefused) throw new DeviceError('pin-incorrect', 'The PIN was refused for this key');
    try {
      this.#library.C_Login(session, cku.contextSpecific, pin);
    } catch (error) {
      key.isPinRefused = ['pin-incorrect', 'pin-locked'].includes(deviceCode(error));
      throw error;
    }
  }

  #enterPin(session: Buffer, pin: string): void {
    try {
      this.#library.C_Login(session, cku.user, pin);
    } catch (error) {
      // All sessions of a program are signed in at once. The PIN was not looked at then: it has to be.
      if (returnValue(error) !== alreadyLoggedIn) throw error;
      this.#library.C_Logout(session);
      this.#library.C_Login(session, cku.user, pin);
    }
  }

  #require(serial: string): SignedIn {
    const signedIn = this.#signedIn.get(serial);
    if (signedIn === undefined) throw new DeviceError('not-active', `Token ${serial} is not signed in`);
    return signedIn;
  }

  #forget(serial: string): void {
    const signedIn = this.#signedIn.get(serial);
    this.#signedIn.delete(serial);
    for (const session of signedIn?.sessions.end() ?? []) this.#closeSession(session);
  }

  #closeSession(session: Buffer): void {
    try {
      this.#library.C_CloseSession(session);
    } catch {
      // It is closed, or its device is gone, which closes it.
    }
  }

  #slots() {
    try {
      const slots = this.#library.C_GetSlotList(true);
      return slots.map((slot) => ({ slot, info: this.#library.C_GetTokenInfo(slot) }));
    } catch (error) {
      throw explain(error, 'list its tokens');
    }
  }

  /** Where a PIN may be sent. @throws DeviceError token-not-found, pin-locked, pin-last-try */
  #slotFor(serial: string, mayBeLast: boolean): Buffer {
    const { slot, info } = this.#presentToken(serial);
    if ((info.flags & ckf.userPinLocked) !== 0) {
      throw new DeviceError(
        'pin-locked',
        'The device is locked after too many wrong PINs: its maker says how to open it',
      );
    }
    if ((info.flags & ckf.userPinFinalTry) !== 0 && !mayBeLast) {
      throw new DeviceError(
        'pin-last-try',
        'The device takes one more PIN, and locks itself when that is wrong',
      );
    }
    return slot;
  }

  #presentToken(serial: string) {
    const look = () => this.#slots().find(({ info }) => info.serialNumber.trim() === serial);
    const found = this.#unlessLost(look);
    if (found !== undefined) return found;
    this.#lookAnew();
    const later = look();
    if (later !== undefined) return later;
    throw new DeviceError('token-not-found', `No token with the serial number ${serial} is in any slot`);
  }

  /** A module whose device was pulled out may fail in whatever it is asked, until it is initialized anew. */
  #unlessLost<Value>(look: () => Value): Value | undefined {
    try {
      return look();
    } catch (error) {
      if (error instanceof DeviceError && error.code === 'lost') return undefined;
      throw error;
    }
  }

  /** Some modules never see a device that was put in after they were initialized; doing so anew ends all sessions. */
  #lookAnew(): void {
    if (this.#signedIn.size > 0) return;
    this.#library.C_Finalize();
    this.#library.C_Initialize(withLocks);
  }

  #mechanismsOf(slot: Buffer): readonly string[] {
    const numbers = new Set(this.#library.C_GetMechanismList(slot));
    return Object.keys(ckm).filter((name) => numbers.has(ckm[name] ?? -1));
  }

  #find(session: Buffer, template: Parameters<Library['C_FindObjectsInit']>[1]): readonly Buffer[] {
    this.#library.C_FindObjectsInit(session, template);
    try {
      return this.#library.C_FindObjects(session, maxKeys);
    } finally {
      this.#library.C_FindObjectsFinal(session);
    }
  }

  /** @returns undefined for an attribute that the object has not */
  #attribute(session: Buffer, object: Buffer, type: number): Buffer | undefined {
    try {
      return this.#library.C_GetAttributeValue(session, object, [{ type }])[0]?.value;
    } catch (error) {
      if (deviceCode(error) === 'refused') return undefined;
      throw explain(error, 'show a key');
    }
  }

  #publicKeyOf(session: Buffer, handle: Buffer): FoundKey['publicKey'] | undefined {
    const read = (type: number) => this.#attribute(session, handle, type) ?? Buffer.alloc(0);
    const kind = read(cka.keyType);
    const type = kind.length === 0 ? undefined : kind.readUIntLE(0, Math.min(kind.length, 6));
    if (type === ckk.ec) return ecJwk(read(cka.ecParams), read(cka.ecPoint));
    if (type === ckk.rsa) return rsaJwk(read(cka.modulus), read(cka.publicExponent));
    return undefined;
  }
}

function mechanismFor(input: SigningInput, octets: number) {
  if (input.kind === 'rsa-pkcs1') {
    return { mechanism: { mechanism: ckm['CKM_RSA_PKCS'] ?? 0 }, data: Buffer.from(input.digestInfo) };
  }
  const digest = Buffer.from(input.digest);
  if (input.kind === 'ecdsa') {
    // The leftmost octets count, and some devices refuse more. @see FIPS 186-5 §6.4.1
    return { mechanism: { mechanism: ckm['CKM_ECDSA'] ?? 0 }, data: digest.subarray(0, octets / 2) };
  }
  const hashAlg = ckm[`CKM_${input.digestName.toUpperCase()}`] ?? 0;
  const parameter = { type: pssParameters, hashAlg, mgf: mgf[input.digestName], saltLen: digest.length };
  return { mechanism: { mechanism: ckm['CKM_RSA_PKCS_PSS'] ?? 0, parameter }, data: digest };
}

function signatureOctets({ kty, crv, n = '' }: FoundKey['publicKey']): number {
  if (kty === 'RSA') return Buffer.from(n, 'base64url').length;
  return 2 * (curves.find(({ name }) => name === crv)?.octets ?? 0);
}

function notFound(keyId: string): DeviceError {
  return new DeviceError('key-not-found', `The token has no key ${keyId}`);
}

function explain(error: unknown, verb: string): DeviceError {
  if (error instanceof DeviceError) return error;
  const said = error instanceof Error ? error.message : String(error);
  return new DeviceError(deviceCode(error), `The token could not ${verb}: ${said}`, { cause: error });
}
