import { createServer as createHttpServer, type Server } from 'node:http';
import {
  type AddressInfo,
  connect as connectTcp,
  createServer as createTcpServer,
  type Socket,
} from 'node:net';
import {
  type ConnectionOptions,
  connect as connectTls,
  createSecureContext,
  createServer as createTlsServer,
  type SecureContextOptions,
  type TLSSocket,
} from 'node:tls';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { generateKeyPair, type KeySpec, softwareSigningKey } from '../../certs/key/index.ts';
import { buildName, type Certificate, createCertificate } from '../../certs/x509/index.ts';
import { shakeHands } from './peer-handshake.ts';
import { serveTls } from './tls-listener.ts';
import { type Posture, peerTlsOptions } from './tls-profile.ts';

/** A key with a certificate of an intermediate authority, whose own certificate goes along. */
interface Owner {
  readonly keyPem: string;
  readonly chain: readonly Certificate[];
}

const dates = { notBefore: new Date(0), notAfter: new Date('2049-01-01T00:00:00Z') };
let rsa: Owner;
let ec: Owner;
const closers: (() => void)[] = [];

async function issue(spec: KeySpec): Promise<Owner> {
  const authority = softwareSigningKey((await generateKeyPair({ type: 'ec', curve: 'P-256' })).privateKey);
  const { privateKey, publicKey } = await generateKeyPair(spec);
  const [root, middle] = [buildName({ CN: 'Root' }), buildName({ CN: 'Middle' })];
  const ca = { ...dates, basicConstraints: { ca: true }, keyUsage: ['keyCertSign'] } as const;
  const intermediate = await createCertificate(
    { ...ca, subject: middle, issuer: root, publicKey: authority.publicKey, serialNumber: 2n },
    authority,
  );
  const leaf = await createCertificate(
    { ...dates, subject: buildName({ CN: 'x' }), issuer: middle, publicKey, serialNumber: 3n },
    authority,
  );
  return {
    keyPem: privateKey.export({ format: 'pem', type: 'pkcs8' }) as string,
    chain: [leaf, intermediate],
  };
}

beforeAll(async () => {
  rsa = await issue({ type: 'rsa', bits: 2048 });
  ec = await issue({ type: 'ec', curve: 'P-256' });
});
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

function contextOf({ keyPem, chain }: Owner, options: SecureContextOptions) {
  return createSecureContext({
    sessionIdContext: 'test',
    ...options,
    key: keyPem,
    cert: chain.map(({ pem }) => pem).join(''),
  });
}

async function port(server: Server | ReturnType<typeof createTlsServer>): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket));
  closers.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as AddressInfo).port;
}

/** Our listener in a posture; what it learnt of its peers comes with the answer. */
function serve(posture: Posture, owner: Owner, onlyTls12 = false): Promise<number> {
  const context = contextOf(owner, peerTlsOptions(posture, onlyTls12));
  const chains = new WeakMap<Socket, readonly Certificate[]>();
  const server = createHttpServer((incoming, outgoing) => {
    const chain = chains.get(incoming.socket) ?? [];
    outgoing.end(chain.map(({ subject }) => subject.toString()).join());
  });
  serveTls(server, {
    context: async () => context,
    staple: async () => Buffer.from('status'),
    admit: (socket, chain) => {
      chains.set(socket, chain);
      return true;
    },
  });
  return port(server);
}

/** A Java server or client: TLS 1.2 and nothing but these suites. */
const java = (...ciphers: readonly string[]): SecureContextOptions => ({
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.2',
  ciphers: ciphers.join(':'),
  dhparam: 'auto',
});

const suites = ['ECDHE-RSA-AES256-SHA384', 'DHE-RSA-AES256-SHA256', 'ECDHE-ECDSA-AES256-SHA384'] as const;

/** What a peer that offers this gets of a server of ours; rejects when the handshake fails. */
function negotiate(at: number, owner: Owner, options: SecureContextOptions, more: ConnectionOptions = {}) {
  return new Promise<TLSSocket>((resolve, reject) => {
    const socket = connectTls({
      host: '127.0.0.1',
      port: at,
      secureContext: contextOf(owner, options),
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined,
      ...more,
    });
    closers.push(() => socket.destroy());
    socket.once('error', reject).once('secureConnect', () => resolve(socket));
  });
}

const outcome = (attempt: Promise<TLSSocket>) =>
  attempt.then(
    (socket) => `${socket.getProtocol()} ${socket.getCipher().name}`,
    () => 'refused',
  );

describe('in posture xroad7', () => {
  it.each([
    ['RSA', 'ECDHE-RSA-AES256-SHA384', () => rsa],
    ['RSA', 'DHE-RSA-AES256-SHA256', () => rsa],
    ['ECDSA', 'ECDHE-ECDSA-AES256-SHA384', () => ec],
  ] as const)(
    'a server with an %s certificate takes %s alone, of a peer of either kind',
    async (_kind, suite, owner) => {
      const at = await serve('xroad7', owner());
      for (const peer of [rsa, ec]) {
        expect(await outcome(negotiate(at, peer, java(suite)))).toBe(`TLSv1.2 ${suite}`);
      }
    },
  );

  it.each([
    ['RSA', 'ECDHE-RSA-AES256-SHA384', () => rsa],
    ['RSA', 'DHE-RSA-AES256-SHA256', () => rsa],
    ['ECDSA', 'ECDHE-ECDSA-AES256-SHA384', () => ec],
  ] as const)('a client finds a server with an %s certificate and %s alone', async (_kind, suite, owner) => {
    const { keyPem, chain } = owner();
    const cert = chain.map(({ pem }) => pem).join('');
    const server = createTlsServer({
      ...java(suite),
      key: keyPem,
      cert,
      requestCert: true,
      rejectUnauthorized: false,
    });
    const at = await port(server);
    for (const own of [rsa, ec]) {
      const context = contextOf(own, peerTlsOptions('xroad7'));
      const shown = await shakeHands({ host: '127.0.0.1', port: at }, context, 5_000);
      closers.push(() => shown.socket.destroy());
      expect([shown.socket.getProtocol(), shown.socket.getCipher().name]).toEqual(['TLSv1.2', suite]);
      expect(shown.chain.map(({ sha256 }) => sha256)).toEqual(chain.map(({ sha256 }) => sha256));
      expect([shown.stapled, shown.host]).toEqual([[], '127.0.0.1']);
    }
  });

  it('a server chooses by its own order', async () => {
    const at = await serve('xroad7', rsa);
    const reversed = java('DHE-RSA-AES256-SHA256', 'ECDHE-RSA-AES256-SHA384');
    expect(await outcome(negotiate(at, rsa, reversed))).toBe('TLSv1.2 ECDHE-RSA-AES256-SHA384');
  });

  it('two servers of ours speak TLS 1.3, unless told to speak 1.2 alone', async () => {
    for (const [onlyTls12, version] of [
      [false, 'TLSv1.3'],
      [true, 'TLSv1.2'],
    ] as const) {
      const at = await serve('xroad7', ec, onlyTls12);
      const context = contextOf(rsa, peerTlsOptions('xroad7'));
      const { socket, stapled } = await shakeHands({ host: '127.0.0.1', port: at }, context, 5_000);
      closers.push(() => socket.destroy());
      expect([socket.getProtocol(), stapled.map(String)]).toEqual([version, ['status']]);
    }
  });

  it.each([
    ['TLS 1.1', { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }],
    ['a suite without forward secrecy', java('AES256-SHA256')],
    ['a suite of another kind', java('ECDHE-RSA-AES128-GCM-SHA256')],
    ['the suite of another kind of key', java('ECDHE-ECDSA-AES256-SHA384')],
  ] as const)('a server refuses %s', async (_what, options) => {
    const at = await serve('xroad7', rsa);
    expect(await outcome(negotiate(at, rsa, options))).toBe('refused');
  });

  it('alone with TLS 1.2, a client offers the three suites in their order, no name, and nothing newer', async () => {
    const hello = await new Promise<Buffer>((resolve) => {
      const server = createTcpServer((socket) => {
        socket.on('error', () => undefined);
        socket.once('data', (bytes) => {
          socket.destroy();
          server.close();
          resolve(bytes);
        });
      });
      server.listen(0, '127.0.0.1', () => {
        const address = { host: 'localhost', port: (server.address() as AddressInfo).port };
        shakeHands(address, contextOf(rsa, peerTlsOptions('xroad7', true)), 5_000).catch(() => undefined);
      });
    });
    const { offered, extensions } = readHello(hello);
    // 00FF says that secure renegotiation is known; it is no suite, and newer OpenSSL says it by an extension.
    const [signal, serverName, supportedVersions, renegotiation] = ['00ff', 0x0000, 0x002b, 0xff01];
    expect(offered.filter((one) => one !== signal)).toEqual(['c028', '006b', 'c024']);
    expect(offered.includes(signal) || extensions.includes(renegotiation)).toBe(true);
    expect(extensions).not.toContain(serverName);
    expect(extensions).not.toContain(supportedVersions);
  });
});

describe('in posture modern', () => {
  it('a server refuses TLS 1.2', async () => {
    const at = await serve('modern', rsa);
    expect(await outcome(negotiate(at, rsa, java(...suites)))).toBe('refused');
    expect(await outcome(negotiate(at, rsa, {}))).toMatch(/^TLSv1\.3 /);
  });
});

describe('a session', () => {
  const get = (socket: TLSSocket) =>
    new Promise<string>((resolve) => {
      let text = '';
      socket.on('data', (bytes) => {
        text += bytes.toString();
      });
      socket.once('end', () => resolve(text.slice(text.indexOf('\r\n\r\n') + 4)));
      socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    });

  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'of %s is taken up again by a server, which still knows the whole chain of its peer',
    async (version) => {
      const at = await serve('xroad7', rsa);
      const options = {
        minVersion: version,
        maxVersion: version,
        ciphers: peerTlsOptions('xroad7').ciphers,
      } as const;
      const first = await negotiate(at, ec, options);
      // TLS 1.3 gives its tickets later.
      let session: Buffer | undefined = version === 'TLSv1.2' ? first.getSession() : undefined;
      first.on('session', (ticket: Buffer) => {
        session = ticket;
      });
      expect(await get(first)).toBe('CN=x,CN=Middle');
      if (session === undefined) throw new Error('the server gave no session');
      const second = await negotiate(at, ec, options, { session });
      expect(second.isSessionReused()).toBe(true);
      expect(await get(second)).toBe('CN=x,CN=Middle');
    },
  );

  it('cannot change its peer: a second handshake within it is refused', async () => {
    const at = await serve('xroad7', rsa);
    const socket = await negotiate(at, rsa, java(...suites));
    const refused = new Promise<boolean>((resolve) => {
      socket.renegotiate({ rejectUnauthorized: false }, (error) => resolve(error !== null));
      socket.once('error', () => resolve(true)).once('close', () => resolve(true));
    });
    expect(await refused).toBe(true);
  });
});

describe('a handshake', () => {
  it('that is never answered ends in time, on either side', async () => {
    const silent = createTcpServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    closers.push(() => silent.close());
    const address = { host: '127.0.0.1', port: (silent.address() as AddressInfo).port };
    const context = contextOf(rsa, peerTlsOptions('xroad7'));
    await expect(shakeHands(address, context, 100)).rejects.toMatchObject({ code: 'NetworkError' });

    const server = createHttpServer();
    const failed = new Promise<Error>((resolve) => {
      serveTls(server, { context: async () => context, handshakeTimeoutMs: 100, onFailure: resolve });
    });
    const socket = connectTcp(await port(server), '127.0.0.1');
    closers.push(() => socket.destroy());
    expect((await failed).message).toContain('timed out');
  });
});

/** Suites and extension numbers of a ClientHello, by RFC 5246 §7.4.1.2. */
function readHello(record: Buffer): { readonly offered: string[]; readonly extensions: number[] } {
  // Record header 5, handshake header 4, version 2, random 32.
  let at = 43;
  at += 1 + record.readUInt8(at);
  const suitesLength = record.readUInt16BE(at);
  const listed = record.subarray(at + 2, at + 2 + suitesLength).toString('hex');
  at += 2 + suitesLength;
  at += 1 + record.readUInt8(at);
  const end = at + 2 + record.readUInt16BE(at);
  const extensions: number[] = [];
  for (at += 2; at < end; at += 4 + record.readUInt16BE(at + 2)) extensions.push(record.readUInt16BE(at));
  return { offered: listed.match(/.{4}/g) ?? [], extensions };
}
