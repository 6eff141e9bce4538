import { createServer as createHttpServer, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { createSecureContext, type SecureContext } from 'node:tls';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { generateKeyPair, softwareSigningKey } from '../../certs/key/index.ts';
import { buildName, type Certificate, createCertificate } from '../../certs/x509/index.ts';
import type { GlobalConfiguration } from '../configuration/index.ts';
import { Fault } from '../fault/index.ts';
import type { ClientId } from '../identifier/index.ts';
import type { PeerAddress } from './peer-handshake.ts';
import { PeerPools, type PeerPoolsOptions } from './peer-pools.ts';
import { serveTls } from './tls-listener.ts';
import { peerTlsOptions } from './tls-profile.ts';

const provider: ClientId = { kind: 'MEMBER', instance: 'DEV', memberClass: 'GOV', memberCode: '1' };
/** Pools look at its id alone. */
const configuration = { id: 'one' } as GlobalConfiguration;
const staggerMs = 50;

let certificate: Certificate;
let context: SecureContext;
let onlyTls12: SecureContext;
let now: number;
let closers: (() => Promise<void> | void)[];

beforeAll(async () => {
  const { privateKey, publicKey } = await generateKeyPair({ type: 'ec', curve: 'P-256' });
  const subject = buildName({ CN: 'x' });
  const dates = { notBefore: new Date(0), notAfter: new Date('2049-01-01T00:00:00Z') };
  certificate = await createCertificate(
    { ...dates, subject, issuer: subject, publicKey, serialNumber: 1n },
    softwareSigningKey(privateKey),
  );
  const key = privateKey.export({ format: 'pem', type: 'pkcs8' });
  const contextWith = (only: boolean) =>
    createSecureContext({
      sessionIdContext: 'test',
      ...peerTlsOptions('xroad7', only),
      key,
      cert: certificate.pem,
    });
  context = contextWith(false);
  onlyTls12 = contextWith(true);
});
beforeEach(() => {
  now = 0;
  closers = [];
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function listen(server: Server | ReturnType<typeof createTcpServer>, port = 0): Promise<PeerAddress> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  closers.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
}

interface Peer {
  readonly address: PeerAddress;
  /** Of each connection whose handshake was done: whether its session was taken up again. */
  readonly resumed: boolean[];
  readonly requests: IncomingMessage[];
}

/** A security server that staples, and answers every request with its port. */
async function startPeer(staples = true, secureContext = context, port = 0): Promise<Peer> {
  const resumed: boolean[] = [];
  const requests: IncomingMessage[] = [];
  const server = createHttpServer((incoming, outgoing) => {
    requests.push(incoming);
    incoming.resume();
    outgoing.end('answer');
  });
  serveTls(server, {
    context: async () => secureContext,
    ...(staples && { staple: async () => Buffer.from('status') }),
    admit: (socket) => {
      resumed.push(socket.isSessionReused());
      return true;
    },
  });
  return { address: await listen(server, port), resumed, requests };
}

/** Takes connections, and never says a byte. */
async function startBlackHole() {
  const seen: Socket[] = [];
  const address = await listen(createTcpServer((socket) => seen.push(socket.on('error', () => undefined))));
  return { address, seen };
}

/** An address at which nobody listens. */
async function refusingAddress(): Promise<PeerAddress> {
  const server = createTcpServer();
  const address = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return address;
}

function pools(options: Partial<PeerPoolsOptions> = {}): PeerPools {
  const made = new PeerPools({
    verify: () => ({ validUntil: new Date(8.64e15) }),
    now: () => new Date(now),
    staggerMs,
    connectTimeoutMs: 2_000,
    ...options,
  });
  closers.push(() => made.close());
  return made;
}

const connect = (made: PeerPools, ...candidates: readonly PeerAddress[]) =>
  made.connect(candidates, provider, { context, chain: [certificate], ocspResponses: [] }, configuration);

const refusal = (attempt: Promise<unknown>) =>
  attempt.then(
    () => [],
    (error: unknown) => {
      if (error instanceof Fault) return [...error.within, error.code];
      throw error;
    },
  );

async function* noBody(): AsyncGenerator<Buffer> {
  yield Buffer.from('x');
}

async function exchange(made: PeerPools, ...candidates: readonly PeerAddress[]): Promise<PeerAddress> {
  const connection = await connect(made, ...candidates);
  const response = await connection.request([], noBody());
  expect(await response.body.text()).toBe('answer');
  return connection.address;
}

describe('among the servers of a provider', () => {
  it('one that refuses is passed over at once, and tried last for a while', async () => {
    const [refusing, peer] = [await refusingAddress(), await startPeer()];
    const made = pools({ staggerMs: 60_000 });
    expect((await connect(made, refusing, peer.address)).address).toBe(peer.address);
    // Whoever listens there now is not asked before its pause has passed.
    const back = await startPeer(true, context, refusing.port);
    const another = await startPeer();
    expect((await connect(made, refusing, another.address)).address).toBe(another.address);
    now += 5_001;
    const third = await startPeer();
    expect(await exchange(made, refusing, third.address)).toBe(refusing);
    expect(back.requests).toHaveLength(1);
  });

  it('one that never answers costs an instant, and then nothing', async () => {
    const [hole, peer] = [await startBlackHole(), await startPeer()];
    const made = pools({ connectTimeoutMs: 30_000 });
    const startedAt = performance.now();
    expect((await connect(made, hole.address, peer.address)).address).toBe(peer.address);
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    expect(hole.seen).toHaveLength(1);
    // In either order, the one that was reached is the one that is tried.
    expect((await connect(made, hole.address, peer.address)).address).toBe(peer.address);
    expect(hole.seen).toHaveLength(1);
    for (const socket of hole.seen) socket.destroy();
  });

  it('many that never answer are tried beside each other', async () => {
    const holes = await Promise.all(Array.from({ length: 5 }, startBlackHole));
    const peer = await startPeer();
    const made = pools({ connectTimeoutMs: 30_000 });
    const startedAt = performance.now();
    await connect(made, ...holes.map(({ address }) => address), peer.address);
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    for (const { seen } of holes) for (const socket of seen) socket.destroy();
  });

  it('the one that was reached is kept to for an hour, and left when it fails', async () => {
    const [one, two] = [await startPeer(), await startPeer()];
    const made = pools();
    expect((await connect(made, one.address, two.address)).address).toBe(one.address);
    expect((await connect(made, two.address, one.address)).address).toBe(one.address);
    now += 3_600_001;
    expect((await connect(made, two.address, one.address)).address).toBe(two.address);
    // Another set is another choice.
    expect((await connect(made, one.address)).address).toBe(one.address);
  });

  it('a slow one that proves itself is not lost: it serves when the other goes', async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const [slow, quick] = [await startPeer(), await startPeer()];
    let asked = 0;
    const made = pools({
      completeStatuses: async ({ stapled }) => {
        asked += 1;
        if (asked === 1) await held;
        return stapled;
      },
    });
    expect((await connect(made, slow.address, quick.address)).address).toBe(quick.address);
    release();
    expect(await exchange(made, slow.address)).toBe(slow.address);
    expect([asked, slow.resumed.length]).toEqual([2, 1]);
  });

  it('one that went while all its connections wait for answers is left for another', async () => {
    const stuck = createHttpServer((incoming) => incoming.resume());
    serveTls(stuck, { context: async () => context });
    const [first, peer] = [await listen(stuck), await startPeer()];
    const made = pools();
    const connection = await connect(made, first, peer.address);
    const unanswered = connection.request([], noBody()).catch((error: Error) => error.name);
    await new Promise((resolve) => stuck.once('request', resolve));
    // Takes no further connection; the one there stays.
    stuck.close();
    expect(await exchange(made, first, peer.address)).toBe(peer.address);
    stuck.closeAllConnections();
    await unanswered;
  });

  it('a server of somebody else is passed over, and is the fault when there is no other', async () => {
    const [stranger, peer, refusing] = [await startPeer(), await startPeer(), await refusingAddress()];
    let turn = 0;
    const verify = () => {
      turn += 1;
      if (turn === 1) throw new Fault('SslAuthenticationFailed', 'serves somebody else');
      return { validUntil: new Date(8.64e15) };
    };
    expect((await connect(pools({ verify }), stranger.address, peer.address)).address).toBe(peer.address);
    const never = () => {
      throw new Fault('SslAuthenticationFailed', 'serves somebody else');
    };
    const made = pools({ verify: never });
    expect(await refusal(connect(made, refusing, stranger.address))).toEqual(['SslAuthenticationFailed']);
    expect(await refusal(connect(made, stranger.address, refusing))).toEqual(['SslAuthenticationFailed']);
    expect(await refusal(connect(made, refusing))).toEqual(['NetworkError']);
    expect(stranger.requests).toEqual([]);
  });

  it('none is left out for having failed: the only one is always tried', async () => {
    const refusing = await refusingAddress();
    const made = pools();
    expect(await refusal(connect(made, refusing))).toEqual(['NetworkError']);
    await startPeer(true, context, refusing.port);
    expect((await connect(made, refusing)).address).toBe(refusing);
  });
});

describe('a way to one server', () => {
  it('serves exchange after exchange on one connection', async () => {
    const peer = await startPeer();
    const made = pools();
    for (let turn = 0; turn < 10; turn += 1) await exchange(made, peer.address);
    expect(peer.requests).toHaveLength(10);
    expect(peer.resumed.length).toBeLessThan(5);
  });

  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'with one exchange per connection takes its session of %s up again, with what the peer showed at first',
    async (version) => {
      const peer = await startPeer(true, version === 'TLSv1.2' ? onlyTls12 : context);
      const seen: unknown[] = [];
      const made = pools({
        oneShot: true,
        completeStatuses: async ({ chain, stapled, host }) => {
          seen.push([chain.map(({ sha256 }) => sha256.toString('hex')), stapled.map(String), host]);
          return stapled;
        },
      });
      for (let turn = 0; turn < 3; turn += 1) await exchange(made, peer.address);
      expect(peer.resumed).toEqual([false, true, true]);
      expect(peer.requests.map(({ headers }) => headers.connection)).toEqual(['close', 'close', 'close']);
      const shown = [[certificate.sha256.toString('hex')], ['status'], '127.0.0.1'];
      expect(seen).toEqual([shown, shown, shown]);
      now += 600_001;
      await exchange(made, peer.address);
      expect(peer.resumed.at(-1)).toBe(false);
    },
  );

  it('without statuses from elsewhere takes no session up, for then nothing is stapled', async () => {
    const peer = await startPeer();
    const made = pools({ oneShot: true });
    for (let turn = 0; turn < 2; turn += 1) await exchange(made, peer.address);
    expect(peer.resumed).toEqual([false, false]);
  });

  it('is verified with the statuses found for a peer that staples none, before any byte of a request', async () => {
    const peer = await startPeer(false, onlyTls12);
    const verified: string[][] = [];
    const verify: PeerPoolsOptions['verify'] = ({ ocspResponses }) => {
      verified.push(ocspResponses.map(String));
      return { validUntil: new Date(8.64e15) };
    };
    await exchange(pools({ verify, completeStatuses: async () => [Buffer.from('fetched')] }), peer.address);
    expect(verified).toEqual([['fetched']]);

    const failing = pools({
      completeStatuses: () =>
        Promise.reject(new Fault('NetworkError', 'closed').wrappedIn('SslAuthenticationFailed')),
    });
    expect(await refusal(connect(failing, peer.address))).toEqual([
      'SslAuthenticationFailed',
      'NetworkError',
    ]);
    expect(peer.requests).toHaveLength(1);
  });

  it('that ends while statuses are asked for is not handed out', async () => {
    const peer = await startPeer(false);
    const made = pools({
      completeStatuses: async () => {
        await made.close();
        return [];
      },
    });
    expect(await refusal(connect(made, peer.address))).toEqual(['NetworkError']);
  });
});
