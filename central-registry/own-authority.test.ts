import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openAuthority } from '../certs/authority/index.ts';
import { initRegistry, registerPath } from './init.ts';
import { listCertificationServices, listKeys, listTimestampingServices, Register } from './register/index.ts';

const pin = 'Correct-Horse-7';
const authorityPin = 'Another-Horse-8';

describe('an instance that is founded with an authority of its own', () => {
  let folder: string;
  let asked: number;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'waygate-own-authority-'));
    asked = 0;
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const data = (name = 'registry') => join(folder, name);
  const authority = (url = 'http://registry.example:4050') => ({
    folder: join(folder, 'authority'),
    url,
    askPin: () => {
      asked += 1;
      return Promise.resolve(authorityPin);
    },
  });
  const found = (name?: string, url?: string) =>
    initRegistry({
      ...{ data: data(name), instance: 'CITY', address: 'registry.example', pin },
      authority: authority(url),
    });
  async function readRegister(name?: string) {
    const register = await Register.open(registerPath(data(name)), () => new Date());
    try {
      return await register.read(async (book) => ({
        certification: await listCertificationServices(book),
        timestamping: await listTimestampingServices(book),
        keys: await listKeys(book),
      }));
    } finally {
      register.close();
    }
  }

  it('trusts its certificates, and asks for statuses and times where it will be', async () => {
    await found();
    const { caCertificate, ocspCertificate, tsaCertificate } = await openAuthority(authority().folder, {
      pin: authorityPin,
    });
    const { certification, timestamping } = await readRegister();
    expect(certification).toMatchObject([
      {
        top: {
          certificate: caCertificate.der,
          ocspResponders: [{ url: 'http://registry.example:4050/ocsp', certificate: ocspCertificate.der }],
        },
        intermediates: [],
      },
    ]);
    expect(timestamping).toMatchObject([
      { url: 'http://registry.example:4050/tsa', certificate: tsaCertificate.der },
    ]);
  });

  it('takes an authority that is there, without asking for its PIN', async () => {
    await found('first');
    await found('second');
    expect(asked).toBe(1);
    const [first, second] = [await readRegister('first'), await readRegister('second')];
    expect(second.certification[0]?.top).toEqual(first.certification[0]?.top);
  });

  it('is founded when it is asked again after a mistake, and trusts one authority', async () => {
    await expect(found('registry', 'http://anna:secret@registry.example')).rejects.toMatchObject({
      code: 'invalid',
    });
    await found();
    const { certification, keys } = await readRegister();
    expect([certification.length, keys.length, asked]).toEqual([1, 2, 1]);
    await expect(found()).rejects.toMatchObject({ code: 'exists' });
  });
});
