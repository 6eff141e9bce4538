import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { foundAuthority, isAuthority, issueSecretFile, openAuthority } from './index.ts';

const pin = 'Correct-Horse-7';

describe('founding an authority', () => {
  let folder: string;
  let dir: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'waygate-found-'));
    dir = join(folder, 'authority');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('makes it whole in an empty folder, with a secret for its owner alone', async () => {
    mkdirSync(dir);
    expect(await isAuthority(dir)).toBe(false);
    await foundAuthority(dir, { name: 'Small', pin });
    expect(await isAuthority(dir)).toBe(true);
    const secret = join(dir, issueSecretFile);
    expect([readFileSync(secret, 'utf8').length, statSync(secret).mode & 0o777]).toEqual([43, 0o600]);
    expect((await openAuthority(dir, { pin })).caCertificate.subject.describe()).toContain('Small');
    expect(readdirSync(folder)).toEqual(['authority']);
  });

  it('begins anew after it was cut short', async () => {
    mkdirSync(`${dir}.founding/token`, { recursive: true });
    writeFileSync(`${dir}.founding/ca.pem`, 'half a certificate');
    await foundAuthority(dir, { name: 'Small', pin });
    expect((await openAuthority(dir, { pin })).tsaCertificate.subject.describe()).toContain('Small');
  });

  it('leaves a folder that holds anything as it is', async () => {
    mkdirSync(dir);
    writeFileSync(join(dir, 'letters.txt'), 'of somebody');
    await expect(foundAuthority(dir, { name: 'Small', pin })).rejects.toThrow('not empty');
    expect([readdirSync(folder), readdirSync(dir)]).toEqual([['authority'], ['letters.txt']]);
  });

  it('leaves nothing behind for a PIN that is too weak', async () => {
    await expect(foundAuthority(dir, { name: 'Small', pin: '1234' })).rejects.toMatchObject({
      code: 'pin-policy',
    });
    expect(readdirSync(folder)).toEqual([]);
  });
});
