import type { AddressInfo } from 'node:net';
import { createSecureContext, createServer, type Server, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { generateKeyPair, softwareSigningKey } from '../../certs/key/index.ts';
import { buildName, createCertificate } from '../../certs/x509/index.ts';
import type { GlobalConfiguration } from '../../gateway/configuration/index.ts';
import type { Signer } from '../../gateway/road/index.ts';
import { createAskPeer } from './index.ts';

/** A server of another make: it shakes hands, and staples nothing. */
let java: Server;
let signer: Pick<Signer, 'authenticationIdentity'>;
let received: string;
let connections: number;

beforeAll(async () => {
  const { publicKey, privateKey } = await generateKeyPair({ type: 'ec', curve: 'P-256' });
  const name = buildName({ CN: 'peer' });
  const { pem: cert } = await createCertificate(
    {
      ...{ subject: name, issuer: name, publicKey, serialNumber: 1n },
      ...{ notBefore: new Date(Date.now() - 1_000), notAfter: new Date(Date.now() + 3_600_000) },
    },
    softwareSigningKey(privateKey),
  );
  const key = privateKey.export({ format: 'pem', type: 'pkcs8' });
  const context = createSecureContext({ cert, key });
  signer = { authenticationIdentity: async () => ({ context, chain: [], ocspResponses: [] }) };
  java = createServer({ cert, key, requestCert: true, rejectUnauthorized: false }, (socket: TLSSocket) => {
    socket.on('data', (bytes: Buffer) => {
      received += bytes.toString();
    });
    socket.on('error', () => undefined);
  });
  java.on('connection', () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => java.listen(0, '127.0.0.1', resolve));
});
afterAll(() => new Promise((resolve) => java.close(resolve)));
beforeEach(() => {
  received = '';
  connections = 0;
});

const peer = {
  id: { kind: 'SERVER', instance: 'TEST', memberClass: 'GOV', memberCode: '1', serverCode: 'ss1' },
  address: '127.0.0.1',
} as never;
const ask = (mayAsk: boolean) =>
  createAskPeer({
    ...{ signer, port: (java.address() as AddressInfo).port, mayAsk: () => mayAsk, now: () => new Date() },
    configuration: () => ({}) as GlobalConfiguration,
  })(peer, 'our note');

it('a server that staples no status is of another make: it is sent nothing', async () => {
  expect(await ask(true)).toBeUndefined();
  await expect
    .poll(() => new Promise((resolve) => java.getConnections((_e, count) => resolve(count))))
    .toBe(0);
  expect([connections, received]).toEqual([1, '']);
});

it('where there may be servers of other makes, one that no message met is not even connected to', async () => {
  expect(await ask(false)).toBeUndefined();
  expect(connections).toBe(0);
});
