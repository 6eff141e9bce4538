import { generateKeyPairSync } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { exportJWK, SignJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Caller, tokenOf } from '../gateway/first-start/testing/caller.ts';
import { asksWithKey, checkHostileRequests } from '../gateway/http/testing/check-hostile.ts';
import { checkRoleMatrix } from '../gateway/http/testing/role-matrix.ts';
import { invitationAlgorithm, invitationType } from '../gateway/joining/index.ts';
import { createUnfoundedAdmin } from './admin/index.ts';
import { AskedServer, pin } from './testing/asked-server.ts';

const password = 'four words of oil';
const keys = generateKeyPairSync('ed25519');

/** Of a registry that nobody can reach. */
async function invitation(): Promise<string> {
  const iat = Math.floor(Date.now() / 1000);
  return new SignJWT({
    ...{ jti: 'a'.repeat(22), iat, exp: iat + 3600, iss: 'DEV', serverCode: 'ss1' },
    member: { memberClass: 'GOV', memberCode: '1', name: 'Harbour <Office>' },
    configurationUrl: 'http://127.0.0.1:1/internalconf',
    registrationUrl: 'https://127.0.0.1:1/managementservice/',
    ...{ anchorSha256: '0'.repeat(64), registrationCertificateSha256: '0'.repeat(64) },
  })
    .setProtectedHeader({
      alg: invitationAlgorithm,
      typ: invitationType,
      jwk: await exportJWK(keys.publicKey),
    })
    .sign(keys.privateKey);
}

describe('the first start of a security server', () => {
  let server: AskedServer;
  let data: string;
  let caller: Caller;
  beforeEach(() => {
    server = new AskedServer();
    data = server.data;
    caller = new Caller(() => server.serving.adminUrl);
  });
  afterEach(async () => {
    await server.close();
    expect(server.reported).toEqual([]);
  });
  const serve = () => server.start();

  const ask: Caller['ask'] = (...args) => caller.ask(...args);
  const key = () => ({ authorization: `Bearer ${readFileSync(join(data, 'api-key'), 'utf8').trim()}` });
  async function enter(): Promise<string> {
    expect(
      (await ask('POST', '/sign-in', new URLSearchParams({ code: server.serving.code ?? '' }))).location,
    ).toBe('/');
    return tokenOf(await ask('GET', '/'));
  }
  const first = async () => ({
    ...{ invitation: await invitation(), address: 'ss1.example', subsystem: 'vessels', subsystemName: '' },
    administrator: 'anna',
  });
  const secrets = {
    pin,
    pinAgain: pin,
    administratorPassword: password,
    administratorPasswordAgain: password,
  };

  it('asks for the code before it shows or does anything', async () => {
    await serve();
    for (const path of ['/', '/join', '/join/certificates', '/join/pin', '/join/again']) {
      expect([path, (await ask('GET', path)).location?.startsWith('/sign-in')]).toEqual([path, true]);
    }
    for (const path of [
      '/api/v1/join',
      '/api/v1/join/check',
      '/api/v1/join/pin',
      '/api/v1/join/certificates',
    ]) {
      expect([path, (await ask('POST', path, {})).status]).toEqual([path, 401]);
    }
    expect((await ask('GET', '/health/live')).status).toBe(200);
    expect((await ask('GET', '/health/ready')).status).toBe(503);
  });

  it('reads the invitation, begins to join, and says whom it waits for', async () => {
    await serve();
    const fields = { ...(await first()), _csrf: await enter() };
    const second = await ask('POST', '/secrets', new URLSearchParams(fields));
    expect(second.text).toContain('Harbour &lt;Office&gt; (GOV:1)');
    expect(second.text).toContain('DEV:GOV:1:ss1');
    const begun = await ask('POST', '/begin', new URLSearchParams({ ...fields, ...secrets }));
    expect([begun.status, begun.location]).toEqual([303, '/join']);
    await expect
      .poll(async () => (await ask('GET', '/join')).text, { timeout: 20_000 })
      .toContain('127.0.0.1 port 1: refused');
    expect((await ask('GET', '/')).location).toBe('/join');
    expect((await ask('GET', '/join')).text).toContain('Whoever administers the network');
    // What waits for the founding is a hash; PIN and password are nowhere.
    const kept = readFileSync(join(data, 'join.json'), 'utf8');
    expect(JSON.parse(kept).administrator).toMatchObject({
      name: 'anna',
      passwordRecord: expect.stringMatching(/^\$scrypt\$/),
    });
    for (const secret of [pin, password]) expect(kept).not.toContain(secret);
  }, 60_000);

  it('shows each mistake beside its field, and keeps what was typed', async () => {
    await serve();
    const _csrf = await enter();
    const wrong = {
      ...{ invitation: 'none', address: 'http://x', subsystem: 'a/b', subsystemName: 'Näme' },
      administrator: 'Änna',
    };
    const again = await ask('POST', '/secrets', new URLSearchParams({ ...wrong, _csrf }));
    expect(again.status).toBe(422);
    for (const name of ['invitation', 'address', 'subsystem', 'administrator']) {
      expect(again.text).toContain(`id="problem-${name}"`);
    }
    for (const text of Object.values(wrong)) expect(again.text).toContain(text);
    const weak = {
      pin: 'short',
      pinAgain: 'short',
      administratorPassword: 'anna',
      administratorPasswordAgain: 'anna',
    };
    const fields = { ...(await first()), _csrf };
    const refused = await ask('POST', '/begin', new URLSearchParams({ ...fields, ...weak }));
    expect(refused.status).toBe(422);
    for (const name of ['pin', 'administratorPassword'])
      expect(refused.text).toContain(`id="problem-${name}"`);
    const different = await ask(
      'POST',
      '/begin',
      new URLSearchParams({ ...fields, ...secrets, pinAgain: '' }),
    );
    expect(different.text).toContain('id="problem-pinAgain"');
    expect(existsSync(join(data, 'join.json'))).toBe(false);
  });

  it('offers the devices of its settings for the key for signing, and takes no other', async () => {
    await serve();
    const _csrf = await enter();
    expect((await ask('GET', '/')).text).toContain('<option value="city &amp; land"');
    const fields = { ...(await first()), _csrf };
    const begin = (signingToken: string) =>
      ask('POST', '/begin', new URLSearchParams({ ...fields, ...secrets, signingToken }));
    const refused = await begin('town');
    expect([refused.status, refused.text.includes('id="problem-signingToken"')]).toEqual([422, true]);
    expect((await begin('city & land')).location).toBe('/join');
    expect(JSON.parse(readFileSync(join(data, 'join.json'), 'utf8'))).toMatchObject({
      signingToken: 'city & land',
    });
  });

  it('goes on by itself after a restart, with another code and without the PIN', async () => {
    await serve();
    const former = server.serving.code;
    const begin = { ...(await first()), _csrf: await enter(), ...secrets };
    await ask('POST', '/begin', new URLSearchParams(begin));
    await server.stop();
    await serve();
    expect(server.serving.code).not.toBe(former);
    const view = await ask('GET', '/api/v1/join', undefined, key());
    expect(view.json).toMatchObject({
      result: 'joining',
      isRunning: true,
      isFounded: false,
      isPinKnown: false,
    });
    caller.cookie = '';
    await enter();
    const short = await ask('POST', '/join/pin', new URLSearchParams({ pin: '1', _csrf: await token() }));
    expect([short.status, short.text.includes('id="problem-pin"')]).toEqual([422, true]);
    const taken = await ask('POST', '/join/pin', new URLSearchParams({ pin, _csrf: await token() }));
    expect(taken.location).toBe('/join');
    expect((await ask('POST', '/api/v1/join/pin', { pin }, key())).json.code).toBe('not-joinable');
  }, 60_000);
  const token = async () => tokenOf(await ask('GET', '/join/pin'));

  it('csrf and host header injection: takes nothing from pages of others, nor under names it has not', async () => {
    await serve();
    const fields = { ...(await first()), ...secrets };
    const _csrf = await enter();
    const foreign = { 'sec-fetch-site': 'cross-site', origin: 'http://evil.example' };
    const form = (more: object) => new URLSearchParams({ ...fields, ...more });
    expect((await ask('POST', '/begin', form({ _csrf }), foreign)).status).toBe(403);
    expect((await ask('POST', '/begin', form({}))).status).toBe(403);
    expect((await ask('GET', '/', undefined, { host: 'evil.example' })).status).toBe(421);
    expect(existsSync(join(data, 'join.json'))).toBe(false);
  });

  it('over-long strings: what nobody means is refused by every operation, and breaks nothing', async () => {
    await serve();
    const asks = asksWithKey(server.serving.adminUrl, readFileSync(join(data, 'api-key'), 'utf8').trim());
    expect(await checkHostileRequests(asks, { runs: 25 })).toBe(9);
    expect((await ask('GET', '/health/live')).status).toBe(200);
  }, 120_000);
});

it('every operation of a server that is not founded is for its roles, and for nobody else', async () => {
  const joins = 'registration-officer system-administrator';
  const brings = `${joins} security-officer`;
  await checkRoleMatrix(
    (authenticate) =>
      createUnfoundedAdmin({} as never, {} as never, { version: '1', authenticate, report: () => undefined }),
    {
      'POST /api/v1/session': 'anybody',
      'GET /api/v1/session': 'everybody',
      'DELETE /api/v1/session': 'everybody',
      'GET /api/v1/join': 'everybody',
      'POST /api/v1/join': joins,
      'POST /api/v1/join/check': joins,
      'POST /api/v1/join/pin': joins,
      'GET /api/v1/join/requests/{use}': brings,
      'POST /api/v1/join/certificates': brings,
    },
  );
});
