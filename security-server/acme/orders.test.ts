import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compactVerify, flattenedVerify, importJWK, type JWK } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { generateKeyPair, softwareSigningKey } from '../../certs/key/index.ts';
import { buildName, createRequest } from '../../certs/x509/index.ts';
import type { IssuedChain } from './chain.ts';
import { CertificateOrders, type OrderWanted } from './orders.ts';
import { acmeSettingsSchema } from './settings.ts';
import { type AcmeServer, problem, startAcmeServer } from './testing/acme-server.ts';

let folder: string;
let server: AcmeServer;
let service: CertificateOrders;
let wanted: OrderWanted;
let taken: IssuedChain[];
let now: Date;
const macKey = Buffer.alloc(32, 7);

/** Seals nothing: what is sealed, and how, is the token's. */
const token = {
  isActive: () => true,
  wrapKey: (key: Buffer, purpose: string) => `${purpose}:${key.toString('base64')}`,
  unwrapKey: (wrapped: string, purpose: string) => Buffer.from(wrapped.slice(purpose.length + 1), 'base64'),
};

function open(directory: object = {}): CertificateOrders {
  return new CertificateOrders({
    ...{
      dir: join(folder, 'acme'),
      token,
      environment: { MAC: macKey.toString('base64url') },
      now: () => now,
    },
    settings: acmeSettingsSchema.parse({
      ...{ contact: ['ops@agency.example'], listenHost: '127.0.0.1', listenPort: 0 },
      directories: [{ url: server.directoryUrl, trustFile: join(folder, 'ca.pem'), ...directory }],
    }),
    ...{ pollMs: 200, timeoutMs: 1_000 },
  });
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'waygate-acme-'));
  server = await startAcmeServer();
  writeFileSync(join(folder, 'ca.pem'), server.cert);
  now = new Date();
  taken = [];
  service = open();
  const { publicKey, privateKey } = await generateKeyPair({ type: 'ec', curve: 'P-256' });
  wanted = {
    ...{ keyId: 'key-1', publicKeyInfo: publicKey.export({ format: 'der', type: 'spki' }) },
    ...{ directoryUrl: server.directoryUrl, profile: undefined, address: 'ss1.example' },
    request: () =>
      createRequest(
        { subject: buildName({ CN: 'ss1.example' }), subjectAltNames: ['ss1.example'] },
        softwareSigningKey(privateKey),
      ),
    takeIn: async (chain) => {
      taken.push(chain);
    },
  };
});
afterEach(async () => {
  await service.close();
  await server.close();
  rmSync(folder, { recursive: true });
});

const order = (more: Partial<OrderWanted> = {}) => service.order({ ...wanted, ...more }, 10_000);

describe('an order', () => {
  it('is signed by the key first, by the account then, each request for its address', async () => {
    service = open({ externalAccount: { keyId: 'kid-7', macKeyVariable: 'MAC' } });
    expect(await order()).toMatchObject({ state: 'issued' });
    expect(taken).toHaveLength(1);
    const [account] = server.seen('/newAccount');
    const jwk = await importJWK(account?.header['jwk'] as JWK, 'ES256');
    for (const { raw, path, header } of server.seen().filter(({ raw: text }) => text !== '')) {
      await flattenedVerify(JSON.parse(raw), jwk);
      expect(header).toMatchObject({ alg: 'ES256', url: `${server.url}${path}`, nonce: expect.any(String) });
      if (path !== '/newAccount') expect(header).toMatchObject({ kid: `${server.url}/account/1` });
    }
    const binding = account?.payload['externalAccountBinding'] as {
      protected: string;
      payload: string;
      signature: string;
    };
    const { protectedHeader, payload } = await compactVerify(
      `${binding.protected}.${binding.payload}.${binding.signature}`,
      macKey,
    );
    expect(protectedHeader).toEqual({ alg: 'HS256', kid: 'kid-7', url: `${server.url}/newAccount` });
    expect(JSON.parse(Buffer.from(payload).toString())).toEqual(account?.header['jwk']);
  });

  it('uses no nonce twice, and is signed anew when one is not taken', async () => {
    let refused = 0;
    server.on('/newOrder', () => {
      refused += 1;
      return refused > 2 ? undefined : problem('badNonce', 400);
    });
    expect(await order()).toMatchObject({ state: 'issued' });
    const nonces = server
      .seen()
      .flatMap(({ header }) => (header['nonce'] === undefined ? [] : [header['nonce']]));
    expect(new Set(nonces).size).toBe(nonces.length);
  });

  it('ends when nonces are refused for ever', async () => {
    server.on('/newOrder', () => problem('badNonce', 400));
    expect(await order()).toMatchObject({ state: 'failed', code: 'refused' });
    expect(server.seen('/newOrder')).toHaveLength(4);
  });

  it('makes an account again when the authority has lost it', async () => {
    await order();
    let isKnown = false;
    server.on('/newAccount', () => {
      isKnown = true;
      return undefined;
    });
    server.on('/newOrder', () => (isKnown ? undefined : problem('accountDoesNotExist', 400)));
    expect(await order()).toMatchObject({ state: 'issued' });
    expect(server.seen('/newAccount')).toHaveLength(2);
  });

  it('of an account that was deactivated or revoked says so, and no other account is made', async () => {
    await order();
    server.on('/newOrder', () => problem('unauthorized', 403));
    const closed = { state: 'failed', code: 'account-closed', remedy: expect.stringContaining('acme.json') };
    expect(await order()).toMatchObject(closed);
    expect(await order({ replaces: taken[0]?.certificate as never })).toMatchObject(closed);
    expect(server.seen('/newAccount')).toHaveLength(1);
  });

  it('of an account that is known as closed is not placed', async () => {
    server.on('/newAccount', () => ({ json: { status: 'deactivated' } }));
    expect(await order()).toMatchObject({ state: 'failed', code: 'account-closed' });
    expect(server.seen('/newOrder')).toHaveLength(0);
  });

  it.each(['alreadyReplaced', 'malformed', 'unauthorized'])(
    'replaces no certificate where the authority answers %s, and is an order all the same',
    async (type) => {
      await order();
      server.on('/newOrder', ({ payload }) =>
        payload['replaces'] === undefined ? undefined : problem(type, 409),
      );
      expect(await order({ keyId: 'key-2', replaces: taken[0]?.certificate as never })).toMatchObject({
        state: 'issued',
      });
      expect(server.seen('/newOrder')).toHaveLength(3);
    },
  );

  it.each([
    ['rejectedIdentifier', { state: 'failed', code: 'rejected-name', remedy: expect.any(String) }],
    ['externalAccountRequired', { state: 'failed', code: 'account-required', remedy: expect.any(String) }],
    ['malformed', { state: 'failed', code: 'refused' }],
  ])('that is refused as %s says why', async (type, view) => {
    server.on('/newOrder', () => problem(type));
    expect(await order()).toMatchObject(view);
  });

  it('is not repeated before the time that a rate limit names', async () => {
    server.on('/newOrder', () => {
      const { headers, ...refusal } = problem('rateLimited', 429);
      return { ...refusal, headers: { ...headers, 'retry-after': '3600' } };
    });
    const delayed = { state: 'delayed', code: 'rate-limited', retryAt: new Date(now.getTime() + 3600_000) };
    expect(await order()).toMatchObject(delayed);
    expect(await order()).toMatchObject(delayed);
    expect(server.seen('/newOrder')).toHaveLength(1);
    now = new Date(now.getTime() + 3600_000);
    await order();
    expect(server.seen('/newOrder')).toHaveLength(2);
  });

  it('that is never done is put off, and gone on with', async () => {
    server.on('/order', ({ path }) => ({
      json: {
        ...{ status: 'processing', authorizations: [], finalize: `${server.url}${path}` },
        identifiers: [{ type: 'dns', value: 'ss1.example' }],
      },
    }));
    expect(await order()).toMatchObject({ state: 'delayed', code: 'slow' });
    now = new Date(now.getTime() + 60_000);
    expect(await order()).toMatchObject({ state: 'delayed', code: 'slow' });
    expect(server.seen('/newOrder')).toHaveLength(1);
  });

  it('is broken off at once when the server ends, and gone on with by the next one', async () => {
    let asked: () => void = () => undefined;
    const isAsked = new Promise<void>((resolve) => {
      asked = resolve;
    });
    server.on('/finalize', (_seen, response) => {
      asked();
      return new Promise((resolve) => response.on('close', () => resolve(undefined)));
    });
    const ordered = order();
    await isAsked;
    await service.close();
    expect(await ordered).toMatchObject({ state: 'delayed' });
    server.on('/finalize', () => undefined);
    service = open();
    expect(await order()).toMatchObject({ state: 'issued' });
    expect(server.seen('/newOrder')).toHaveLength(1);
  });

  it('is one, however often it is asked for', async () => {
    const views = await Promise.all([order(), order(), order()]);
    expect(views.map(({ state }) => state)).toEqual(['issued', 'issued', 'issued']);
    expect(server.seen('/newOrder')).toHaveLength(1);
    expect(taken).toHaveLength(1);
  });
});

describe('a hostile server', () => {
  it.each([
    ['redirects', '/directory', { status: 302, headers: { location: '/elsewhere' } }],
    ['answers without end', '/directory', { body: Buffer.alloc(300 * 1024, ' ') }],
    ['answers with no JSON', '/directory', { body: '<html>' }],
    ['answers with another shape', '/newOrder', { status: 201, json: { status: 'odd' } }],
    ['names no address of the order', '/newOrder', { headers: { location: '' }, status: 201 }],
    ['gives no nonces', '/newNonce', { headers: { 'replay-nonce': 'no good?' } }],
  ])('that %s is not believed', async (_what, path, answer) => {
    server.on(path, () => answer);
    expect(await order()).toMatchObject({ state: 'failed', code: 'malformed' });
    expect(server.seen('/elsewhere')).toEqual([]);
  });

  it('that names an address in the clear is not asked there', async () => {
    server.on('/directory', () => ({
      json: {
        ...{ newNonce: 'http://127.0.0.1:1/nonce', newAccount: `${server.url}/newAccount` },
        newOrder: `${server.url}/newOrder`,
      },
    }));
    expect(await order()).toMatchObject({ state: 'failed', code: 'malformed' });
  });

  it('writes nothing of its own into logs', async () => {
    server.on('/newOrder', () =>
      problem('malformed', 400, { detail: 'one\nINFO all is well\u001b[2J'.repeat(200) }),
    );
    const view = await order();
    expect(view.state === 'failed' && view.detail).toMatch(/^[^\p{Cc}]{1,800}$/u);
  });

  it.each([
    ['of another kind', [{ type: 'dns-01', url: 'https://x.example/', token: 't'.repeat(43) }]],
    [
      'with a token that is a path',
      [{ type: 'http-01', url: 'https://x.example/', token: `../${'t'.repeat(43)}` }],
    ],
  ])('that offers challenges %s gets no answer', async (_what, challenges) => {
    server.on('/authz', () => ({
      json: { status: 'pending', identifier: { type: 'dns', value: 'ss1.example' }, challenges },
    }));
    expect(await order()).toMatchObject({ state: 'failed', code: 'refused', remedy: expect.any(String) });
  });

  it.each([
    [
      'connection',
      /could not reach http:\/\/ss1\.example:80\/\.well-known\/acme-challenge/,
      /to 192\.0\.2\.7/,
    ],
    ['unauthorized', /unauthorized/, /another program answers/],
    ['dns', /dns/, /resolves/],
  ])('or an honest one says what kept it from our address: %s', async (type, detail, remedy) => {
    server.on('/authz', () => ({
      json: {
        ...{ status: 'invalid', identifier: { type: 'dns', value: 'ss1.example' } },
        challenges: [
          {
            ...{ type: 'http-01', url: `${server.url}/challenge`, token: 't'.repeat(43), status: 'invalid' },
            error: problem(type).json,
          },
        ],
      },
    }));
    expect(await order({ verifiesFrom: '192.0.2.7' })).toMatchObject({
      ...{ state: 'failed', code: 'challenge-failed' },
      ...{ detail: expect.stringMatching(detail), remedy: expect.stringMatching(remedy) },
    });
  });
});

describe('a certificate', () => {
  const answerWith = async (body: (request: Buffer) => Promise<string>) => {
    server.on('/certificate', async () => ({ body: await body(await wanted.request()) }));
    return order();
  };
  const wrong = { state: 'failed', code: 'wrong-certificate' };

  it('for another key is not taken in', async () => {
    const { publicKey } = await generateKeyPair({ type: 'ec', curve: 'P-256' });
    expect(await answerWith(async (csr) => (await server.issue(csr, { publicKey })).pem)).toMatchObject(
      wrong,
    );
    expect(taken).toEqual([]);
  });

  it.each([
    ['for another address', { names: ['other.example'] }],
    ['for one address more', { names: ['ss1.example', 'other.example'] }],
    ['for no address', { names: [] }],
    ['that has ended', { notAfter: new Date(Date.now() - 1_000) }],
  ])('%s is not taken in', async (_what, more) => {
    expect(await answerWith(async (csr) => (await server.issue(csr, more)).pem)).toMatchObject(wrong);
    expect(taken).toEqual([]);
  });

  it('with a chain that does not hold is not taken in', async () => {
    const stranger = await startAcmeServer();
    await stranger.close();
    expect(
      await answerWith(async (csr) => `${(await server.issue(csr)).pem}${stranger.ca.pem}`),
    ).toMatchObject(wrong);
  });

  it.each([
    ['none', async () => 'hello'],
    ['too many', async (csr: Buffer) => (await server.issue(csr)).pem.repeat(11)],
    ['one that cannot be read', async () => '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'],
  ])('chain of %s is none', async (_what, body) => {
    expect(await answerWith(body)).toMatchObject({ state: 'failed', code: 'malformed' });
  });

  it('that the server cannot use ends the order: another one may bring a better', async () => {
    const takeIn = () => Promise.reject(new Error('of no approved authority'));
    expect(await order({ takeIn })).toMatchObject({
      ...wrong,
      detail: expect.stringContaining('no approved'),
    });
    expect(await order()).toMatchObject({ state: 'issued' });
    expect(server.seen('/newOrder')).toHaveLength(2);
  });
});

describe('a profile', () => {
  const offer = (profiles: object | undefined) => {
    server.on('/directory', () => ({
      json: {
        ...{ newNonce: `${server.url}/newNonce`, newAccount: `${server.url}/newAccount` },
        ...{ newOrder: `${server.url}/newOrder`, ...(profiles && { meta: { profiles } }) },
      },
    }));
  };

  it.each([
    ['is asked for where it is offered', { auth: 'for servers' }, { profile: 'auth' }],
    ['is left out where there is no choice', undefined, {}],
  ])('%s', async (_what, profiles, sent) => {
    offer(profiles);
    expect(await order({ profile: 'auth' })).toMatchObject({ state: 'issued' });
    const { profile } = server.seen('/newOrder')[0]?.payload ?? {};
    expect({ ...(profile !== undefined && { profile }) }).toEqual(sent);
  });

  it('that is not offered is refused before anything is ordered', async () => {
    offer({ other: 'x' });
    expect(await order({ profile: 'constructor' })).toMatchObject({ state: 'failed', code: 'refused' });
    expect(server.seen('/newOrder')).toEqual([]);
  });
});

describe('renewal information', () => {
  const path = () => server.seen().at(-1)?.path ?? '';

  it('is read without an account', async () => {
    const certificate = await server.issue(await wanted.request());
    await service.renewalInfo(server.directoryUrl, certificate).catch(() => undefined);
    expect(server.seen('/newAccount')).toHaveLength(0);
  });

  it('names the window of a certificate by its issuer key and its number', async () => {
    await order();
    const [chain] = taken;
    if (chain === undefined) throw new Error('nothing was issued');
    const { authorityKeyIdentifier = Buffer.alloc(0), serialNumber } = chain.certificate;
    const serial = Buffer.from(`00${serialNumber.toString(16)}`, 'hex').toString('base64url');
    const name = `/renewalInfo/${authorityKeyIdentifier.toString('base64url')}.${serial}`;
    const suggestedWindow = { start: '2026-01-01T00:00:00Z', end: '2026-01-02T00:00:00Z' };
    server.on(name, () => ({ json: { suggestedWindow }, headers: { 'retry-after': '1' } }));
    expect(await service.renewalInfo(server.directoryUrl, chain.certificate)).toEqual({
      startAt: new Date(suggestedWindow.start),
      endAt: new Date(suggestedWindow.end),
      retryAfterMs: 60_000,
    });
    expect(path()).toBe(name);
    server.on(name, () => ({
      json: { suggestedWindow: { start: suggestedWindow.end, end: suggestedWindow.start } },
    }));
    expect(await service.renewalInfo(server.directoryUrl, chain.certificate)).toBeUndefined();
    await order({ keyId: 'key-2', replaces: chain.certificate });
    expect(server.seen('/newOrder').at(-1)?.payload['replaces']).toBe(name.slice('/renewalInfo/'.length));
  });
});
