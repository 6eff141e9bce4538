import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type KeySpec, verifySignature } from '../key/index.ts';
import type { Token } from '../token/index.ts';
import { buildName, createRequest, parseRequest } from '../x509/index.ts';
import { HardwareToken, Pkcs11Module } from './index.ts';
import { hasSoftHsm, SoftHsm } from './testing/soft-hsm.ts';

const pin = '12345678';
const p256 = { type: 'ec', curve: 'P-256' } as const;

describe.skipIf(!hasSoftHsm())('a token in a device (needs softhsm2)', () => {
  let hsm: SoftHsm;
  let module: Pkcs11Module;
  beforeAll(() => {
    hsm = new SoftHsm();
    hsm.addToken('one', pin);
    hsm.addToken('two', pin);
  });
  afterAll(() => hsm.remove());
  beforeEach(() => {
    module = new Pkcs11Module({ path: hsm.module, environment: hsm.environment, deadlineMs: 10_000 });
    return () => module.close();
  });

  const open = (label = 'one') => HardwareToken.open({ module, label, retryMs: 20 });
  const signs = async (token: Token, keyId: string, options: Parameters<Token['signingKey']>[1] = {}) => {
    const key = token.signingKey(keyId, options);
    const data = Buffer.from('a message');
    const value = await key.sign(data);
    return verifySignature(key.algorithm, key.publicKey, data, value);
  };

  it.each<[KeySpec, { pss?: boolean; digest?: 'sha256' | 'sha512' }]>([
    [p256, {}],
    [p256, { digest: 'sha256' }],
    [{ type: 'ec', curve: 'P-384' }, {}],
    [{ type: 'rsa', bits: 2048 }, {}],
    [{ type: 'rsa', bits: 2048 }, { pss: true }],
    [{ type: 'rsa', bits: 3072 }, { digest: 'sha256' }],
  ])('makes a key of %j that signs with %j, and keeps it over a restart', async (spec, options) => {
    const token = await open();
    await token.activate(pin);
    const { id, spec: made } = await token.generateKey(spec, 'signing');
    expect(made).toEqual(spec);
    expect(await signs(token, id, options)).toBe(true);
    await module.close();
    module = new Pkcs11Module({ path: hsm.module, environment: hsm.environment });
    const again = await open();
    expect(again.listKeys()).toEqual([]);
    await again.activate(pin);
    expect(again.listKeys().find((key) => key.id === id)).toMatchObject({ label: 'signing', spec });
    expect(await signs(again, id, options)).toBe(true);
    await again.deleteKey(id);
    expect(again.listKeys().some((key) => key.id === id)).toBe(false);
    await expect(again.deleteKey(id)).rejects.toMatchObject({ code: 'key-not-found' });
  });

  it('signs requests for certificates', async () => {
    const token = await open();
    await token.activate(pin);
    const { id, publicKeyInfo } = await token.generateKey(p256, 'csr');
    const der = await createRequest({ subject: buildName({ CN: 'x' }) }, token.signingKey(id));
    expect(parseRequest(der).publicKey.export({ format: 'der', type: 'spki' })).toEqual(publicKeyInfo);
  });

  it('signs many messages at once', async () => {
    const token = await open();
    await token.activate(pin);
    const { id } = await token.generateKey(p256, 'many');
    const all = await Promise.all(Array.from({ length: 200 }, () => signs(token, id)));
    expect(all.filter(Boolean)).toHaveLength(200);
  });

  it('opens for its PIN alone, and for nobody once it was signed out', async () => {
    const token = await open();
    await expect(token.activate('87654321')).rejects.toMatchObject({ code: 'pin-incorrect' });
    expect(token.isActive()).toBe(false);
    expect(() => token.signingKey('x')).toThrow(expect.objectContaining({ code: 'not-active' }));
    await token.activate(pin);
    const { id } = await token.generateKey(p256, 'locked out');
    const key = token.signingKey(id);
    token.deactivate();
    await expect(key.sign(Buffer.from('x'))).rejects.toMatchObject({ code: 'not-active' });
    await token.activate(pin);
    await expect(token.activate('87654321')).rejects.toMatchObject({ code: 'already-active' });
  });

  it('changes its PIN', async () => {
    const token = await open('two');
    await expect(token.changePin('87654321', 'new-12345')).rejects.toMatchObject({ code: 'pin-incorrect' });
    await expect(token.changePin(pin, 'x')).rejects.toMatchObject({ code: 'pin-policy' });
    await token.activate(pin);
    await token.changePin(pin, 'new-12345');
    expect(token.isActive()).toBe(true);
    token.deactivate();
    await expect(token.activate(pin)).rejects.toMatchObject({ code: 'pin-incorrect' });
    await token.changePin('new-12345', pin);
  });

  it('is found by its label or number, and says which there are', async () => {
    const wrong = { code: 'not-initialized', message: expect.stringContaining("'one'") };
    await expect(HardwareToken.open({ module, label: 'three' })).rejects.toMatchObject(wrong);
    await expect(HardwareToken.open({ module })).rejects.toMatchObject(wrong);
    const [first] = (await module.call('tokens')).filter(({ isInitialized }) => isInitialized);
    expect((await HardwareToken.open({ module, serial: first?.serial ?? '' })).label).toBe(first?.label);
    expect(first?.mechanisms).toContain('CKM_ECDSA');
  });

  it('goes on when the process of its module is killed, under load', async () => {
    const token = await open();
    await token.activate(pin);
    const { id } = await token.generateKey(p256, 'killed');
    let isOver = false;
    const good = [0, 0, 0, 0];
    const failed: unknown[] = [];
    const signers = good.map(async (_none, index) => {
      while (!isOver && failed.length === 0) {
        try {
          if (await signs(token, id)) good[index] = (good[index] ?? 0) + 1;
        } catch (error) {
          failed.push(error);
        }
      }
    });
    /** Until each of them has signed again: nobody is still busy with what the last kill broke off. */
    const allGoOn = () => {
      const enough = good.map((count) => count + 5);
      const isEnough = () => good.every((count, index) => count >= (enough[index] ?? 0));
      return expect.poll(() => isEnough() || failed.length > 0, { timeout: 60_000 }).toBe(true);
    };
    for (let kill = 0; kill < 3; kill += 1) {
      await allGoOn();
      const child = await module.pid();
      if (child === undefined) throw new Error('the module has no process');
      process.kill(child, 'SIGKILL');
    }
    await allGoOn();
    isOver = true;
    await Promise.all(signers);
    expect(failed).toEqual([]);
    expect(token.isActive()).toBe(true);
  }, 240_000);

  it('goes on when the process of its module hangs: another one is started at once, not when that has ended', async () => {
    const hasty = new Pkcs11Module({ path: hsm.module, environment: hsm.environment, deadlineMs: 5_000 });
    try {
      const states: string[] = [];
      const onChange = (state: string) => states.push(state);
      const token = await HardwareToken.open({ module: hasty, label: 'one', retryMs: 20, onChange });
      await token.activate(pin);
      const { id } = await token.generateKey(p256, 'hanging');
      const child = await hasty.pid();
      if (child === undefined) throw new Error('the module has no process');
      process.kill(child, 'SIGSTOP');
      const all = await Promise.all([signs(token, id), signs(token, id), signs(token, id)]);
      expect([all, states, token.isActive()]).toEqual([[true, true, true], [], true]);
      expect(await hasty.pid()).not.toBe(child);
    } finally {
      await hasty.close();
    }
  }, 60_000);

  it('that is away for long is not active until it is back, and then signs by itself', async () => {
    const states: string[] = [];
    const token = await HardwareToken.open({
      ...{ module, label: 'one', retryMs: 20 },
      onChange: (state) => states.push(state),
    });
    await token.activate(pin);
    const { id } = await token.generateKey(p256, 'away');
    const child = await module.pid();
    hsm.hide();
    process.kill(child ?? 0, 'SIGKILL');
    await expect(signs(token, id)).rejects.toMatchObject({ code: 'device-lost' });
    expect([token.isActive(), states]).toEqual([false, ['lost']]);
    hsm.show();
    await expect.poll(() => token.isActive(), { timeout: 10_000 }).toBe(true);
    expect([await signs(token, id), states]).toEqual([true, ['lost', 'back']]);
  });

  it('keeps neither keys of TLS nor what seals', async () => {
    const token = await open();
    const no = expect.objectContaining({ code: 'not-supported' });
    expect(() => token.secureContext('x', [])).toThrow(no);
    expect(() => token.wrapKey(Buffer.alloc(1), 'x')).toThrow(no);
    expect(() => token.unwrapKey('x', 'x')).toThrow(no);
  });
});

it('a module that cannot be loaded is named', async () => {
  const module = new Pkcs11Module({ path: '/nonexistent/module.so' });
  await expect(HardwareToken.open({ module })).rejects.toMatchObject({
    code: 'device-refused',
    message: expect.stringContaining('/nonexistent/module.so'),
  });
  await module.close();
});
