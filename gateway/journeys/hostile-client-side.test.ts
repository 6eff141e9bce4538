import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAuthority } from '../../certs/authority/index.ts';
import { startNetwork, type TestNetwork } from './network.ts';
import {
  boundary,
  evidenceParts,
  type HostilePeer,
  type MemberKey,
  makeHostilePeer,
  ocspPart,
  type Part,
  type PeerIdentity,
  sendRaw,
  signedParts,
  signParts,
  writeMessage,
} from './testing/hostile-peer.ts';
import { recordedIn } from './testing/recorded.ts';

const hour = 3_600_000;

describe('a hostile security server that calls', () => {
  let network: TestNetwork;
  let peer: HostilePeer;
  let calls = 0;
  /** Statuses of the peer's own certificates. */
  let authenticationStatus: Buffer;
  let signingStatus: Buffer;

  beforeAll(async () => {
    network = await startNetwork();
    await network.publish('target', (_incoming, outgoing) => {
      calls += 1;
      outgoing.end('reached');
    });
    peer = await makeHostilePeer(network.data);
    const [leaf] = peer.authentication.chain;
    if (leaf === undefined) throw new Error('the peer has no certificate');
    authenticationStatus = await peer.statusOf(leaf);
    signingStatus = await peer.statusOf(peer.signing.certificate);
  });
  afterAll(() => network?.close());

  interface Wish {
    readonly verb?: string;
    readonly client?: string;
    readonly body?: Buffer;
    readonly headerLines?: readonly string[];
    readonly identity?: PeerIdentity;
    readonly ocsp?: readonly Buffer[];
    readonly signer?: MemberKey;
    readonly signerStatus?: Buffer;
    /** Digested and signed instead of what is sent. */
    readonly signHead?: (head: Buffer) => Buffer;
    readonly signBody?: Buffer | null;
    readonly parts?: (parts: Part[]) => Part[];
    readonly bytes?: (message: Buffer) => Buffer;
    readonly headers?: Readonly<Record<string, string | undefined>>;
    readonly method?: string;
  }

  /** Sends one message with what is wished to be wrong; tells the code of the answer. */
  const send = async (wish: Wish = {}): Promise<string> => {
    const requestId = randomUUID();
    const {
      verb = 'GET',
      client = 'PILOT/MUN/2001/portal',
      body,
      headerLines = [],
      signer = peer.signing,
    } = wish;
    const lines = [
      ...[
        verb,
        '/r1/PILOT/GOV/1001/population/target/x',
        `X-Road-Client:${client}`,
        `X-Road-Id:hostile-${requestId}`,
      ],
      ...[...headerLines, `x-road-request-id:${requestId}`],
    ];
    const head = Buffer.from(lines.map((line) => `${line}\r\n`).join(''));
    const toSign = signedParts(
      wish.signHead?.(head) ?? head,
      wish.signBody === null ? undefined : (wish.signBody ?? body),
    );
    const documents = await signParts(toSign, signer, wish.signerStatus ?? signingStatus);
    const parts: Part[] = [
      ...(wish.ocsp ?? [authenticationStatus]).map(ocspPart),
      { type: 'application/x-road-rest-request', body: head },
      ...(body === undefined ? [] : [{ type: 'application/x-road-rest-body', body }]),
      ...evidenceParts(documents),
    ];
    const message = writeMessage(wish.parts?.(parts) ?? parts);
    const headers = {
      'content-type': `multipart/mixed; charset=UTF-8; boundary=${boundary}`,
      'x-hash-algorithm': 'SHA-512',
      'x-proxy-version': '7.8.0',
      'x-original-content-type': '',
      'x-road-message-type': 'REST',
      'x-road-request-id': requestId,
      ...wish.headers,
    };
    const { host, port } = network.ministry.peerAddress;
    return sendRaw({
      host,
      port,
      identity: wish.identity ?? peer.authentication,
      headers: Object.fromEntries(
        Object.entries(headers).filter(([, value]) => value !== undefined),
      ) as Record<string, string>,
      body: wish.bytes?.(message) ?? message,
      ...(wish.method !== undefined && { method: wish.method }),
    });
  };

  /** Number of messages the ministry has taken for its own. */
  const records = () => recordedIn(join(network.data, 'ministry')).length;

  /** Sends what must be refused: the service is not called, and nothing is recorded as taken. */
  const refused = async (wish: Wish): Promise<string> => {
    const before = [calls, records()];
    const code = await send(wish);
    expect([calls, records()]).toEqual(before);
    return code.replace('server.serverproxy.', '');
  };

  it('that keeps to the protocol is answered', async () => {
    expect(await send()).toBe('accepted');
    expect(await send({ verb: 'POST', body: Buffer.from('with a body') })).toBe('accepted');
    expect(calls).toBe(2);
  });

  describe('is refused for who it is', () => {
    it('with a certificate that is not registered: in the handshake', async () => {
      expect(await refused({ identity: await peer.issueAuthentication() })).toBe('closed');
    });

    it('with a certificate of another authority: in the handshake', async () => {
      const other = await createAuthority(join(network.data, 'other-authority'), {
        name: 'Other',
        pin: 'Another-Horse-8',
      });
      expect(await refused({ identity: await peer.issueAuthentication(other) })).toBe('closed');
    });

    it('when it speaks for a client of another server', async () => {
      const signer = await peer.issueSigning('GOV', '1001');
      const wish = {
        client: 'PILOT/GOV/1001/inspection',
        signer,
        signerStatus: await peer.statusOf(signer.certificate),
      };
      expect(await refused(wish)).toBe('ssl_authentication_failed');
    });

    it('when it speaks for a client that is nobody', async () => {
      expect(await refused({ client: 'PILOT/MUN/2001/nobody' })).toBe('ssl_authentication_failed');
    });

    const leaf = () => {
      const [certificate] = peer.authentication.chain;
      if (certificate === undefined) throw new Error('the peer has no certificate');
      return certificate;
    };

    it('without a status of its certificate', async () => {
      expect(await refused({ ocsp: [] })).toBe('ssl_authentication_failed');
    });

    it('with a status that is stale', async () => {
      const stale = await peer.statusOf(leaf(), await peer.authorityAt(-2 * hour));
      expect(await refused({ ocsp: [stale] })).toBe('ssl_authentication_failed.incorrect_validation_info');
    });

    it('with a status of the future', async () => {
      const early = await peer.statusOf(leaf(), await peer.authorityAt(hour));
      expect(await refused({ ocsp: [early] })).toBe('ssl_authentication_failed.incorrect_validation_info');
    });

    it('with the status of another certificate', async () => {
      expect(await refused({ ocsp: [signingStatus] })).toBe(
        'ssl_authentication_failed.incorrect_validation_info',
      );
    });

    it('with a status that a stranger signed', async () => {
      const stranger = await createAuthority(join(network.data, 'stranger'), {
        name: 'Stranger',
        pin: 'Another-Horse-8',
      });
      const status = await peer.statusOf(leaf(), stranger);
      expect(await refused({ ocsp: [status] })).toBe('ssl_authentication_failed.incorrect_validation_info');
    });

    it('with a status that says revoked', async () => {
      const authority = await peer.authorityAt(0);
      await authority.revoke(leaf().serialNumber);
      const revoked = await peer.statusOf(leaf(), authority);
      expect(await refused({ ocsp: [revoked] })).toBe('ssl_authentication_failed.cert_validation');
    });

    it('with a status that is none', async () => {
      expect(await refused({ ocsp: [Buffer.from('good')] })).toMatch(/^ssl_authentication_failed/);
    });
  });

  describe('is refused for its signature', () => {
    const withoutSignature = (parts: Part[]) => parts.filter(({ type }) => !type.startsWith('signature/'));

    it('when there is none', async () => {
      expect(await refused({ parts: withoutSignature })).toBe('missing_signature');
    });

    it('and counts against no quota of the client in whose name it speaks', async () => {
      const limits = '/clients/PILOT%3AGOV%3A1001%3Apopulation/services/target/limits';
      const counted = async () =>
        (await network.ministryAdmin.get<{ count: number }[]>(`${limits}/counts`)).map(({ count }) => count);
      await network.ministryAdmin.put(limits, [
        { consumer: 'each', requests: 1, periodSeconds: 31 * 86_400 },
      ]);
      const signer = await peer.issueSigning('GOV', '1001');
      const signerStatus = await peer.statusOf(signer.certificate);
      for (let attempt = 0; attempt < 3; attempt += 1) {
        expect(await refused({ signer, signerStatus })).toMatch(/^signature_verification\./);
      }
      expect(await refused({ parts: (parts) => parts.slice(0, -1) })).not.toBe('quota_exceeded');
      expect(await counted()).toEqual([]);
      expect(await send()).toBe('accepted');
      expect(await counted()).toEqual([1]);
      expect(await refused({ signer, signerStatus })).toBe('quota_exceeded');
      expect(await refused({})).toBe('quota_exceeded');
      expect(await counted()).toEqual([1]);
      await network.ministryAdmin.put(limits, []);
    });

    it('when another member made it', async () => {
      const signer = await peer.issueSigning('GOV', '1001');
      const code = await refused({ signer, signerStatus: await peer.statusOf(signer.certificate) });
      expect(code).toBe('signature_verification.incorrect_certificate');
    });

    it('when its certificate was revoked', async () => {
      const signer = await peer.issueSigning('MUN', '2001');
      const authority = await peer.authorityAt(0);
      await authority.revoke(signer.certificate.serialNumber);
      const signerStatus = await peer.statusOf(signer.certificate, authority);
      expect(await refused({ signer, signerStatus })).toBe('signature_verification.cert_validation');
    });

    it('when it covers the head alone while a body rides along', async () => {
      const code = await refused({ verb: 'POST', body: Buffer.from('uncovered'), signBody: null });
      expect(code).toBe('signature_verification.malformed_signature');
    });

    it('when the body was altered', async () => {
      const code = await refused({
        verb: 'POST',
        body: Buffer.from('altered'),
        signBody: Buffer.from('signed!'),
      });
      expect(code).toBe('signature_verification.malformed_signature.invalid_hash_chain_ref');
    });

    it('when the head was altered', async () => {
      const code = await refused({ signHead: (head) => Buffer.from(head.toString().replace('/x', '/y')) });
      expect(code).toBe('signature_verification.invalid_signature_value');
    });

    it('when it signs a body that was left out', async () => {
      expect(await refused({ signBody: Buffer.from('left out') })).toMatch(
        /^signature_verification\.malformed_signature/,
      );
    });
  });

  describe('is refused for its message', () => {
    it('when a part follows the signature', async () => {
      expect(
        await refused({ parts: (parts) => [...parts, { type: 'text/plain', body: Buffer.from('more') }] }),
      ).toBe('service_failed.invalid_message');
    });

    it('when parts change places', async () => {
      expect(
        await refused({
          parts: ([ocsp, head, ...rest]) => [head, ocsp, ...rest].filter((part) => part !== undefined),
        }),
      ).toMatch(/^(invalid_message|invalid_content_type|ssl_authentication_failed)$/);
    });

    it.each(['Connection:close', 'transfer-encoding:chunked', 'HOST:elsewhere'])(
      'when its head has the hop-by-hop header %s',
      async (line) => {
        expect(await refused({ headerLines: [line] })).toBe('service_failed.invalid_message');
      },
    );

    it.each([0.2, 0.5, 0.9])('when it ends after %d of its bytes', async (share) => {
      const code = await refused({
        bytes: (message) => message.subarray(0, Math.floor(message.length * share)),
      });
      expect(code).toBe('service_failed.mime_parsing_failed');
    });

    it('when its request id is another than the transport’s', async () => {
      expect(await refused({ headers: { 'x-road-request-id': randomUUID() } })).toBe('invalid_request');
    });

    it.each([
      [{ 'x-road-request-id': undefined }, 'invalid_request'],
      [{ 'x-hash-algorithm': undefined }, 'internal_error'],
      [{ 'x-hash-algorithm': 'SHA-1' }, 'internal_error'],
      [{ 'content-type': 'text/plain' }, 'service_failed.invalid_content_type'],
      [{ 'content-type': 'multipart/mixed' }, 'service_failed.invalid_content_type'],
    ])('when its headers are %o: %s', async (headers, code) => {
      expect(await refused({ headers })).toBe(code);
    });

    it('when it is not posted', async () => {
      expect(await refused({ method: 'PUT' })).toBe('invalid_http_method');
    });

    it('when it pins another server', async () => {
      expect(await refused({ headerLines: ['X-Road-Security-Server:PILOT/MUN/2001/ss2'] })).toBe(
        'invalid_security_server',
      );
    });
  });
});
