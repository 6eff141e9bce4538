import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hasSoftHsm, SoftHsm } from '../../certs/pkcs11/testing/soft-hsm.ts';
import { createSoftwareToken, TokenError } from '../../certs/token/index.ts';
import { pin } from '../testing/trust-services.ts';
import { ServerTokens, type TokenSettings } from '../tokens/index.ts';
import { checkTokens } from './checks/tokens.ts';

let dir: string;
let tokens: ServerTokens | undefined;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'waygate-diagnose-tokens-'));
  await createSoftwareToken(join(dir, 'token'), { pin, label: 'test' });
});
afterEach(async () => {
  await tokens?.close();
  tokens = undefined;
  rmSync(dir, { recursive: true });
});

async function open(devices: TokenSettings = []): Promise<ServerTokens> {
  tokens = await ServerTokens.open({
    ...{ dir: join(dir, 'token'), devices, onChange: () => undefined, onTrouble: () => undefined },
    retryMs: 3_600_000,
  });
  return tokens;
}

const found = async () =>
  (await checkTokens(tokens?.all() ?? [])).map(({ code, subject }) => [subject, code]);

describe('tokens', () => {
  it('token-signed-out: until the PIN is entered', async () => {
    const { software } = await open();
    expect(await found()).toEqual([['software', 'token-signed-out']]);
    await software.activate(pin);
    expect(await found()).toEqual([]);
  });

  it('token-pin-locked: after wrong PINs, and until when', async () => {
    const { software, all } = await open();
    let error: unknown;
    while (!(error instanceof TokenError && error.code === 'pin-locked')) {
      error = await software.activate('Wrong-Horse-7').catch((one: unknown) => one);
    }
    expect(all).toBeDefined();
    const [one] = await checkTokens(tokens?.all() ?? []);
    expect(one).toMatchObject({ code: 'token-pin-locked', detail: expect.stringMatching(/^until 20/) });
  });

  it('token-module-missing: the module of a device is not there', async () => {
    const { software } = await open([{ module: join(dir, 'none.so'), label: 'city' }]);
    await software.activate(pin);
    expect(await found()).toEqual([['city', 'token-module-missing']]);
  });
});

describe.skipIf(!hasSoftHsm())('devices (needs softhsm2)', () => {
  let hsm: SoftHsm;
  beforeEach(() => {
    hsm = new SoftHsm();
    hsm.addToken('city', '1234-city');
  });
  afterEach(() => hsm.remove());

  const device = (more: Partial<TokenSettings[number]> = {}): TokenSettings => [
    { module: hsm.module, environment: { ...hsm.environment }, label: 'city', ...more },
  ];

  it('token-device-away: it is not there when the server starts', async () => {
    const { software } = await open(device({ label: 'another' }));
    await software.activate(pin);
    expect(await found()).toEqual([['another', 'token-device-away']]);
  });

  it('token-pin-wrong: the file holds another PIN, or is not there', async () => {
    const pinFile = join(dir, 'pin');
    writeFileSync(pinFile, '9999-city\n');
    const first = await open(device({ pinFile }));
    await first.software.activate(pin);
    expect(await found()).toEqual([['city', 'token-pin-wrong']]);
    await first.close();
    const second = await open(device({ pinFile: join(dir, 'none') }));
    await second.software.activate(pin);
    expect(await found()).toEqual([['city', 'token-pin-wrong']]);
  });

  it('nothing is diagnosed of one that is signed in to', async () => {
    const pinFile = join(dir, 'pin');
    writeFileSync(pinFile, '1234-city\n');
    const { software } = await open(device({ pinFile }));
    await software.activate(pin);
    expect(await found()).toEqual([]);
  });
});
