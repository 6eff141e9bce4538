import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestOf } from './chain.ts';
import { type Giving, startGiving } from './giving.ts';
import { hasOpenssl, hasProgram } from './pki.ts';
import { type AnswerWish, type Asked, envelopeOf } from './provider.ts';
import { type Attachment, attachmentsPart, identifier, soapParts, writeEnvelope } from './soap.ts';
import { askXmlsec, type Question, verifyEvidence } from './verify.ts';
import { boundaryOf, type Part, partTypes, readMultipart } from './wire.ts';

const hasXmlsec = await hasProgram('xmlsec1');
const give = 'PILOT/GOV/3001/giver/give';
const portal = 'PILOT/MUN/2001/portal';
const envelopeToGive = (more = '') => writeEnvelope({ client: portal, service: give, more });
const two: readonly Attachment[] = [
  {
    headers: [
      ['content-type', 'image/png'],
      ['content-id', '<a>'],
    ],
    body: Buffer.from('picture'),
  },
  {
    headers: [
      ['content-type', 'text/plain'],
      ['content-transfer-encoding', 'base64'],
    ],
    body: Buffer.from('dGV4dA=='),
  },
];

describe.skipIf(!hasOpenssl)(
  'a security server that reads the protocol for itself provides a SOAP service',
  () => {
    let giving: Giving;
    beforeAll(async () => {
      giving = await startGiving();
    });
    afterAll(() => giving?.close());

    const post = async (body: string | Buffer, type = 'text/xml; charset=UTF-8', headers = {}) =>
      giving.ask({ method: 'POST', body, headers: { 'content-type': type, ...headers } }, '/');
    const lastAsked = (): Asked => {
      const last = giving.provider.asked.at(-1);
      if (last === undefined) throw new Error('nothing was asked');
      return last;
    };
    const questionOf = ({ parts }: Asked, attachments: readonly { readonly body: Buffer }[]): Question => {
      const bytesOf = (type: string) => parts.find((part) => part.type === type)?.body;
      return {
        ...{ chainResult: bytesOf(partTypes.chainResult), chain: bytesOf(partTypes.chain) },
        ...{ authority: giving.peer.signing.issuer, folder: giving.peer.folder },
        signature: bytesOf(partTypes.signature) ?? Buffer.alloc(0),
        signer: { memberClass: 'MUN', memberCode: '2001' },
        parts: soapParts(envelopeOf({ parts }), attachments),
      };
    };

    it('without attachments: what it is asked, and what the client is answered', async () => {
      giving.provider.wish = {};
      const sent = envelopeToGive();
      const { status, headers, body } = await post(sent, 'text/xml; charset=UTF-8', {
        SOAPAction: '"urn:give"',
      });
      const asked = lastAsked();
      expect(asked.headers.map(([name]) => name)).toEqual(asked.headers.map(([name]) => name.toLowerCase()));
      const fields = Object.fromEntries(asked.headers);
      expect(fields).toMatchObject({
        'x-hash-algorithm': 'SHA-512',
        'x-original-content-type': 'text/xml; charset=UTF-8',
        'x-original-soapaction': '"urn:give"',
      });
      expect(fields).not.toHaveProperty('x-road-message-type');
      const types = asked.parts.map(({ type }) => type);
      expect(types).toEqual([partTypes.status, 'text/xml; charset=UTF-8', partTypes.signature]);
      expect(envelopeOf(asked).toString()).toBe(sent);
      const question = questionOf(asked, []);
      await verifyEvidence(question);
      if (hasXmlsec) await askXmlsec(question);
      expect([status, headers['content-type']]).toEqual([200, 'text/xml; charset=UTF-8']);
      expect(body.toString()).toContain(`>${digestOf(sent).toString('base64')}</x:requestHash>`);
    });

    it('with attachments in both directions: nested, in their own encoding', async () => {
      giving.provider.wish = { attachments: two };
      const sent = envelopeToGive();
      const parts = [
        ['text/xml; charset=UTF-8', sent] as const,
        ['a/b', 'one'] as const,
        ['a/c', 'two'] as const,
      ];
      const written = parts.map(
        ([type, text]) => `--is\r\nContent-Type: ${type}\r\nX-Own: y\r\n\r\n${text}\r\n`,
      );
      const type = 'multipart/related; type="text/xml"; boundary=is';
      const { status, headers, body } = await post(`${written.join('')}--is--\r\n`, type);
      const asked = lastAsked();
      const nested = asked.parts[2] as Part;
      expect(asked.parts.map((part) => part.type.replace(/;.*/, ''))).toEqual([
        ...[partTypes.status, 'text/xml', 'multipart/mixed'],
        ...[partTypes.chainResult, partTypes.chain, partTypes.signature],
      ]);
      expect(nested.type).toMatch(/^multipart\/mixed; charset=UTF-8; boundary=xatt[A-Za-z]{30}$/);
      const attachments = readMultipart(nested.body, boundaryOf(nested.type));
      expect(attachments.map((part) => [part.type, part.headers, part.body.toString()])).toEqual([
        ['a/b', [['X-Own', 'y']], 'one'],
        ['a/c', [['X-Own', 'y']], 'two'],
      ]);
      await verifyEvidence(questionOf(asked, attachments));
      expect([status, headers['content-type']]).toEqual([200, expect.stringMatching(/^multipart\/related/)]);
      expect(body.toString()).toContain('\r\n\r\npicture\r\n');
      expect(body.toString()).toContain('\r\n\r\ndGV4dA==\r\n');
    });

    /** The code of the fault that the client is answered, without its origin. */
    const outcome = async (wish: AnswerWish, envelope = envelopeToGive('<x:issue>7</x:issue>')) => {
      giving.provider.wish = wish;
      const { status, body } = await post(envelope);
      const [, code] = /<faultcode>([^<]*)<\/faultcode>/.exec(body.toString()) ?? [];
      if (code === undefined) return `${status}`;
      expect(status).toBe(200);
      return code.replace('server.clientproxy.', '');
    };
    const edited = (from: string | RegExp, to: string): AnswerWish => ({
      envelope: (text) => text.replace(from, () => to),
    });
    const inconsistent = 'service_failed.inconsistent_response';

    it.each<[string, string, AnswerWish]>([
      ['is right', '200', {}],
      ['is right, with attachments', '200', { attachments: two }],
      ['has another client', inconsistent, edited('>portal<', '>permits<')],
      ['has another service', 'service_failed.inconsistent_headers', edited('>give<', '>take<')],
      ['has another provider', inconsistent, edited('>giver<', '>asker<')],
      ['has another id', inconsistent, edited(/<x:id>./, '<x:id>z')],
      ['has another user', inconsistent, edited('EE123', 'EE124')],
      ['has no user', inconsistent, edited(/<x:userId>.*?<\/x:userId>/, '')],
      ['has another issue', inconsistent, edited('<x:issue>7', '<x:issue>8')],
      ['has no issue', inconsistent, edited(/<x:issue>.*?<\/x:issue>/, '')],
      [
        'has a represented party',
        inconsistent,
        edited(
          '<x:issue>',
          '<r:representedParty xmlns:r="http://x-road.eu/xsd/representation.xsd"><r:partyCode>1</r:partyCode></r:representedParty><x:issue>',
        ),
      ],
      ['has no request hash', 'inconsistent_response', edited(/<x:requestHash.*<\/x:requestHash>/, '')],
      [
        'has the hash of another request',
        'inconsistent_response',
        edited(/(?<=requestHash algorithmId="[^"]*">)...../, 'AAAAA'),
      ],
      [
        'has two request hashes',
        'service_failed.duplicate_header_field',
        { envelope: (text) => text.replace(/(<x:requestHash.*<\/x:requestHash>)/, '$1$1') },
      ],
      ['has no id', 'service_failed.missing_header_field', edited(/<x:id>.*<\/x:id>/, '')],
      ['has no header', 'service_failed.missing_header', edited(/<s:Header>[\s\S]*<\/s:Header>/, '')],
      ['has a document type', 'service_failed.invalid_xml', edited('<s:Envelope', '<!DOCTYPE x><s:Envelope')],
      ['is no envelope', 'service_failed.invalid_soap', { envelope: () => '<x/>' }],
      [
        'is a fault of the service, signed',
        's:Server.Own',
        { envelope: () => fault('s:Server.Own').toString() },
      ],
      [
        'names another service in its body',
        'service_failed.inconsistent_headers',
        { envelope: (text) => text.replaceAll('p:giveResponse', 'p:other') },
      ],
    ])('an envelope that %s: %s', async (_name, code, wish) => {
      expect(await outcome(wish)).toBe(code);
    });

    const faultPart: Part = {
      type: 'text/xml; charset=UTF-8',
      body: fault('server.serverproxy.service_failed'),
    };
    const isNested = (part: Part) => part.type.startsWith('multipart');
    const replaced = (attachments: readonly Attachment[]) => (parts: readonly Part[]) =>
      parts.map((part) => (isNested(part) ? attachmentsPart(attachments) : part));

    it.each<[string, string, AnswerWish]>([
      [
        'has a fault as its last part',
        'server.serverproxy.service_failed',
        { parts: ([head]) => [head as Part, faultPart] },
      ],
      [
        'has a fault after its attachments',
        'server.serverproxy.service_failed',
        { attachments: two, parts: ([head, nested]) => [head, nested, faultPart] as Part[] },
      ],
      [
        'has a fault after its signature',
        'service_failed.invalid_message',
        { parts: (parts) => [...parts, faultPart] },
      ],
      ['has no envelope', 'service_failed.invalid_content_type', { parts: (parts) => parts.slice(1) }],
      ['has no signature', 'missing_signature', { parts: (parts) => parts.slice(0, 1) }],
      [
        'has its envelope twice',
        'service_failed.invalid_message',
        { parts: ([head, ...more]) => [head, head, ...more] as Part[] },
      ],
      [
        'lost an attachment',
        'signature_verification.malformed_signature.invalid_reference',
        { attachments: two, parts: replaced(two.slice(0, 1)) },
      ],
      [
        'swapped its attachments',
        'signature_verification.malformed_signature.invalid_hash_chain_ref',
        { attachments: two, parts: replaced([...two].reverse()) },
      ],
      [
        'lost all attachments',
        'signature_verification.malformed_signature.invalid_reference',
        { attachments: two, parts: (parts) => parts.filter((part) => !isNested(part)) },
      ],
      [
        'has attachments that nobody signed',
        'signature_verification.malformed_signature',
        { attachments: two, evidence: { form: 'plain' } },
      ],
      [
        'is one of REST',
        'missing_soap',
        { parts: ([head, ...more]) => [{ ...head, type: partTypes.restResponse } as Part, ...more] },
      ],
      [
        'has an envelope of another type',
        'service_failed.invalid_content_type',
        { parts: ([head, ...more]) => [{ ...head, type: 'application/json' } as Part, ...more] },
      ],
    ])('an answer that %s: %s', async (_name, code, wish) => {
      expect(await outcome(wish)).toBe(code);
    });

    it('a fault instead of an answer is told to the client with its text untouched', async () => {
      const bytes = fault('Server.ServerProxy.AccessDenied');
      giving.provider.wish = {
        write: (outgoing) =>
          void outgoing.writeHead(200, { 'content-type': 'text/xml;charset=utf-8' }).end(bytes),
      };
      const { status, headers, body } = await post(envelopeToGive());
      expect([status, headers['content-type']]).toEqual([200, 'text/xml;charset=utf-8']);
      expect(body.toString()).toBe(bytes.toString());
    });

    it('an envelope with a mark of byte order is sent and hashed with it', async () => {
      giving.provider.wish = {};
      const sent = Buffer.concat([Buffer.from('efbbbf', 'hex'), Buffer.from(envelopeToGive())]);
      const { body } = await post(sent);
      expect(envelopeOf(lastAsked()).equals(sent)).toBe(true);
      expect(body.toString()).toContain(digestOf(sent).toString('base64'));
    });

    it('a client that pins another server is told so, and nobody is asked', async () => {
      const before = giving.provider.asked.length;
      const more = identifier('x:securityServer', 'SERVER', 'PILOT/GOV/1001/ss1');
      expect(await outcome({}, envelopeToGive(more))).toBe('invalid_security_server');
      expect(giving.provider.asked.length).toBe(before);
    });
  },
);

function fault(code: string): Buffer {
  return Buffer.from(
    `<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault><faultcode>${code}</faultcode><faultstring>told by the peer</faultstring><detail><faultDetail xmlns="">a-b-c</faultDetail></detail></s:Fault></s:Body></s:Envelope>`,
  );
}
