import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { acmeSettingsSchema, directoryOf, readExternalAccount } from './settings.ts';

const url = 'https://ca.example/directory';
const read = (externalAccount: object, environment: Record<string, string> = {}) =>
  readExternalAccount(
    directoryOf(acmeSettingsSchema.parse({ directories: [{ url, externalAccount }] }), url),
    environment,
  );

describe('settings of ACME', () => {
  it('need nothing', () => {
    const settings = acmeSettingsSchema.parse({});
    expect(settings).toMatchObject({ listenPort: 80, contact: [] });
    expect(directoryOf(settings, url)).toEqual({ url, agreesToTerms: false });
  });

  it.each([
    { contact: ['nobody'] },
    { contact: ['a@b.example\nx'] },
    { directories: [{ url: 'http://ca.example/directory' }] },
    { directories: [{ url }, { url }] },
    { directories: [{ url, externalAccount: { keyId: 'k' } }] },
    { directories: [{ url, externalAccount: { keyId: 'k', macKeyFile: 'f', macKeyVariable: 'V' } }] },
    { directories: [{ url, externalAccount: { keyId: 'k', macKey: 'secret' } }] },
    { listenPort: 70_000 },
  ])('%o are refused', (settings) => {
    expect(acmeSettingsSchema.safeParse(settings).success).toBe(false);
  });
});

describe('the MAC key of an external account', () => {
  const macKey = Buffer.alloc(32, 0xfb);
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'waygate-acme-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('comes from a file or from the environment', async () => {
    writeFileSync(join(folder, 'mac'), `${macKey.toString('base64url')}\n`);
    expect(await read({ keyId: 'k', macKeyFile: join(folder, 'mac') })).toEqual({ keyId: 'k', macKey });
    const environment = { MAC: `${macKey.toString('base64url')}=` };
    expect(await read({ keyId: 'k', macKeyVariable: 'MAC' }, environment)).toEqual({ keyId: 'k', macKey });
  });

  it.each(['', 'not base64url!', Buffer.alloc(31).toString('base64url')])('is not %o', async (text) => {
    await expect(read({ keyId: 'k', macKeyVariable: 'MAC' }, { MAC: text })).rejects.toMatchObject({
      code: 'not-set-up',
      message: expect.not.stringContaining('base64url!'),
    });
  });
});
