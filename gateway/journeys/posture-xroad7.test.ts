import { createServer as createHttpServer, request as httpRequest, type Server } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseOcspResponse } from '../../certs/ocsp/index.ts';
import type { Certificate } from '../../certs/x509/index.ts';
import { type Listening, listen } from '../http/index.ts';
import { createOcspPort } from '../ocsp-port/index.ts';
import { newBoundary } from '../road/index.ts';
import { peerTlsOptions, serveTls } from '../transport/index.ts';
import { bodyOf, call, startNetwork, type TestNetwork } from './network.ts';
import { type HostilePeer, makeHostilePeer, type PeerIdentity, sendRaw } from './testing/hostile-peer.ts';

const person = '/r1/PILOT/GOV/1001/population/register/persons/P-1001';
const xroad7 = { posture: 'xroad7' } as const;
const likeJava = { posture: 'xroad7', onlyTls12: true } as const;

/** A connection as its other end sees it, and what was stapled. */
function shake(at: { readonly host: string; readonly port: number }, identity: PeerIdentity) {
  return new Promise<{ readonly socket: TLSSocket; readonly stapled: boolean }>((resolve, reject) => {
    const options = { ...at, secureContext: identity.context, rejectUnauthorized: false, requestOCSP: true };
    let stapled = false;
    const socket = connectTls(options, () => resolve({ socket, stapled }));
    socket.once('OCSPResponse', (response: Buffer | null) => {
      stapled = response !== null;
    });
    socket.once('error', reject);
  });
}

describe.each([
  ['ECDSA', { type: 'ec', curve: 'P-256' }, 'ECDHE-ECDSA-AES256-SHA384'],
  ['RSA', { type: 'rsa', bits: 2048 }, 'ECDHE-RSA-AES256-SHA384'],
] as const)(
  'two security servers that show no more than Java servers, with %s keys',
  (_kind, keySpec, suite) => {
    let network: TestNetwork;
    let peer: HostilePeer;
    beforeAll(async () => {
      network = await startNetwork({ keySpec, peers: likeJava });
      peer = await makeHostilePeer(network.data, peerTlsOptions('xroad7', true));
    });
    afterAll(() => network?.close());

    it('the client asks for a person; the answer is that person, again and again', async () => {
      for (let turn = 0; turn < 3; turn += 1) {
        const answer = await call(network, person);
        expect([answer.status, JSON.parse(answer.body.toString()).code]).toEqual([200, 'P-1001']);
      }
      expect(network.troubles).toEqual([]);
    });

    it('the client posts a body; the service receives exactly that', async () => {
      const { path } = await network.publish('echo', async (incoming, outgoing) => {
        outgoing.end(await bodyOf(incoming));
      });
      const all = Array.from({ length: 8 }, (_, index) => `${index}`.repeat(50_000));
      const answers = await Promise.all(all.map((body) => call(network, path, { method: 'POST', body })));
      expect(answers.map(({ body }) => body.toString())).toEqual(all);
      expect(network.troubles).toEqual([]);
    });

    it('a peer that offers TLS 1.2 gets it, without a staple; one that wants 1.3 is refused', async () => {
      const { socket, stapled } = await shake(network.ministry.peerAddress, peer.authentication);
      expect([socket.getProtocol(), socket.getCipher().name, stapled]).toEqual(['TLSv1.2', suite, false]);
      socket.destroy();
      const modern = await makeHostilePeer(network.data);
      await expect(shake(network.ministry.peerAddress, modern.authentication)).rejects.toThrow();
    });

    it('a peer asks the OCSP port for the certificate of the handshake; the answer is its status', async () => {
      const { socket } = await shake(network.ministry.peerAddress, peer.authentication);
      const shown = socket.getPeerCertificate().fingerprint.replaceAll(':', '').toLowerCase();
      socket.destroy();
      const { host, port } = network.ministry.ocspAddress ?? { host: '', port: 0 };
      const answer = await fetch(`http://${host}:${port}/?cert=${shown}`);
      const [type, boundary] = (answer.headers.get('content-type') ?? '').split('; boundary=');
      expect([answer.status, type]).toEqual([
        200,
        'multipart/related; type="application/ocsp-response"; charset=UTF-8',
      ]);
      const bytes = Buffer.from(await answer.arrayBuffer());
      const start = Buffer.from(`--${boundary}\r\ncontent-type: application/ocsp-response\r\n\r\n`);
      const end = Buffer.from(`\r\n--${boundary}--\r\n`);
      expect(bytes.subarray(0, start.length)).toEqual(start);
      expect(bytes.subarray(-end.length)).toEqual(end);
      const status = parseOcspResponse(bytes.subarray(start.length, -end.length));
      expect(status.responses.map((single) => single.status)).toEqual(['good']);
      expect((await fetch(`http://${host}:${port}/?cert=${'0'.repeat(40)}`)).status).toBe(500);
    });

    it('a peer sends a request; the answer closes the connection', async () => {
      const { socket } = await shake(network.ministry.peerAddress, peer.authentication);
      const headers = { 'content-type': 'text/plain', 'content-length': 1 };
      const closing = await new Promise<unknown>((resolve, reject) => {
        const outgoing = httpRequest(
          { createConnection: () => socket, method: 'POST', headers },
          (answer) => {
            answer.resume().once('end', () => resolve(answer.headers.connection));
          },
        );
        outgoing.once('error', reject).end('x');
      });
      expect(closing).toBe('close');
    });

    it.each([
      ['7.5.9', 'server.serverproxy.client_proxy_version_not_supported'],
      ['7.6.0-SNAPSHOT', 'server.serverproxy.client_proxy_version_not_supported'],
      ['seven', 'server.serverproxy.client_proxy_version_not_supported'],
      [undefined, 'server.serverproxy.client_proxy_version_not_supported'],
      ['7.6.0', 'server.serverproxy.service_failed.invalid_content_type'],
      ['7.10.0', 'server.serverproxy.service_failed.invalid_content_type'],
    ] as const)('a peer of version %s sends nonsense; the answer is the fault %s', async (version, code) => {
      const headers = {
        'content-type': 'text/plain',
        ...(version !== undefined && { 'x-proxy-version': version }),
      };
      const to = { ...network.ministry.peerAddress, identity: peer.authentication };
      expect(await sendRaw({ ...to, headers, body: Buffer.from('x') })).toBe(code);
    });
  },
);

describe('two security servers of posture xroad7', () => {
  let network: TestNetwork;
  beforeAll(async () => {
    network = await startNetwork({ peers: { ...xroad7, pooled: true } });
  });
  afterAll(() => network?.close());

  it('the client asks for a person; the two servers speak TLS 1.3, with a staple', async () => {
    expect((await call(network, person)).status).toBe(200);
    const modern = await makeHostilePeer(network.data);
    const { socket, stapled } = await shake(network.ministry.peerAddress, modern.authentication);
    expect([socket.getProtocol(), stapled]).toEqual(['TLSv1.3', true]);
    socket.destroy();
    expect(network.troubles).toEqual([]);
  });
});

describe('a provider that speaks as Java servers do', () => {
  const serverId = 'PILOT:GOV:1001:ss9';
  const path = '/r1/PILOT/GOV/1001/outpost/anything/x';
  let network: TestNetwork;
  let peer: HostilePeer;
  let identity: PeerIdentity;
  let leaf: Certificate;
  let ocsp: Listening | undefined;
  let server: Listening;
  let requests = 0;
  let asked = 0;

  beforeAll(async () => {
    network = await startNetwork({ peers: xroad7 });
    peer = await makeHostilePeer(network.data, peerTlsOptions('xroad7', true));
    identity = await peer.issueAuthentication();
    leaf = leafOf(identity);
    await registerServer(network, serverId, '127.0.0.3', 'PILOT:GOV:1001:outpost', identity);
    await requireServers(network, 'outpost', 1);
    server = await listen(makeServer(), '127.0.0.3', network.ports.peers, 'none');
  });
  afterAll(async () => {
    await ocsp?.close(50);
    await server?.close(50);
    await network?.close();
  });

  function makeServer(): Server {
    const made = createHttpServer((incoming, outgoing) => {
      requests += 1;
      incoming.resume();
      outgoing.writeHead(200, { 'content-type': 'text/xml' }).end('<reached/>');
    });
    serveTls(made, { context: async () => identity.context });
    return made;
  }
  const openOcspPort = async (status: () => Promise<Buffer>) => {
    const port = createOcspPort({
      newBoundary,
      onFailure: () => undefined,
      statuses: async () => {
        asked += 1;
        const [sha1, sha256] = [leaf.sha1.toString('hex'), leaf.sha256.toString('hex')];
        return [{ sha1, sha256, response: await status() }];
      },
    });
    ocsp = await listen(port, '127.0.0.3', network.ports.ocsp, 'none');
  };
  const outcome = async () => {
    const answer = await call(network, path);
    return JSON.parse(answer.body.toString()).type;
  };
  const refused = 'server.clientproxy.ssl_authentication_failed';

  it('has no OCSP port; the answer is a fault, and no byte of a request has left', async () => {
    expect(await outcome()).toBe(`${refused}.network_error`);
    expect(requests).toBe(0);
  });

  it('tells the status of another certificate; the answer is a fault', async () => {
    await openOcspPort(() => peer.statusOf(peer.signing.certificate));
    expect(await outcome()).toBe(`${refused}.incorrect_validation_info`);
    await ocsp?.close(50);
    expect([requests, asked]).toEqual([0, 1]);
  });

  it('tells a status long past; the answer is a fault', async () => {
    const yesterday = await peer.authorityAt(-86_400_000);
    await openOcspPort(() => peer.statusOf(leaf, yesterday));
    expect(await outcome()).toBe(`${refused}.incorrect_validation_info`);
    await ocsp?.close(50);
    expect([requests, asked]).toEqual([0, 2]);
  });

  it('tells a good status; the request reaches it, and it is not asked again for the next', async () => {
    await openOcspPort(() => peer.statusOf(leaf));
    for (let turn = 0; turn < 2; turn += 1) {
      expect(await outcome()).toBe('server.clientproxy.invalid_message');
    }
    expect([requests, asked]).toEqual([2, 3]);
  });
});

describe('a provider with two security servers, one of which is down', () => {
  let network: TestNetwork;
  beforeAll(async () => {
    network = await startNetwork({ peers: likeJava });
    const peer = await makeHostilePeer(network.data);
    const identity = await peer.issueAuthentication();
    await registerServer(network, 'PILOT:GOV:1001:ss9', '127.0.0.3', 'PILOT:GOV:1001:population', identity);
    await requireServers(network, 'population', 2);
  });
  afterAll(() => network?.close());

  it('it refuses connections; the client gets every answer from the other', async () => {
    for (let turn = 0; turn < 6; turn += 1) expect((await call(network, person)).status).toBe(200);
  });

  it('it takes connections and never answers; the client gets every answer from the other, in time', async () => {
    const hole = createTcpServer((socket) => {
      socket.on('error', () => undefined);
      silent.push(socket);
    });
    const silent: { destroy(): unknown }[] = [];
    await new Promise<void>((resolve) => hole.listen(network.ports.peers, '127.0.0.3', resolve));
    try {
      const startedAt = performance.now();
      for (let turn = 0; turn < 6; turn += 1) expect((await call(network, person)).status).toBe(200);
      expect(performance.now() - startedAt).toBeLessThan(5_000);
    } finally {
      for (const socket of silent) socket.destroy();
      hole.close();
    }
  });

  it('the client asks for the one that is down by name; the answer is a fault', async () => {
    const answer = await call(network, person, {
      headers: { 'X-Road-Security-Server': 'PILOT/GOV/1001/ss9' },
    });
    expect(JSON.parse(answer.body.toString()).type).toBe('server.clientproxy.network_error');
  });
});

function leafOf({ chain: [leaf] }: PeerIdentity): Certificate {
  if (leaf === undefined) throw new Error('a server shows a certificate');
  return leaf;
}

/** Registers a further server of the ministry, for one subsystem, which is made if need be. */
async function registerServer(
  { registryAdmin }: TestNetwork,
  id: string,
  address: string,
  subsystem: string,
  identity: PeerIdentity,
): Promise<void> {
  if (!subsystem.endsWith(':population')) {
    await registryAdmin.post('/subsystems', { id: subsystem, name: 'Outpost' });
  }
  await registryAdmin.post('/servers', { id, address });
  const path = `/servers/${encodeURIComponent(id)}`;
  await registryAdmin.post(`${path}/authentication-certificates`, { certificate: leafOf(identity).pem });
  await registryAdmin.post(`${path}/clients`, { id: subsystem });
}

/** Waits until the city's server knows so many servers of a subsystem of the ministry. */
async function requireServers(
  { city, cityAdmin }: TestNetwork,
  subsystemCode: string,
  count: number,
): Promise<void> {
  const member = { instance: 'PILOT', memberClass: 'GOV', memberCode: '1001' };
  const client = { kind: 'SUBSYSTEM', ...member, subsystemCode } as const;
  for (let attempt = 0; city.configuration().serversOf(client).length < count; attempt += 1) {
    if (attempt > 200) throw new Error('the registry did not publish the server');
    await cityAdmin.post('/configuration/refresh');
  }
}
