import { createHash } from 'node:crypto';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Listening, listen } from '../http/index.ts';
import { serveTls } from '../transport/index.ts';
import { bodyOf, call, startNetwork, type TestNetwork } from './network.ts';
import {
  boundary,
  evidenceParts,
  type HostilePeer,
  type MemberKey,
  makeHostilePeer,
  type Part,
  type PeerIdentity,
  signedParts,
  signParts,
  writeMessage,
} from './testing/hostile-peer.ts';

const serverId = 'PILOT:GOV:1001:ss9';
const subsystem = 'PILOT:GOV:1001:outpost';
const path = '/r1/PILOT/GOV/1001/outpost/anything/x';

/** What the provider read of a request. */
interface Seen {
  readonly client: string;
  readonly id: string;
  readonly requestId: string;
  readonly hash: string;
}

describe('a hostile security server that provides', () => {
  let network: TestNetwork;
  let peer: HostilePeer;
  let server: Listening;
  let ministry: MemberKey;
  let status: Buffer;
  let identity: PeerIdentity;
  let staple: (() => Promise<Buffer>) | undefined;
  let answer: (seen: Seen, outgoing: ServerResponse) => Promise<void> | void;

  beforeAll(async () => {
    network = await startNetwork();
    peer = await makeHostilePeer(network.data);
    ministry = await peer.issueSigning('GOV', '1001');
    status = await peer.statusOf(ministry.certificate, await peer.authorityAt(0));
    identity = await peer.issueAuthentication();
    const [leaf] = identity.chain;
    if (leaf === undefined) throw new Error('no certificate');
    const { registryAdmin } = network;
    await registryAdmin.post('/subsystems', { id: subsystem, name: 'Outpost' });
    await registryAdmin.post('/servers', { id: serverId, address: '127.0.0.3' });
    const registered = `/servers/${encodeURIComponent(serverId)}`;
    await registryAdmin.post(`${registered}/authentication-certificates`, { certificate: leaf.pem });
    await registryAdmin.post(`${registered}/clients`, { id: subsystem });
    const provider = {
      kind: 'SUBSYSTEM',
      instance: 'PILOT',
      memberClass: 'GOV',
      memberCode: '1001',
      subsystemCode: 'outpost',
    } as const;
    for (let attempt = 0; network.city.configuration().serversOf(provider).length === 0; attempt += 1) {
      if (attempt > 200) throw new Error('the registry did not publish the outpost');
      await network.cityAdmin.post('/configuration/refresh');
    }
    staple = () => peer.statusOf(leaf);
    server = await listen(makeServer(), '127.0.0.3', network.city.peerAddress.port, 'none');
  });
  afterAll(async () => {
    await server?.close(50);
    await network?.close();
  });

  function makeServer(): Server {
    const made = createServer(async (incoming, outgoing) => {
      const text = (await bodyOf(incoming)).toString('latin1');
      const start = text.indexOf('\r\n\r\n', text.indexOf('application/x-road-rest-request')) + 4;
      const head = text.slice(start, text.indexOf('\r\n--', start));
      const header = (name: string) => new RegExp(`^${name}:(.*)\r$`, 'im').exec(head)?.[1] ?? '';
      const seen = {
        client: header('x-road-client'),
        id: header('x-road-id'),
        requestId: header('x-road-request-id'),
        hash: createHash('sha512').update(head, 'latin1').digest('base64'),
      };
      await answer(seen, outgoing);
    });
    serveTls(made, {
      context: async () => identity.context,
      staple: async () => staple?.(),
    });
    return made;
  }

  /** An honest answer, but for what is wished. */
  const honest = async (
    seen: Seen,
    wish: {
      signer?: MemberKey;
      signerStatus?: Buffer;
      signBody?: null;
      parts?: (parts: Part[]) => Part[];
      body?: Buffer;
    } = {},
  ): Promise<Buffer> => {
    const { body = Buffer.from('from the outpost') } = wish;
    const lines = [
      ...['200', 'OK', 'content-type:text/plain', `x-road-id:${seen.id}`, `x-road-client:${seen.client}`],
      ...[
        'x-road-service:PILOT/GOV/1001/outpost/anything',
        `x-road-request-id:${seen.requestId}`,
        `x-road-request-hash:${seen.hash}`,
      ],
    ];
    const head = Buffer.from(lines.map((line) => `${line}\r\n`).join(''));
    const toSign = signedParts(head, wish.signBody === null ? undefined : body);
    const documents = await signParts(toSign, wish.signer ?? ministry, wish.signerStatus ?? status);
    const parts = [
      { type: 'application/x-road-rest-response', body: head },
      { type: 'application/x-road-rest-body', body },
      ...evidenceParts(documents),
    ];
    return writeMessage(wish.parts?.(parts) ?? parts);
  };
  const reply = (outgoing: ServerResponse, message: Buffer, headers: Record<string, string> = {}) => {
    outgoing.writeHead(200, {
      'content-type': `multipart/mixed; charset=UTF-8; boundary=${boundary}`,
      'x-hash-algorithm': 'SHA-512',
      ...headers,
    });
    outgoing.end(message);
  };
  const replying = (
    wish: Parameters<typeof honest>[1] = {},
    change: (seen: Seen) => Seen = (seen) => seen,
  ) => {
    answer = async (seen, outgoing) => reply(outgoing, await honest(change(seen), wish));
  };
  const outcome = async () => {
    const { status: code, headers, body } = await call(network, path);
    return headers['x-road-error'] ?? [code, body.toString()];
  };

  it('that keeps to the protocol is believed', async () => {
    replying();
    expect(await outcome()).toEqual([200, 'from the outpost']);
  });

  it.each([
    ['of another message id', (seen: Seen) => ({ ...seen, id: 'another' })],
    ['to another client', (seen: Seen) => ({ ...seen, client: 'PILOT/MUN/2001/permits' })],
    ['to another request', (seen: Seen) => ({ ...seen, requestId: '7f9a7a4e-1c55-4f3a-9a63-0c6b2a1d0e01' })],
    [
      'to a request of other content',
      (seen: Seen) => ({ ...seen, hash: Buffer.alloc(64).toString('base64') }),
    ],
  ])('is refused for an answer %s', async (_what, change) => {
    replying({}, change);
    expect(await outcome()).toBe('server.clientproxy.inconsistent_response');
  });

  it('is refused for an answer that it gave before', async () => {
    let kept: Buffer | undefined;
    answer = async (seen, outgoing) => {
      kept ??= await honest(seen);
      reply(outgoing, kept);
    };
    expect(await outcome()).toEqual([200, 'from the outpost']);
    expect(await outcome()).toBe('server.clientproxy.inconsistent_response');
  });

  it('is refused when another member signed', async () => {
    replying({ signer: peer.signing, signerStatus: await peer.statusOf(peer.signing.certificate) });
    expect(await outcome()).toBe('server.clientproxy.signature_verification.incorrect_certificate');
  });

  it('is refused when nobody signed', async () => {
    replying({ parts: (parts) => parts.filter(({ type }) => !type.startsWith('signature/')) });
    expect(await outcome()).toBe('server.clientproxy.missing_signature');
  });

  it('is refused when the signature covers the head alone', async () => {
    replying({ signBody: null });
    expect(await outcome()).toBe('server.clientproxy.signature_verification.malformed_signature');
  });

  it('is refused when the body was altered', async () => {
    replying({
      parts: (parts) =>
        parts.map((part) =>
          part.type.endsWith('rest-body') ? { ...part, body: Buffer.from('altered') } : part,
        ),
    });
    expect(await outcome()).toBe(
      'server.clientproxy.signature_verification.malformed_signature.invalid_hash_chain_ref',
    );
  });

  it('is refused when a part follows the signature', async () => {
    replying({ parts: (parts) => [...parts, { type: 'text/plain', body: Buffer.from('more') }] });
    expect(await outcome()).toBe('server.clientproxy.service_failed.invalid_message');
  });

  it('is refused when it dies in the middle of its answer', async () => {
    answer = async (seen, outgoing) => {
      const message = await honest(seen);
      outgoing.writeHead(200, {
        'content-type': `multipart/mixed; charset=UTF-8; boundary=${boundary}`,
        'x-hash-algorithm': 'SHA-512',
        'content-length': message.length,
      });
      outgoing.write(message.subarray(0, message.length / 2));
      setImmediate(() => outgoing.socket?.destroy());
    };
    expect(await outcome()).toBe('server.clientproxy.network_error');
  });

  it('is quoted when its last part is a fault, or its whole answer', async () => {
    const fault =
      '<?xml version="1.0"?><E:Envelope xmlns:E="http://schemas.xmlsoap.org/soap/envelope/"><E:Body><E:Fault><faultcode>Server.ServerProxy.ServiceFailed</faultcode><faultstring>quite so</faultstring></E:Fault></E:Body></E:Envelope>';
    replying({
      parts: ([head]) =>
        head === undefined ? [] : [head, { type: 'text/xml; charset=UTF-8', body: Buffer.from(fault) }],
    });
    expect(await outcome()).toBe('Server.ServerProxy.ServiceFailed');
    answer = (_seen, outgoing) => {
      outgoing.writeHead(200, { 'content-type': 'text/xml;charset=utf-8' }).end(fault);
    };
    expect(await outcome()).toBe('Server.ServerProxy.ServiceFailed');
  });

  it.each([
    ['another HTTP status', 404, {}, 'http_error'],
    ['another content type', 200, { 'content-type': 'text/html' }, 'service_failed.invalid_content_type'],
    ['another digest', 200, { 'x-hash-algorithm': 'SHA-1' }, 'internal_error'],
  ])('is refused for an answer with %s', async (_what, code, headers, expected) => {
    answer = async (seen, outgoing) => {
      outgoing.statusCode = code;
      if (code === 200) reply(outgoing, await honest(seen), headers);
      else outgoing.end();
    };
    expect(await outcome()).toBe(`server.clientproxy.${expected}`);
  });

  describe('is refused in the handshake, before a byte of the request', () => {
    let asked = 0;
    beforeAll(() => {
      answer = (_seen, outgoing) => {
        asked += 1;
        outgoing.end();
      };
    });
    /** Connections made before are still good; a server that shows something new is met anew. */
    const anew = async () => {
      asked = 0;
      await server.close(10);
      server = await listen(makeServer(), '127.0.0.3', network.city.peerAddress.port, 'none');
    };

    it('without a status of its certificate', async () => {
      const former = staple;
      staple = undefined;
      await anew();
      expect(await outcome()).toBe('server.clientproxy.ssl_authentication_failed.cert_validation');
      expect(asked).toBe(0);
      staple = former;
    });

    it('with a certificate that is not registered', async () => {
      const former = identity;
      identity = await peer.issueAuthentication();
      const [leaf] = identity.chain;
      const formerStaple = staple;
      staple = async () => (leaf === undefined ? Buffer.alloc(0) : peer.statusOf(leaf));
      await anew();
      expect(await outcome()).toBe('server.clientproxy.ssl_authentication_failed');
      expect(asked).toBe(0);
      [identity, staple] = [former, formerStaple];
    });

    it('with the certificate of a server that does not serve the provider', async () => {
      const former = identity;
      identity = peer.authentication;
      const [leaf] = identity.chain;
      const formerStaple = staple;
      staple = async () => (leaf === undefined ? Buffer.alloc(0) : peer.statusOf(leaf));
      await anew();
      expect(await outcome()).toBe('server.clientproxy.ssl_authentication_failed');
      expect(asked).toBe(0);
      [identity, staple] = [former, formerStaple];
    });
  });
});
