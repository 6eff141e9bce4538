import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSoftwareToken, type Token } from '../../certs/token/index.ts';
import { buildName, createRequest } from '../../certs/x509/index.ts';
import type { IssuedChain } from './chain.ts';
import { openHttps } from './https.ts';
import { CertificateOrders, type OrderWanted } from './orders.ts';
import { AcmeSession } from './session.ts';
import { acmeSettingsSchema } from './settings.ts';
import { AcmeStore } from './store.ts';
import { type Pebble, startPebble } from './testing/pebble.ts';

const isHere = (() => {
  try {
    execFileSync('which', ['pebble'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

const macKey = randomBytes(48).toString('base64url');

describe.skipIf(!isHere)('certificates of an ACME server made by others (needs pebble)', () => {
  let folder: string;
  let pebble: Pebble;
  let token: Token;
  let taken: IssuedChain[];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'waygate-acme-'));
    pebble = await startPebble(folder, { 'agency-1': macKey });
    token = await createSoftwareToken(join(folder, 'token'), { pin: 'a long enough PIN 1', label: 'test' });
    taken = [];
  });
  afterAll(async () => {
    await pebble.close();
    rmSync(folder, { recursive: true });
  });

  function orders(directory: object = {}, more: object = {}): CertificateOrders {
    return new CertificateOrders({
      ...{ dir: join(folder, 'acme'), token, environment: { MAC_KEY: macKey }, now: () => new Date() },
      settings: acmeSettingsSchema.parse({
        ...{ contact: ['ops@agency.example'], listenHost: '127.0.0.1', listenPort: pebble.httpPort, ...more },
        directories: [
          {
            ...{ url: pebble.directoryUrl, trustFile: pebble.trustFile, agreesToTerms: true },
            externalAccount: { keyId: 'agency-1', macKeyVariable: 'MAC_KEY' },
            ...directory,
          },
        ],
      }),
      ...{ pollMs: 200, timeoutMs: 20_000 },
    });
  }

  async function wanted(address = '127.0.0.1'): Promise<OrderWanted> {
    const { id: keyId, publicKeyInfo } = await token.generateKey({ type: 'ec', curve: 'P-256' }, 'test');
    return {
      ...{ keyId, publicKeyInfo, address, directoryUrl: pebble.directoryUrl, profile: undefined },
      request: () =>
        createRequest(
          { subject: buildName({ CN: address }), subjectAltNames: [address] },
          token.signingKey(keyId),
        ),
      takeIn: async (chain) => {
        taken.push(chain);
      },
    };
  }

  it('are issued for an external account, after it has seen the address', async () => {
    const service = orders();
    const view = await service.order(await wanted(), 30_000);
    expect(view).toMatchObject({ state: 'issued' });
    expect(taken.at(-1)?.certificate.subjectAltNames).toEqual(['127.0.0.1']);
    expect(taken.at(-1)?.intermediates).toHaveLength(1);
    await service.close();
    const kept = readFileSync(join(folder, 'acme', 'acme.json'), 'utf8');
    expect(JSON.parse(kept)).toMatchObject({ accounts: [{ url: expect.any(String) }], orders: [] });
  });

  it('are issued for host names, with the account from before; then revoked, twice over', async () => {
    const before = readFileSync(join(folder, 'acme', 'acme.json'), 'utf8');
    const service = orders();
    expect(await service.order(await wanted('localhost'), 30_000)).toMatchObject({ state: 'issued' });
    expect(readFileSync(join(folder, 'acme', 'acme.json'), 'utf8')).toBe(before);
    const certificate = taken.at(-1)?.certificate;
    if (certificate === undefined) throw new Error('nothing was issued');
    await service.revoke(pebble.directoryUrl, certificate, 'superseded');
    await service.revoke(pebble.directoryUrl, certificate, 'superseded');
    await service.close();
  });

  it('come from the order that was placed before a crash', async () => {
    const order = await wanted();
    const orderOf = () =>
      (JSON.parse(readFileSync(join(folder, 'acme', 'acme.json'), 'utf8')) as { orders: object[] }).orders;
    const broken = orders();
    const crash = () => Promise.reject(new Error('the process ended here'));
    expect(await broken.order({ ...order, request: crash }, 30_000)).toMatchObject({ state: 'failed' });
    await broken.close();
    const [placed] = orderOf();
    expect(placed).toMatchObject({ keyId: order.keyId, url: expect.stringContaining('/my-order/') });

    let kept: object[] = [];
    const takeIn = async () => {
      kept = orderOf();
    };
    const service = orders();
    const again = { ...order, takeIn };
    expect(await service.order(again, 30_000)).toMatchObject({ state: 'issued' });
    expect(kept).toEqual([placed]);
    await service.close();
  });

  it('are not issued when it cannot reach the responder: what to open is said', async () => {
    const service = orders();
    // The responder is not at this one.
    expect(await service.order(await wanted('127.0.0.9'), 30_000)).toMatchObject({
      ...{ state: 'failed', code: 'challenge-failed' },
      detail: expect.stringContaining('http://127.0.0.9:80/.well-known/acme-challenge/'),
      remedy: expect.stringContaining('open port 80'),
    });
    await service.close();
  });

  it.each([
    ['no external account', { externalAccount: undefined }, 'account-required'],
    ['another MAC key', { externalAccount: { keyId: 'agency-1', macKeyVariable: 'OTHER' } }, 'refused'],
    [
      'a MAC key that is not there',
      { externalAccount: { keyId: 'a', macKeyVariable: 'NONE' } },
      'not-set-up',
    ],
    ['no consent to its terms', { agreesToTerms: false }, 'not-set-up'],
    ['roots of the public web', { trustFile: undefined }, 'unreachable'],
  ])('are not ordered with %s', async (_what, directory, code) => {
    const service = new CertificateOrders({
      ...{
        dir: join(folder, `acme-${code}-${randomBytes(4).toString('hex')}`),
        token,
        now: () => new Date(),
      },
      environment: { MAC_KEY: macKey, OTHER: randomBytes(48).toString('base64url') },
      settings: acmeSettingsSchema.parse({
        ...{ listenHost: '127.0.0.1', listenPort: pebble.httpPort },
        directories: [
          {
            ...{ url: pebble.directoryUrl, trustFile: pebble.trustFile, agreesToTerms: true },
            externalAccount: { keyId: 'agency-1', macKeyVariable: 'MAC_KEY' },
            ...directory,
          },
        ],
      }),
    });
    const view = await service.order(await wanted(), 30_000);
    expect(view).toMatchObject({ code, remedy: expect.any(String) });
    await service.close();
  });

  it('are not ordered with an account that was deactivated, and no other one is made in its place', async () => {
    const { key, url = '' } = await new AcmeStore(join(folder, 'acme'), token).account(pebble.directoryUrl);
    const { signal } = new AbortController();
    const https = await openHttps({ now: () => new Date(), signal, trustFile: pebble.trustFile });
    const session = await AcmeSession.open(https, pebble.directoryUrl, key);
    session.useAccount(url);
    await session.post({ url, payload: { status: 'deactivated' }, asked: 'that the account ends' });
    await https.close();
    const before = readFileSync(join(folder, 'acme', 'acme.json'), 'utf8');
    const service = orders();
    expect(await service.order(await wanted(), 30_000)).toMatchObject({
      ...{ state: 'failed', code: 'account-closed', remedy: expect.stringContaining('acme/acme.json') },
    });
    expect(readFileSync(join(folder, 'acme', 'acme.json'), 'utf8')).toBe(before);
    await service.close();
  });
});
