import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hasSoftHsm, SoftHsm } from '../../certs/pkcs11/testing/soft-hsm.ts';
import { createSoftwareToken } from '../../certs/token/index.ts';
import { ServerTokens, type TokenSettings, tokenSettingsSchema } from './index.ts';

const pin = '12345678';

describe.skipIf(!hasSoftHsm())('devices of a server (needs softhsm2)', () => {
  let hsm: SoftHsm;
  let dir: string;
  let told: string[];
  let tokens: ServerTokens | undefined;

  beforeEach(async () => {
    hsm = new SoftHsm();
    hsm.addToken('city', pin);
    dir = mkdtempSync(join(tmpdir(), 'waygate-tokens-'));
    await createSoftwareToken(dir, { pin: 'Correct-Horse-7', label: 'keys' });
    told = [];
  });
  afterEach(async () => {
    await tokens?.close();
    hsm.remove();
    rmSync(dir, { recursive: true });
  });

  async function start(settings: Partial<TokenSettings[number]>) {
    await tokens?.close();
    const { module, environment } = hsm;
    const devices = tokenSettingsSchema.parse([{ module, environment, label: 'city', ...settings }]);
    const onTrouble = (error: Error) => told.push(error.message);
    tokens = await ServerTokens.open({ dir, devices, onChange: () => undefined, onTrouble });
    return tokens.all()[1];
  }

  it('are signed in with the PIN of a file, or that a command writes, and else wait for it', async () => {
    const pinFile = join(dir, 'pin');
    writeFileSync(pinFile, `${pin}\n`);
    expect((await start({ pinFile }))?.token?.isActive()).toBe(true);
    expect((await start({ pinCommand: ['cat', pinFile] }))?.token?.isActive()).toBe(true);
    const waiting = await start({});
    expect([waiting?.token?.isActive(), waiting?.trouble, told]).toEqual([false, undefined, []]);
    expect(() =>
      tokenSettingsSchema.parse([{ module: 'x', label: 'y', pinFile, pinCommand: 'z' }]),
    ).toThrow();
  });

  it('with a wrong PIN in the settings say so, and take the right one by hand, however often that was started', async () => {
    for (let count = 0; count < 4; count += 1) {
      const known = await start({ pinCommand: ['echo', 'wrong-1'] });
      expect([known?.token?.isActive(), known?.pin]).toEqual([false, 'open']);
      expect(known?.trouble).toBeDefined();
      expect(known?.trouble).not.toContain('wrong-1');
    }
    const id = tokens?.all()[1]?.token?.id ?? '';
    await tokens?.get(id)?.activate(pin);
    expect(tokens?.all()[1]).toMatchObject({ trouble: undefined, isAway: false });
  });

  it('take one more PIN after wrong ones when somebody allows it', async () => {
    const id = (await start({}))?.token?.id ?? '';
    const enter = (given: string) => tokens?.get(id)?.activate(given);
    for (const code of ['pin-incorrect', 'pin-incorrect', 'pin-locked']) {
      await expect(enter('wrong-1')).rejects.toMatchObject({ code });
    }
    expect((await start({}))?.pin).toBe('locked-here');
    await expect(enter(pin)).rejects.toMatchObject({ code: 'pin-locked' });
    expect([await tokens?.releasePin('software'), await tokens?.releasePin(id)]).toEqual([false, true]);
    await enter(pin);
    expect(tokens?.all()[1]?.pin).toBe('open');
  });
});
