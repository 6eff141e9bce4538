import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent, request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Authority, createAuthority, type RunningAcme, startAcme } from '../../certs/authority/index.ts';
import { createSoftwareToken, type Token } from '../../certs/token/index.ts';
import { buildName, createRequest } from '../../certs/x509/index.ts';
import { freePorts } from '../../gateway/http/testing/free-ports.ts';
import { generateAccountKey, readAccountKey, signRequest } from './account-key.ts';
import type { IssuedChain } from './chain.ts';
import { CertificateOrders, type OrderWanted } from './orders.ts';
import { acmeSettingsSchema } from './settings.ts';

const issueSecret = 's'.repeat(43);
let folder: string;
let authority: Authority;
let acme: RunningAcme;
let httpPort: number;
let token: Token;
let agent: Agent;
let taken: IssuedChain[];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'waygate-acme-'));
  httpPort = await freePorts(1);
  authority = await createAuthority(join(folder, 'ca'), { name: 'Test', pin: 'Correct-Horse-7' });
  acme = await startAcme({
    ...{
      authority,
      file: join(folder, 'ca', 'acme.json'),
      issueSecret,
      host: '127.0.0.1',
      port: 0,
      httpPort,
    },
    ...{ ocspUrl: 'http://127.0.0.1/ocsp', days: 10 },
    report: (error) => {
      throw error;
    },
  });
  token = await createSoftwareToken(join(folder, 'token'), { pin: 'Correct-Horse-7', label: 'keys' });
  agent = new Agent({ connect: { ca: authority.caCertificate.pem } });
  taken = [];
});
afterAll(async () => {
  await agent.destroy();
  await acme.close();
  rmSync(folder, { recursive: true });
});

async function openAccount(memberCode: string, secret = issueSecret) {
  const applicant = { instance: 'DEV', memberClass: 'GOV', memberCode, memberName: `Agency ${memberCode}` };
  const response = await request(acme.externalAccountsUrl, {
    ...{ method: 'POST', dispatcher: agent, headers: { authorization: `Bearer ${secret}` } },
    body: JSON.stringify({ applicant, profile: 'basic-acme' }),
  });
  const opened = (await response.body.json()) as { readonly keyId: string; readonly macKey: string };
  return { status: response.statusCode, ...opened };
}

/** @param dir of the client: another one has another account */
function orders(dir: string, { keyId, macKey }: { readonly keyId: string; readonly macKey: string }) {
  return new CertificateOrders({
    ...{ dir: join(folder, dir), token, environment: { MAC: macKey }, now: () => new Date() },
    settings: acmeSettingsSchema.parse({
      ...{ listenHost: '127.0.0.1', listenPort: httpPort },
      directories: [
        {
          ...{ url: acme.directoryUrl, trustFile: join(folder, 'ca', 'ca.pem') },
          externalAccount: { keyId, macKeyVariable: 'MAC' },
        },
      ],
    }),
    ...{ pollMs: 200, timeoutMs: 10_000 },
  });
}

async function wanted(profile: string, address = '127.0.0.1'): Promise<OrderWanted> {
  const { id: keyId, publicKeyInfo } = await token.generateKey({ type: 'ec', curve: 'P-256' }, profile);
  const subject = buildName({ CN: 'whoever' });
  return {
    ...{ keyId, publicKeyInfo, address, directoryUrl: acme.directoryUrl, profile },
    request: () => createRequest({ subject, subjectAltNames: [address] }, token.signingKey(keyId)),
    takeIn: async (chain) => {
      taken.push(chain);
    },
  };
}

describe('our own authority over ACME', () => {
  it('issues for the member it knows, whoever the request names, and for the address it saw', async () => {
    const service = orders('one', await openAccount('1'));
    for (const profile of ['signing', 'authentication']) {
      expect(await service.order(await wanted(profile), 20_000)).toMatchObject({ state: 'issued' });
    }
    await service.close();
    const [signing, authentication] = taken.map(({ certificate }) => certificate);
    expect(signing?.subject.describe()).toContain('Agency 1');
    expect([...(signing?.keyUsage ?? [])]).toEqual(['nonRepudiation']);
    expect([...(authentication?.keyUsage ?? [])]).toContain('digitalSignature');
    expect(authentication?.subjectAltNames).toEqual(['127.0.0.1']);
  });

  it('says when to renew; for what was revoked, at once', async () => {
    const service = orders('two', await openAccount('2'));
    await service.order(await wanted('signing'), 20_000);
    const certificate = taken.at(-1)?.certificate;
    if (certificate === undefined) throw new Error('nothing was issued');
    const dayMs = 86_400_000;
    const window = async () => service.renewalInfo(acme.directoryUrl, certificate);
    const { startAt } = (await window()) ?? { startAt: new Date(0) };
    expect(Math.round((startAt.getTime() - Date.now()) / dayMs)).toBe(7);
    await service.revoke(acme.directoryUrl, certificate, 'superseded');
    await service.revoke(acme.directoryUrl, certificate, 'superseded');
    expect((await window())?.endAt.getTime()).toBeLessThan(Date.now());
    const another = orders('three', await openAccount('3'));
    await expect(another.revoke(acme.directoryUrl, certificate, 'superseded')).rejects.toMatchObject({
      problem: 'unauthorized',
    });
    await service.close();
    await another.close();
  });

  it('opens an account for one key only, and to who has the secret only', async () => {
    expect(await openAccount('4', 'x'.repeat(43))).toMatchObject({ status: 401 });
    const account = await openAccount('4');
    const service = orders('four', account);
    expect(await service.order(await wanted('signing'), 20_000)).toMatchObject({ state: 'issued' });
    const thief = orders('five', account);
    expect(await thief.order(await wanted('signing'), 20_000)).toMatchObject({
      ...{ state: 'failed', code: 'refused', remedy: expect.stringContaining(account.keyId) },
    });
    await service.close();
    await thief.close();
  });

  it('sees that nobody answers at an address, and says where it looked', async () => {
    const service = orders('six', await openAccount('6'));
    expect(await service.order(await wanted('signing', '127.0.0.9'), 20_000)).toMatchObject({
      ...{ state: 'failed', code: 'challenge-failed', remedy: expect.stringContaining('open port 80') },
    });
    await service.close();
  });

  it('takes no request twice, none for another address, and none of a key it does not know', async () => {
    const key = await readAccountKey(generateAccountKey());
    const url = acme.directoryUrl.replace('/directory', '/new-order');
    const nonce = async () => {
      const { headers, body } = await request(acme.directoryUrl, { dispatcher: agent });
      await body.dump();
      return String(headers['replay-nonce']);
    };
    const send = async (jws: string) => {
      const { body } = await request(url, { method: 'POST', dispatcher: agent, body: jws });
      return ((await body.json()) as { type: string }).type.replace('urn:ietf:params:acme:error:', '');
    };
    const once = await signRequest(key, { url, nonce: await nonce() }, {}, undefined);
    expect(await send(once)).toBe('accountDoesNotExist');
    expect(await send(once)).toBe('badNonce');
    const elsewhere = { url: `${url}s`, nonce: await nonce() };
    expect(await send(await signRequest(key, elsewhere, {}, undefined))).toBe('unauthorized');
    const stranger = { url, nonce: await nonce() };
    const account = acme.directoryUrl.replace('/directory', '/accounts/none');
    expect(await send(await signRequest(key, stranger, {}, account))).toBe('accountDoesNotExist');
    const signed = JSON.parse(await signRequest(key, { url, nonce: await nonce() }, {}, undefined)) as object;
    expect(await send(JSON.stringify({ ...signed, payload: 'e30x' }))).toBe('unauthorized');
    for (const broken of ['', '[]', '{}', 'null', '{"protected":"e30"}']) {
      expect(await send(broken)).toMatch(/malformed|badSignatureAlgorithm/);
    }
  });
});
