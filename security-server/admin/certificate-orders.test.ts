import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createSoftwareToken, type Token } from '../../certs/token/index.ts';
import { parseRequest } from '../../certs/x509/index.ts';
import { everybodyIs } from '../../gateway/http/testing/principals.ts';
import type { CertificateOrders, OrderView } from '../acme/index.ts';
import { type AdminContext, createServerAdmin } from './index.ts';

type Wanted = Parameters<CertificateOrders['order']>[0];

let dir: string;
let token: Token;
/** Another one, as of a device. */
let device: Token;
let keyId: string;
let wanted: Wanted[];
let view: OrderView;
let approvedCas: object[];

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'waygate-orders-'));
  token = await createSoftwareToken(join(dir, 'token'), { pin: 'Correct-Horse-7', label: 'keys' });
  ({ id: keyId } = await token.generateKey({ type: 'ec', curve: 'P-256' }, 'signing'));
  device = await createSoftwareToken(join(dir, 'device'), { pin: 'Correct-Horse-7', label: 'device' });
  wanted = [];
  view = { state: 'under-way', detail: 'asked' };
  const acmeServer = (name: string) => ({
    directoryUrl: `https://${name}.example/directory`,
    ipAddress: '192.0.2.7',
    signingCertificateProfileId: `${name}-sign`,
    authenticationCertificateProfileId: `${name}-auth`,
  });
  approvedCas = [
    { name: 'by hand', authenticationOnly: false },
    { name: 'one', authenticationOnly: false, acmeServer: acmeServer('one') },
    { name: 'two', authenticationOnly: true, acmeServer: acmeServer('two') },
  ];
});
afterEach(() => rmSync(dir, { recursive: true }));

async function order(body: object, key = keyId) {
  const tokens = {
    withKey: (id: string) => {
      const owner = [token, device].find((one) => one.listKeys().some((known) => known.id === id));
      return owner && { token: owner, keyId: id };
    },
  };
  const context = {
    ...{ token, tokens },
    configuration: () => ({ instance: 'DEV', shared: () => ({ approvedCas }) }),
    orders: {
      order: async (one: Wanted) => {
        wanted.push(one);
        return view;
      },
    },
  };
  const unforeseen = (error: unknown) => {
    throw error;
  };
  const app = createServerAdmin(context as unknown as AdminContext, {
    ...{ version: '1', authenticate: everybodyIs(), report: unforeseen },
  });
  const response = await app.request(`/api/v1/keys/${key}/orders`, {
    method: 'POST',
    headers: { authorization: 'Bearer x', 'content-type': 'application/json' },
    body: JSON.stringify({ subject: { CN: 'x' }, address: 'ss1.example', ...body }),
  });
  return { status: response.status, body: (await response.json()) as object };
}

it.each([
  ['signing', undefined, 'one', 'one-sign'],
  ['authentication', undefined, 'two', 'two-auth'],
  ['authentication', 'one', 'one', 'one-auth'],
])('a certificate for %s of authority %s is ordered of %s', async (use, authority, name, profile) => {
  expect(await order({ use, authority })).toEqual({ status: 200, body: view });
  const [one] = wanted;
  expect(one).toMatchObject({
    keyId,
    profile,
    verifiesFrom: '192.0.2.7',
    directoryUrl: `https://${name}.example/directory`,
  });
  const { publicKeyInfo, subjectAltNames } = parseRequest((await one?.request()) ?? Buffer.alloc(0));
  expect(publicKeyInfo).toEqual(one?.publicKeyInfo);
  expect(subjectAltNames).toEqual(['ss1.example']);
});

it.each([
  [{ use: 'signing', authority: 'two' }, 409, 'no-acme-authority'],
  [{ use: 'signing', authority: 'by hand' }, 409, 'no-acme-authority'],
])('%o is refused', async (body, status, code) => {
  expect(await order(body)).toMatchObject({ status, body: { code } });
  expect(wanted).toEqual([]);
});

it('a certificate for a key that is not there is not ordered', async () => {
  expect(await order({ use: 'signing' }, 'none')).toMatchObject({
    status: 404,
    body: { code: 'key-not-found' },
  });
});

it('a certificate for a key in another token is ordered like any other', async () => {
  const { id, publicKeyInfo } = await device.generateKey({ type: 'ec', curve: 'P-256' }, 'signing');
  expect(await order({ use: 'signing' }, id)).toMatchObject({ status: 200 });
  const request = parseRequest((await wanted[0]?.request()) ?? Buffer.alloc(0));
  expect([wanted[0]?.keyId, request.publicKeyInfo]).toEqual([id, publicKeyInfo]);
});

it('an order that failed says why, and what to do', async () => {
  const retryAt = new Date(1000);
  view = { state: 'delayed', code: 'rate-limited', detail: 'later', remedy: 'wait', retryAt };
  expect((await order({ use: 'signing' })).body).toEqual({ ...view, retryAt: retryAt.toISOString() });
});
