import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { createSecureContext, type SecureContext } from 'node:tls';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { generateKeyPair, softwareSigningKey } from '../../certs/key/index.ts';
import type { Certificate } from '../../certs/x509/index.ts';
import { createCertificate, extendedKeyUsages } from '../../certs/x509/index.ts';
import type { GlobalConfiguration } from '../../gateway/configuration/index.ts';
import { printEncoded } from '../../gateway/identifier/index.ts';
import { PeerPools, peerTlsOptions, serveTls } from '../../gateway/transport/index.ts';
import {
  approved,
  authenticationSubject,
  configurationOf,
  instance,
  issueAuthority,
  noon,
  type Party,
  server,
  statusOf,
  subsystem,
} from '../../gateway/trust/testing/small-world.ts';
import { createPeerPools, postureOf } from '../peers/index.ts';
import { checkPeers } from './checks/exchange.ts';
import { Outcomes } from './outcomes.ts';
import { type ProbeSources, probePeers } from './probes.ts';

let authority: Party;
let closers: (() => Promise<void> | void)[];
let outcomes: Outcomes;

beforeAll(async () => {
  authority = await issueAuthority('CA');
});
beforeEach(() => {
  closers = [];
  outcomes = new Outcomes(() => noon);
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

interface Peer {
  readonly certificate: Certificate;
  readonly context: SecureContext;
}

/** An authentication certificate with its TLS context. */
async function peer(issuer = authority, notAfter = new Date('2027-01-01T00:00:00Z')): Promise<Peer> {
  const { privateKey, publicKey } = await generateKeyPair({ type: 'ec', curve: 'P-256' });
  const certificate = await createCertificate(
    {
      ...{ subject: authenticationSubject, issuer: issuer.certificate.subject, publicKey, serialNumber: 77n },
      ...{ notBefore: new Date('2026-01-01T00:00:00Z'), notAfter, keyUsage: ['digitalSignature'] },
      extendedKeyUsage: [extendedKeyUsages.clientAuth],
    },
    issuer.key ?? softwareSigningKey(privateKey),
  );
  const key = privateKey.export({ format: 'pem', type: 'pkcs8' });
  const context = createSecureContext({ ...peerTlsOptions('modern'), key, cert: certificate.pem });
  return { certificate, context };
}

async function listen(made: Server): Promise<number> {
  const sockets = new Set<Socket>();
  made.on('connection', (socket: Socket) => sockets.add(socket.on('error', () => undefined)));
  await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    made.close();
    for (const socket of sockets) socket.destroy();
  });
  return (made.address() as AddressInfo).port;
}

/** A security server that shows a certificate, and a status of it unless told. */
function serve({ certificate, context }: Peer, staple?: () => Promise<Buffer>): Promise<number> {
  const made = createHttpServer((_, outgoing) => outgoing.end());
  const status = staple ?? (() => statusOf(certificate, authority));
  serveTls(made, { context: async () => context, staple: status });
  return listen(made);
}

function configuration(registered: readonly Certificate[], address = '127.0.0.1'): GlobalConfiguration {
  const shared = instance('DEV', [approved(authority)], registered);
  const [own] = shared.securityServers;
  if (own === undefined) throw new Error('the small world has a server');
  return configurationOf({ ...shared, securityServers: [{ ...own, address }] });
}

/** Tries the connection as the administration does. @returns what is diagnosed then */
async function codes(port: number, inForce: GlobalConfiguration, newPeers?: () => PeerPools) {
  const self = await peer();
  const sources = {
    configuration: { current: () => inForce },
    signer: {
      authenticationIdentity: async () => ({
        ...{ context: self.context, chain: [self.certificate], ocspResponses: [] },
      }),
    },
    newPeers: newPeers ?? (() => createPeerPools(postureOf({}), () => noon)),
    ...{ peerPort: port, peers: outcomes },
  } as unknown as ProbeSources;
  const [probe] = await probePeers(subsystem, sources);
  const found = checkPeers(outcomes.all(), inForce);
  // The test of the connection and the diagnosis say the same.
  expect(found.map(({ code }) => code)).toEqual(probe?.code === undefined ? [] : [probe.code]);
  expect(found.every(({ subject }) => subject === printEncoded(subsystem))).toBe(true);
  expect(probe?.target).toContain(printEncoded(server));
  return found.map(({ code }) => code);
}

describe('servers of others', () => {
  it('nothing is diagnosed of one that is reached and verified', async () => {
    const them = await peer();
    expect(await codes(await serve(them), configuration([them.certificate]))).toEqual([]);
  });

  it('peer-unknown-host', async () => {
    expect(await codes(1, configuration([], 'ss1.invalid'))).toEqual(['peer-unknown-host']);
  });

  it('peer-unreachable: nobody listens', async () => {
    const made = createTcpServer();
    const port = await listen(made);
    await new Promise((resolve) => made.close(resolve));
    expect(await codes(port, configuration([]))).toEqual(['peer-unreachable']);
  });

  it('peer-timeout: it takes the connection and says nothing', async () => {
    const port = await listen(createTcpServer((socket) => socket.resume()));
    const impatient = () =>
      new PeerPools({ verify: () => ({ validUntil: noon }), now: () => noon, connectTimeoutMs: 100 });
    expect(await codes(port, configuration([]), impatient)).toEqual(['peer-timeout']);
  });

  it('peer-tls-refused: it does not speak TLS', async () => {
    const port = await listen(createHttpServer((_, outgoing) => outgoing.end()));
    expect(await codes(port, configuration([]))).toEqual(['peer-tls-refused']);
  });

  it('peer-certificate-unknown: its certificate is registered for nobody', async () => {
    const them = await peer();
    expect(await codes(await serve(them), configuration([]))).toEqual(['peer-certificate-unknown']);
  });

  it('peer-certificate-not-trusted: expired, or of an authority that is not approved', async () => {
    const expired = await peer(authority, new Date('2026-02-01T00:00:00Z'));
    const stranger = await peer(await issueAuthority('Other'));
    for (const them of [expired, stranger]) {
      const inForce = configuration([them.certificate]);
      expect(await codes(await serve(them), inForce)).toEqual(['peer-certificate-not-trusted']);
    }
  });

  it('peer-in-maintenance: although it answered until then', async () => {
    const them = await peer();
    const inForce = configuration([them.certificate]);
    expect(await codes(await serve(them), inForce)).toEqual([]);
    const message = 'back at noon';
    const inMaintenance = { ...inForce, serversOf: () => [{ inMaintenanceMode: { message } }] } as never;
    expect(checkPeers(outcomes.all(), inMaintenance)).toMatchObject([
      { code: 'peer-in-maintenance', detail: message },
    ]);
  });

  it('peer-status-missing: it shows none, or that it was revoked', async () => {
    const them = await peer();
    const inForce = configuration([them.certificate]);
    const none = createHttpServer((_, outgoing) => outgoing.end());
    serveTls(none, { context: async () => them.context });
    expect(await codes(await listen(none), inForce)).toEqual(['peer-status-missing']);
    const revoked = () => statusOf(them.certificate, authority, { status: { kind: 'revoked', at: noon } });
    expect(await codes(await serve(them, revoked), inForce)).toEqual(['peer-status-missing']);
  });
});
