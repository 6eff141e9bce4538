import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestOf } from './chain.ts';
import { type Giving, givenPath, startGiving } from './giving.ts';
import { hasOpenssl, hasProgram } from './pki.ts';
import type { Asked } from './provider.ts';
import { askXmlsec, type Question, verifyEvidence, verifyStatus } from './verify.ts';
import { partTypes, readHead } from './wire.ts';

const hasXmlsec = await hasProgram('xmlsec1');
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe.skipIf(!hasOpenssl)(
  'a security server that reads the protocol for itself provides a REST service',
  () => {
    let giving: Giving;
    beforeAll(async () => {
      giving = await startGiving();
    });
    afterAll(() => giving?.close());

    const questionOf = ({ parts, head, body }: Asked): Question => {
      const bytesOf = (type: string) => parts.find((part) => part.type === type)?.body;
      return {
        ...{ chainResult: bytesOf(partTypes.chainResult), chain: bytesOf(partTypes.chain) },
        ...{ authority: giving.peer.signing.issuer, folder: giving.peer.folder },
        signature: bytesOf(partTypes.signature) ?? Buffer.alloc(0),
        signer: { memberClass: 'MUN', memberCode: '2001' },
        parts: [
          { uri: '/message.xml', bytes: head },
          ...(body === undefined ? [] : [{ uri: '/attachment1', bytes: body }]),
        ],
      };
    };

    describe('and is asked', () => {
      const asked: Asked[] = [];
      const statuses: number[] = [];
      beforeAll(async () => {
        const headers = {
          Accept: 'application/json',
          'X-Road-Id': 'my id',
          Connection: 'keep-alive',
          'X-Own': 'ä',
        };
        for (const options of [
          { headers },
          { method: 'POST', headers: { 'Content-Type': 'text/plain' }, body: 'posted' },
        ]) {
          giving.provider.wish = {};
          const { status, body } = await giving.ask(options);
          statuses.push(status);
          expect(body.toString()).toBe('given');
          const last = giving.provider.asked.at(-1);
          if (last !== undefined) asked.push(last);
        }
      });
      const both = [
        ['without a body', 0],
        ['with a body', 1],
      ] as const;
      const at = (index: number): Asked => {
        const found = asked[index];
        if (found === undefined) throw new Error('nothing was asked');
        return found;
      };

      it.each(both)('%s: TLS, method, path and header fields are as WIRE has them', (_name, index) => {
        const { protocol, cipher, method, path, headers, head } = at(index);
        expect([protocol, cipher, method, path]).toEqual(['TLSv1.2', 'ECDHE-RSA-AES256-SHA384', 'POST', '/']);
        const requestId = readHead(head).headers.find(([name]) => name === 'x-road-request-id')?.[1];
        const fields = Object.fromEntries(headers);
        expect(headers.map(([name]) => name)).toEqual(headers.map(([name]) => name.toLowerCase()));
        expect(fields).toMatchObject({
          'content-type': expect.stringMatching(
            /^multipart\/mixed; charset=UTF-8; boundary=xtop[A-Za-z]{30}$/,
          ),
          'transfer-encoding': 'chunked',
          'x-hash-algorithm': 'SHA-512',
          'x-proxy-version': expect.stringMatching(/^7\.\d+\.\d+$/),
          'x-original-content-type': index === 0 ? '' : 'text/plain',
          'x-road-message-type': 'REST',
          'x-road-request-id': requestId,
        });
        expect(fields['x-road-request-id']).toMatch(uuid);
        expect(fields).not.toHaveProperty('x-original-soapaction');
      });

      it.each(both)('%s: the parts stand in their order, without headers but their type', (_name, index) => {
        const { parts } = at(index);
        const body = [partTypes.restBody, partTypes.chainResult, partTypes.chain];
        const types = [
          partTypes.status,
          partTypes.restRequest,
          ...(index === 0 ? [] : body),
          partTypes.signature,
        ];
        expect(parts.map(({ type }) => type)).toEqual(types);
        expect(parts.flatMap(({ headers = [] }) => headers)).toEqual([]);
      });

      it('the head has the client’s header fields in its order and spelling, without those of the hop', () => {
        const read = readHead(at(0).head);
        expect([read.first, read.second]).toEqual(['GET', `${givenPath}/x?y=1`]);
        const names = read.headers.map(([name]) => name);
        expect(names.filter((name) => /^(host|connection|content-length|user-agent)$/i.test(name))).toEqual(
          [],
        );
        expect(names.at(-1)).toBe('x-road-request-id');
        expect(read.headers).toEqual(
          expect.arrayContaining([
            ['X-Road-Client', 'PILOT/MUN/2001/portal'],
            ['Accept', 'application/json'],
            ['X-Road-Id', 'my id'],
          ]),
        );
        const [before, last] = readHead(at(1).head).headers.slice(-2);
        expect([before?.[0], last?.[0]]).toEqual(['x-road-request-id', 'x-road-id']);
        expect(last?.[1]).toMatch(/^PILOT-[0-9a-f-]{36}$/);
      });

      it.each(both)('%s: the signature of the client’s member holds', async (_name, index) => {
        await verifyEvidence(questionOf(at(index)));
      });

      it.skipIf(!hasXmlsec).each(both)('%s: and xmlsec1 calls it good', async (_name, index) => {
        await askXmlsec(questionOf(at(index)));
      });

      it('the OCSP part says that the certificate of the handshake is good', async () => {
        const { certificate, parts } = at(0);
        const status = parts[0]?.body ?? Buffer.alloc(0);
        await verifyStatus(giving.peer.folder, certificate, giving.peer.signing.issuer, status);
      });

      it('the OCSP port was asked for the certificate by both its hashes', () => {
        const der = giving.peer.authentication.certificate.raw;
        const [sha1, sha256] = (['sha1', 'sha256'] as const).map((one) => digestOf(der, one).toString('hex'));
        expect(giving.provider.queries[0]).toBe(`GET /?cert=${sha1}&cert_hash=${sha256}`);
      });
    });
  },
);
