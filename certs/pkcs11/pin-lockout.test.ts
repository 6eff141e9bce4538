import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { HardwareToken, Pkcs11Module } from './index.ts';
import { hasSoftHsm, SoftHsm } from './testing/soft-hsm.ts';

const pin = '12345678';
const wrong = '87654321';
const locked = { code: 'pin-locked' };
const incorrect = { code: 'pin-incorrect' };

/** Counts what is sent to the device with a PIN. */
class CountingModule extends Pkcs11Module {
  pins = 0;
  override call: Pkcs11Module['call'] = (verb, ...args) => {
    if (verb === 'login' || verb === 'changePin') this.pins += 1;
    return super.call(verb, ...args);
  };
}

describe.skipIf(!hasSoftHsm())('wrong PINs of a device (needs softhsm2)', () => {
  let hsm: SoftHsm;
  let folder: string;
  let module: CountingModule;
  let states: string[];

  beforeEach(() => {
    hsm = new SoftHsm();
    hsm.addToken('one', pin);
    folder = mkdtempSync(join(tmpdir(), 'waygate-pins-'));
    states = [];
    module = newModule();
    return async () => {
      await module.close();
      hsm.remove();
      rmSync(folder, { recursive: true });
    };
  });

  const newModule = () => new CountingModule({ path: hsm.module, environment: hsm.environment });
  const open = () =>
    HardwareToken.open({
      ...{ module, label: 'one', retryMs: 20 },
      pinsPath: (id) => join(folder, `${id}.json`),
      onChange: (state) => states.push(state),
    });

  it('of the settings is sent once, and never again by itself, however often the program is started', async () => {
    await expect((await open()).activateByItself(wrong)).rejects.toMatchObject(incorrect);
    for (let start = 0; start < 5; start += 1) {
      await expect((await open()).activateByItself(wrong)).rejects.toMatchObject(locked);
    }
    expect(module.pins).toBe(1);
    const token = await open();
    expect(token.pinState()).toBe('open');
    await token.activate(pin);
    token.deactivate();
    await (await open()).activateByItself(pin);
    expect(module.pins).toBe(3);
  });

  it('entered by hand are sent twice; then nothing is until one more try is allowed, and the state says so', async () => {
    const token = await open();
    for (const expected of [incorrect, incorrect, locked, locked]) {
      await expect(token.activate(wrong)).rejects.toMatchObject(expected);
    }
    // Not the right one either: who knows whether it is.
    await expect(token.activate(pin)).rejects.toMatchObject(locked);
    await expect(token.changePin(pin, 'another-1')).rejects.toMatchObject(locked);
    expect([module.pins, token.pinState()]).toEqual([2, 'locked-here']);
    // A restart gives no fresh tries.
    const again = await open();
    await expect(again.activate(pin)).rejects.toMatchObject(locked);
    await again.releasePin();
    await expect(again.activateByItself(pin)).rejects.toMatchObject(locked);
    await expect(again.activate(wrong)).rejects.toMatchObject(incorrect);
    await expect(again.activate(pin)).rejects.toMatchObject(locked);
    expect([module.pins, again.pinState()]).toEqual([3, 'locked-here']);
    await again.releasePin();
    await again.activate(pin);
    expect([again.pinState(), again.isActive()]).toEqual(['open', true]);
  });

  it('typed while it is signed in is not sent at all, and not told from the right one', async () => {
    const token = await open();
    await token.activate(pin);
    const sent = module.pins;
    for (const typed of [wrong, pin, wrong, '']) {
      await expect(token.activate(typed)).rejects.toMatchObject({ code: 'already-active' });
    }
    expect([module.pins, token.isActive(), token.pinState()]).toEqual([sent, true, 'open']);
  });

  it('given to change it count also between two signatures; the server signs on', async () => {
    const token = await open();
    await token.activate(pin);
    const { id } = await token.generateKey({ type: 'ec', curve: 'P-256' }, 'signing');
    const key = token.signingKey(id);
    for (const expected of [incorrect, incorrect, locked, locked]) {
      await expect(token.changePin(wrong, 'another-1')).rejects.toMatchObject(expected);
      // The device has to be signed in to again for it, with the PIN that the server has.
      expect(await key.sign(Buffer.from('x'))).toBeInstanceOf(Buffer);
    }
    expect([token.isActive(), token.pinState()]).toEqual([true, 'locked-here']);
    // By itself, a restart forgets none of it either.
    const again = await open();
    await again.activateByItself(pin);
    await expect(again.changePin(pin, 'another-1')).rejects.toMatchObject(locked);
    await again.releasePin();
    await again.changePin(pin, 'another-1');
    expect(again.pinState()).toBe('open');
  });

  it('that was right and was changed elsewhere is sent once when the device has come back, and nobody goes on trying', async () => {
    const token = await open();
    await token.activate(pin);
    const { id } = await token.generateKey({ type: 'ec', curve: 'P-256' }, 'signing');
    const key = token.signingKey(id);
    const elsewhere = new Pkcs11Module({ path: hsm.module, environment: hsm.environment });
    await (await HardwareToken.open({ module: elsewhere, label: 'one' })).changePin(pin, 'another-1');
    await elsewhere.close();
    const child = await module.pid();
    if (child === undefined) throw new Error('the module has no process');
    process.kill(child, 'SIGKILL');
    const sent = module.pins;
    const all = await Promise.allSettled(Array.from({ length: 20 }, () => key.sign(Buffer.from('x'))));
    expect(new Set(all.map(({ status }) => status))).toEqual(new Set(['rejected']));
    await expect(key.sign(Buffer.from('x'))).rejects.toMatchObject({ code: 'not-active' });
    expect([module.pins - sent, token.isActive(), states]).toEqual([1, false, ['refused']]);
    await token.activate('another-1');
    expect(await key.sign(Buffer.from('x'))).toBeInstanceOf(Buffer);
  });

  it('are told apart from a device that does not answer: that counts for nothing', async () => {
    const token = await open();
    await token.activate(pin);
    token.deactivate();
    hsm.hide();
    await module.close();
    module = newModule();
    const away = await open().catch((error: unknown) => error);
    expect(away).toMatchObject({ code: 'not-initialized' });
    hsm.show();
    const back = await open();
    await expect(back.activate(wrong)).rejects.toMatchObject(incorrect);
    hsm.hide();
    for (let time = 0; time < 3; time += 1) {
      await expect(back.activate(pin)).rejects.toMatchObject({ code: 'device-lost' });
    }
    hsm.show();
    await back.activate(pin);
    expect(back.isActive()).toBe(true);
  });
});
