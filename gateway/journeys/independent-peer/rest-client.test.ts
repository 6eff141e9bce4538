import { X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bodyOf } from '../network.ts';
import { digestOf } from './chain.ts';
import { headerOf, outcomeOf, partsOf, type RequestWish, type Sent, sendRest } from './client.ts';
import { asker, joinNetwork, member, type Peer } from './join.ts';
import { askStatuses, writeStatus } from './ocsp.ts';
import { type Credential, hasOpenssl, hasProgram } from './pki.ts';
import { askXmlsec, type Question, verifyEvidence, verifyStatus } from './verify.ts';
import { headerOf as headOf, type Part, partTypes, readHead } from './wire.ts';

const hasXmlsec = await hasProgram('xmlsec1');
const peerRefused = 'server.serverproxy.ssl_authentication_failed';
const incorrect = '.incorrect_validation_info';
const notGood = '.cert_validation';
const body = Buffer.from('{"a":1}');
const isType = (type: string) => (part: Part) => part.type === type;

describe.skipIf(!hasOpenssl)(
  'a security server that reads the protocol for itself calls ours with REST',
  () => {
    let peer: Peer;
    let second: Credential;
    const asked: string[] = [];

    beforeAll(async () => {
      peer = await joinNetwork();
      second = await peer.own.issue('authentication', member);
      await peer.register(second);
      await peer.publish('echo', async (incoming, outgoing) => {
        const received = await bodyOf(incoming);
        asked.push(incoming.url ?? '');
        outgoing.setHeader('content-type', 'text/plain');
        outgoing.end(`${incoming.method} ${incoming.url} ${received.toString()}`);
      });
    });
    afterAll(() => peer?.close());

    /** What a message of ours says about its evidence. */
    function questionOf(parts: readonly Part[]): Question {
      const bytesOf = (type: string) => parts.find(isType(type))?.body;
      const head = bytesOf(partTypes.restResponse) ?? Buffer.alloc(0);
      const content = bytesOf(partTypes.restBody);
      return {
        ...{ chainResult: bytesOf(partTypes.chainResult), chain: bytesOf(partTypes.chain) },
        ...{ authority: peer.signing.issuer, folder: peer.folder },
        signature: bytesOf(partTypes.signature) ?? Buffer.alloc(0),
        signer: { memberClass: 'GOV', memberCode: '1001' },
        parts: [
          { uri: '/message.xml', bytes: head },
          ...(content === undefined ? [] : [{ uri: '/attachment1', bytes: content }]),
        ],
      };
    }

    describe('and reads what it is answered', () => {
      const sent = new Map<string, Sent>();
      const answer = async (name: string): Promise<Sent> => {
        const made = sent.get(name) ?? (await sendRest(peer, name === 'with' ? { body } : {}));
        sent.set(name, made);
        return made;
      };

      it.each(['without', 'with'])(
        'to a request %s a body: headers, parts and head as WIRE has them',
        async (name) => {
          const { head, body: content, id, requestId, answer: answered } = await answer(name);
          expect(headerOf(answered.headers, 'x-hash-algorithm')).toBe('SHA-512');
          const names = answered.headers.map(([header]) => header.toLowerCase());
          expect(answered.headers[names.indexOf('connection')]?.[1]).toBe('close');
          expect(headerOf(answered.headers, 'content-type')).toMatch(
            /^multipart\/mixed; charset=UTF-8; boundary=xtop[A-Za-z]{30}$/,
          );
          const parts = partsOf(answered);
          expect(parts.map(({ type }) => type)).toEqual([
            partTypes.restResponse,
            partTypes.restBody,
            partTypes.chainResult,
            partTypes.chain,
            partTypes.signature,
          ]);
          expect(parts.flatMap(({ headers = [] }) => headers)).toEqual([]);
          const read = readHead(parts[0]?.body ?? Buffer.alloc(0));
          expect([read.first, read.second]).toEqual(['200', 'OK']);
          const digest = digestOf(head);
          const joined =
            content === undefined ? digest : digestOf(Buffer.concat([digest, digestOf(content)]));
          expect(read.headers.slice(-5)).toEqual([
            ['x-road-id', id],
            ['x-road-client', asker],
            ['x-road-service', 'PILOT/GOV/1001/population/echo'],
            ['x-road-request-id', requestId],
            ['x-road-request-hash', joined.toString('base64')],
          ]);
          expect(headOf(read, 'content-type')).toBe('text/plain');
          const hops = ['transfer-encoding', 'keep-alive', 'connection', 'content-length', 'server', 'host'];
          expect(
            read.headers.map(([header]) => header.toLowerCase()).filter((one) => hops.includes(one)),
          ).toEqual([]);
          const said = content === undefined ? 'GET /items?x=1 ' : 'POST /items?x=1 {"a":1}';
          expect(parts[1]?.body.toString()).toBe(said);
        },
      );

      it.each(['without', 'with'])('to a request %s a body: the signature holds', async (name) => {
        await verifyEvidence(questionOf(partsOf((await answer(name)).answer)));
      });

      it.skipIf(!hasXmlsec)('and xmlsec1 calls the signature good', async () => {
        await askXmlsec(questionOf(partsOf((await answer('with')).answer)));
        const question = questionOf(partsOf((await answer('without')).answer));
        await expect(askXmlsec({ ...question, chainResult: Buffer.from('other') })).rejects.toThrow();
      });

      it('over TLS 1.2, from a server whose OCSP port tells that its certificate is good', async () => {
        const { certificate, protocol, cipher } = (await answer('with')).answer;
        expect([protocol, cipher]).toEqual(['TLSv1.2', 'ECDHE-ECDSA-AES256-SHA384']);
        const { host = '', port = 0 } = peer.network.ministry.ocspAddress ?? {};
        const [status, ...more] = await askStatuses(host, port, [certificate]);
        expect(more).toEqual([]);
        const shown = new X509Certificate(certificate);
        await verifyStatus(peer.folder, shown, peer.signing.issuer, status ?? Buffer.alloc(0));
      });

      it('whose body part is there, though empty, when the service answered with an empty entity', async () => {
        await peer.publish('empty', (_incoming, outgoing) => void outgoing.writeHead(404).end());
        const { answer: answered } = await sendRest(peer, { target: '/r1/PILOT/GOV/1001/population/empty' });
        const parts = partsOf(answered);
        expect(parts.find(isType(partTypes.restBody))?.body).toEqual(Buffer.alloc(0));
        await verifyEvidence(questionOf(parts));
      });

      it('without what the service says of the exchange or of its connection, the last service being ours', async () => {
        await peer.publish('forger', (_incoming, outgoing) => {
          for (const name of ['X-Road-Id', 'X-Road-Client', 'X-Road-Request-Id', 'X-Road-Request-Hash']) {
            outgoing.setHeader(name, 'forged');
          }
          outgoing
            .setHeader('X-Road-Service', 'A/B/C/D/forged')
            .setHeader('Server', 'x')
            .setHeader('X-Own', 'kept');
          outgoing.writeHead(203).end('x');
        });
        const { id, answer: answered } = await sendRest(peer, {
          target: '/r1/PILOT/GOV/1001/population/forger',
        });
        const parts = partsOf(answered);
        const read = readHead(parts[0]?.body ?? Buffer.alloc(0));
        expect([read.first, read.second]).toEqual(['203', expect.stringMatching(/./)]);
        expect(read.headers.filter(([, value]) => value === 'forged')).toEqual([]);
        expect(read.headers).toContainEqual(['X-Own', 'kept']);
        expect(headOf(read, 'x-road-id')).toBe(id);
        expect(headOf(read, 'x-road-service')).toBe('PILOT/GOV/1001/population/forger');
        expect(headOf(read, 'server')).toBeUndefined();
        await verifyEvidence(questionOf(parts));
      });

      it('by a fault as the last part, when the service breaks off', async () => {
        await peer.publish('breaks', (_incoming, outgoing) => {
          outgoing.writeHead(200, { 'content-length': '1000000' });
          outgoing.write(Buffer.alloc(400_000), () => outgoing.destroy());
        });
        const { answer: answered } = await sendRest(peer, {
          target: '/r1/PILOT/GOV/1001/population/breaks',
        });
        expect(outcomeOf(answered)).toBe('server.serverproxy.network_error');
        const types = partsOf(answered).map(({ type }) => type);
        expect(types).toEqual([partTypes.restResponse, partTypes.restBody, 'text/xml; charset=UTF-8']);
      });

      it('without a body part, plainly signed, when the service answered 204', async () => {
        await peer.publish('nothing', (_incoming, outgoing) => void outgoing.writeHead(204).end());
        const { answer: answered } = await sendRest(peer, {
          target: '/r1/PILOT/GOV/1001/population/nothing',
        });
        const parts = partsOf(answered);
        expect(parts.map(({ type }) => type)).toEqual([partTypes.restResponse, partTypes.signature]);
        await verifyEvidence(questionOf(parts));
      });
    });

    const outcome = async (wish: RequestWish) => outcomeOf((await sendRest(peer, wish)).answer);

    describe('and shows who it is', () => {
      it.each([
        ['no status', () => [], ''],
        ['an octet string for a status', () => [Buffer.from('0400', 'hex')], incorrect],
        ['a status too old', (to: Status) => [to({ ageSeconds: 10 * 86_400 })], incorrect],
        ['a status from the future', (to: Status) => [to({ ageSeconds: -3 * 3600 })], incorrect],
        ['a status overdue', (to: Status) => [to({ ageSeconds: 120, validSeconds: -60 })], incorrect],
        ['the status revoked', (to: Status) => [to({ status: 'revoked' })], notGood],
        ['the status unknown', (to: Status) => [to({ status: 'unknown' })], notGood],
        ['a status identified with SHA-256', (to: Status) => [to({ idDigest: 'sha256' })], incorrect],
        ['a status with a forged signature', (to: Status) => [to({ isForged: true })], incorrect],
        ['the status of another certificate', (to: Status) => [to({}, peer.own.responder)], incorrect],
        [
          'a status by a responder of a foreign authority',
          (to: Status) => [to({ responder: peer.foreign.responder })],
          incorrect,
        ],
        ['a status by one that is no responder', (to: Status) => [to({ responder: second })], incorrect],
      ])('with %s: refused', async (_name, make, inner) => {
        const statuses = make((wish, whose = second) =>
          writeStatus(whose, { responder: peer.own.responder, ...wish }),
        );
        expect(await outcome({ authentication: second, statuses })).toBe(`${peerRefused}${inner}`);
      });

      it('with another registered certificate, and its status: answered', async () => {
        const statuses = [await peer.status(second)];
        expect(await outcome({ authentication: second, statuses })).toBe('answered');
      });

      it.each([
        ['none', () => null],
        ['one of no security server', () => peer.own.issue('authentication', member)],
        ['its signing certificate', () => peer.signing],
      ])('by a certificate that is %s: the connection ends', async (_name, make) => {
        await expect(outcome({ authentication: await make() })).rejects.toThrow();
      });

      it.each([
        ['is over', () => peer.own.issue('authentication', member, -1), '.invalid_cert_path'],
        ['may sign messages too', () => peer.own.issue('both', member), ''],
        ['may only sign messages', () => peer.own.issue('signing', member), ''],
        [
          'comes from a foreign authority',
          () => peer.foreign.issue('authentication', member),
          '.cannot_create_cert_path',
        ],
      ])('by a registered certificate that %s: refused', async (_name, make, inner) => {
        const authentication = await make();
        await peer.register(authentication);
        expect(await outcome({ authentication })).toBe(`${peerRefused}${inner}`);
      });

      it.each([
        ['a subsystem of another server', 'PILOT/MUN/2001/portal'],
        ['a subsystem that nobody registered', 'PILOT/GOV/3001/nobody'],
        ['another member', 'PILOT/GOV/1001'],
      ])('as %s: refused', async (_name, client) => {
        const lines = (all: readonly string[]) =>
          all.map((line) => (line.startsWith('X-Road-Client:') ? `X-Road-Client:${client}` : line));
        expect(await outcome({ lines })).toBe(peerRefused);
      });

      it('as the member that owns the server: it is one, but has no right', async () => {
        const lines = (all: readonly string[]) =>
          all.map((line) => (line.startsWith('X-Road-Client:') ? 'X-Road-Client:PILOT/GOV/3001' : line));
        expect(await outcome({ lines })).toBe('server.serverproxy.access_denied');
      });
    });
  },
);

type Status = (wish: Partial<Parameters<typeof writeStatus>[1]>, whose?: Credential) => Buffer;
