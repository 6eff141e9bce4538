import { beforeEach, describe, expect, it } from 'vitest';
import { Driver } from './driver.ts';
import { cka, ckk, cko, cku, type Library } from './library.ts';
import { DeviceError } from './wire.ts';

const point = Buffer.concat([Buffer.from([4, 65, 4]), Buffer.alloc(32, 1), Buffer.alloc(32, 2)]);
const keyId = Buffer.from('a1', 'hex');
const digest = Buffer.alloc(64, 7);

/** A device that does as it is told, as far as it is asked here. */
class FakeDevice implements Library {
  readonly calls: (readonly unknown[])[] = [];
  /** Thrown by verbs, by their names. */
  readonly failures = new Map<string, number>();
  isAskedEachTime = false;
  /** Of the token, besides that it is initialized. */
  flags = 0;
  #found: Buffer[] = [];

  #call(...call: readonly [string, ...unknown[]]): void {
    this.calls.push(call);
    const code = this.failures.get(call[0]);
    if (code !== undefined) throw Object.assign(new Error(`CKR 0x${code.toString(16)}`), { code });
  }
  C_Initialize(): void {
    this.#call('C_Initialize');
  }
  C_Finalize(): void {
    this.#call('C_Finalize');
  }
  C_GetSlotList(): Buffer[] {
    this.#call('C_GetSlotList');
    return [Buffer.from([1])];
  }
  C_GetTokenInfo() {
    return {
      label: 'x  ',
      manufacturerID: 'm',
      model: 'm',
      serialNumber: '42      ',
      flags: 0x400 | this.flags,
    };
  }
  C_GetMechanismList(): number[] {
    return [0x1041, 0x99];
  }
  C_OpenSession(): Buffer {
    this.#call('C_OpenSession');
    return Buffer.from([this.calls.length]);
  }
  C_CloseSession(): void {
    this.#call('C_CloseSession');
  }
  C_Login(_session: Buffer, type: number, pin?: string): void {
    this.#call('C_Login', type, pin);
  }
  C_Logout(): void {
    this.#call('C_Logout');
  }
  C_SetPIN(): void {
    this.#call('C_SetPIN');
  }
  C_FindObjectsInit(_session: Buffer, template: { type: number; value?: unknown }[]): void {
    const kind = template.find(({ type }) => type === cka.class)?.value;
    this.#found = [Buffer.from([kind === cko.privateKey ? 3 : 2])];
  }
  C_FindObjects(): Buffer[] {
    return this.#found;
  }
  C_FindObjectsFinal(): void {
    this.#call('C_FindObjectsFinal');
  }
  C_GetAttributeValue(_session: Buffer, _object: Buffer, [wanted]: { type: number }[]) {
    const values: Readonly<Record<number, Buffer>> = {
      [cka.id]: keyId,
      [cka.label]: Buffer.from('key'),
      [cka.keyType]: Buffer.from([ckk.ec, 0, 0, 0, 0, 0, 0, 0]),
      [cka.ecParams]: Buffer.from('06082a8648ce3d030107', 'hex'),
      [cka.ecPoint]: point,
      [cka.alwaysAuthenticate]: Buffer.from([this.isAskedEachTime ? 1 : 0]),
    };
    const type = wanted?.type ?? -1;
    const value = values[type];
    if (value === undefined) throw Object.assign(new Error('no such attribute'), { code: 0x12 });
    return [{ type, value }];
  }
  C_GenerateKeyPair() {
    this.#call('C_GenerateKeyPair');
    return { publicKey: Buffer.from([2]), privateKey: Buffer.from([3]) };
  }
  C_DestroyObject(): void {
    this.#call('C_DestroyObject');
  }
  C_SignInit(): void {
    this.#call('C_SignInit');
  }
  async C_SignAsync(_session: Buffer, input: Buffer): Promise<Buffer> {
    this.#call('C_SignAsync', input.length);
    return Buffer.alloc(64, 9);
  }
}

let device: FakeDevice;
let driver: Driver;
beforeEach(() => {
  device = new FakeDevice();
  driver = new Driver(device);
});

const codeOf = async (act: () => unknown): Promise<string> => {
  try {
    await act();
    return 'done';
  } catch (error) {
    return error instanceof DeviceError ? error.code : `unforeseen: ${error}`;
  }
};
const sign = () => driver.sign('42', 'a1', { kind: 'ecdsa', digest }, 'pin');

describe('a device', () => {
  it('is told of without the blanks that fill its names', () => {
    device.flags = 0x40000;
    expect(driver.tokens()).toEqual([
      {
        ...{ serial: '42', label: 'x', manufacturer: 'm', model: 'm' },
        ...{ isInitialized: true, isLocked: true, mechanisms: ['CKM_ECDSA'] },
      },
    ]);
  });

  it('signs the leftmost octets of a digest that is longer than its curve', async () => {
    expect(driver.login('42', 'pin', 2, false)).toMatchObject([{ id: 'a1', label: 'key' }]);
    expect(await sign()).toHaveLength(64);
    expect(device.calls).toContainEqual(['C_SignAsync', 32]);
  });

  it('whose key wants its PIN for each use is given it each time', async () => {
    device.isAskedEachTime = true;
    driver.login('42', 'pin', 2, false);
    await sign();
    await sign();
    expect(device.calls.filter(([verb, type]) => verb === 'C_Login' && type === cku.contextSpecific)).toEqual(
      [
        ['C_Login', cku.contextSpecific, 'pin'],
        ['C_Login', cku.contextSpecific, 'pin'],
      ],
    );
  });

  it.each([
    ['C_SignInit', 0x32, 'lost'],
    ['C_SignInit', 0xb3, 'lost'],
    ['C_SignInit', 0x101, 'lost'],
    ['C_SignAsync', 0x30, 'lost'],
    ['C_SignAsync', 0xe0, 'lost'],
    ['C_SignInit', 0x70, 'refused'],
  ])('that fails in %s with %i while it signs is %s', async (verb, code, expected) => {
    driver.login('42', 'pin', 2, false);
    device.failures.set(verb, code);
    expect(await codeOf(sign)).toBe(expected);
    device.failures.clear();
    // No session is held for ever by what failed.
    for (let count = 0; count < 5; count += 1) expect(await codeOf(sign)).toBe('done');
  });

  it.each([
    [0xa0, 'pin-incorrect'],
    [0xa2, 'pin-incorrect'],
    [0xa4, 'pin-locked'],
    [0x32, 'lost'],
    [0x6, 'refused'],
  ])('that answers a PIN with %i is %s, and its sessions are closed', async (code, expected) => {
    device.failures.set('C_Login', code);
    expect(await codeOf(() => driver.login('42', 'pin', 3, false))).toBe(expected);
    const count = (wanted: string) => device.calls.filter(([verb]) => verb === wanted).length;
    expect([count('C_OpenSession'), count('C_CloseSession')]).toEqual([3, 3]);
    expect(await codeOf(sign)).toBe('not-active');
  });

  const sent = () => device.calls.filter(([verb]) => verb === 'C_Login' || verb === 'C_SetPIN').length;

  it.each([
    [0x40000, false, 'pin-locked'],
    [0x40000, true, 'pin-locked'],
    [0x20000, false, 'pin-last-try'],
  ])('that says %i of its PIN, last try allowed %s, is sent none: %s', async (flags, mayBeLast, expected) => {
    device.flags = flags;
    expect(await codeOf(() => driver.login('42', 'pin', 2, mayBeLast))).toBe(expected);
    expect(await codeOf(() => driver.changePin('42', 'pin', 'new', mayBeLast))).toBe(expected);
    expect(sent()).toBe(0);
    device.flags = 0x20000;
    expect(await codeOf(() => driver.login('42', 'pin', 2, true))).toBe('done');
  });

  it('is sent a wrong PIN once when it is to be changed', async () => {
    device.failures.set('C_Login', 0xa0);
    expect(await codeOf(() => driver.changePin('42', 'wrong', 'new', false))).toBe('pin-incorrect');
    expect(sent()).toBe(1);
    device.failures.clear();
    device.failures.set('C_SetPIN', 0xa2);
    expect(await codeOf(() => driver.changePin('42', 'pin', 'x', false))).toBe('pin-policy');
  });

  it('whose key wants its PIN for each use is not sent one again that it has refused', async () => {
    device.isAskedEachTime = true;
    driver.login('42', 'pin', 4, false);
    const before = sent();
    device.failures.set('C_Login', 0xa0);
    const all = await Promise.all([codeOf(sign), codeOf(sign), codeOf(sign), codeOf(sign)]);
    expect(new Set(all)).toEqual(new Set(['pin-incorrect']));
    expect(sent() - before).toBe(1);
  });

  it('that nobody is signed in to, or that is in no slot, is named as such', async () => {
    expect(await codeOf(sign)).toBe('not-active');
    expect(await codeOf(() => driver.login('43', 'pin', 1, false))).toBe('token-not-found');
    driver.login('42', 'pin', 1, false);
    expect(await codeOf(() => driver.sign('42', 'b2', { kind: 'ecdsa', digest }))).toBe('key-not-found');
    driver.logout('42');
    expect(await codeOf(sign)).toBe('not-active');
  });

  it('with one session signs one after the other', async () => {
    driver.login('42', 'pin', 1, false);
    expect(await Promise.all([codeOf(sign), codeOf(sign), codeOf(sign)])).toEqual(['done', 'done', 'done']);
  });
});
