import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bodyOf } from '../network.ts';
import { digestOf } from './chain.ts';
import { headerOf, outcomeOf, partsOf } from './client.ts';
import { joinNetwork, type Peer } from './join.ts';
import { hasOpenssl, hasProgram } from './pki.ts';
import {
  type Attachment,
  identifier,
  attachmentsPart as nestedOf,
  population,
  requestHashOf,
  type SoapWish,
  sendSoap,
  soapParts,
  writeEnvelope,
} from './soap.ts';
import { askXmlsec, type Question, verifyEvidence } from './verify.ts';
import { boundaryOf, type Part, partTypes, readMultipart } from './wire.ts';

const hasXmlsec = await hasProgram('xmlsec1');
const three: readonly Attachment[] = ['one', 'two', 'b25l'].map((text, at) => ({
  headers: [
    ['content-type', 'application/octet-stream'],
    ['content-id', `<${at}>`],
    ...(at === 2 ? [['content-transfer-encoding', 'base64'] as const] : []),
  ],
  body: Buffer.from(text),
}));

describe.skipIf(!hasOpenssl)(
  'a security server that reads the protocol for itself calls ours with SOAP',
  () => {
    let peer: Peer;
    const received: { type: string; action: string; bytes: Buffer }[] = [];
    let reply: (incoming: IncomingMessage, envelope: string, outgoing: ServerResponse) => void;

    beforeAll(async () => {
      peer = await joinNetwork();
      await peer.publish(
        'getPerson',
        async (incoming, outgoing) => {
          const bytes = await bodyOf(incoming);
          const { 'content-type': type = '', soapaction: action = '' } = incoming.headers;
          received.push({ type, action: String(action), bytes });
          const envelope = type.startsWith('multipart')
            ? (readMultipart(bytes, boundaryOf(type))[0]?.body ?? Buffer.alloc(0))
            : bytes;
          reply(incoming, envelope.toString('utf8'), outgoing);
        },
        'WSDL',
      );
    });
    afterAll(() => peer?.close());

    const answering = (type = 'text/xml; charset=utf-8', wrap = (text: string) => Buffer.from(text)) => {
      reply = (_incoming, envelope, outgoing) => {
        const text = envelope.replaceAll('p:getPerson', 'p:getPersonResponse');
        outgoing.writeHead(200, { 'content-type': type }).end(wrap(text));
      };
    };

    const questionOf = (
      parts: readonly Part[],
      attachments: readonly { readonly body: Buffer }[],
    ): Question => {
      const bytesOf = (type: string) => parts.find((part) => part.type === type)?.body;
      return {
        ...{ chainResult: bytesOf(partTypes.chainResult), chain: bytesOf(partTypes.chain) },
        ...{ authority: peer.signing.issuer, folder: peer.folder },
        signature: bytesOf(partTypes.signature) ?? Buffer.alloc(0),
        signer: { memberClass: 'GOV', memberCode: '1001' },
        parts: soapParts(parts[0]?.body ?? Buffer.alloc(0), attachments),
      };
    };

    it('without attachments: the envelope arrives byte for byte, and the answer is as WIRE has it', async () => {
      answering();
      const { envelope, answer } = await sendSoap(peer);
      const last = received.at(-1);
      expect(last?.bytes.equals(envelope)).toBe(true);
      expect([last?.type, last?.action]).toEqual(['text/xml; charset=UTF-8', '"urn:get"']);
      expect(headerOf(answer.headers, 'x-hash-algorithm')).toBe('SHA-512');
      expect(headerOf(answer.headers, 'x-original-content-type')).toMatch(/^text\/xml; ?charset=utf-8$/i);
      const parts = partsOf(answer);
      expect(parts.map(({ type }) => type.replace(/;.*/, ''))).toEqual(['text/xml', partTypes.signature]);
      const text = parts[0]?.body.toString('utf8') ?? '';
      expect(text.startsWith('<?xml version="1.0" encoding="UTF-8"?>\n<')).toBe(true);
      expect(text.endsWith('>\n')).toBe(true);
      expect(requestHashOf(Buffer.from(text))).toBe(digestOf(envelope).toString('base64'));
      await verifyEvidence(questionOf(parts, []));
    });

    it('with three attachments: all arrive in order and in their encoding; the answer’s are signed', async () => {
      answering('multipart/related; type="text/xml"; boundary=of-the-service', (text) => {
        const parts = [
          { headers: 'Content-Type: text/xml; charset=utf-8\r\nContent-ID: <root>', body: text },
        ];
        parts.push({ headers: 'Content-Type: image/png\r\nContent-ID: <a>', body: 'picture' });
        parts.push({
          headers: 'Content-Type: text/plain\r\nContent-Transfer-Encoding: base64',
          body: 'dGV4dA==',
        });
        const written = parts.map(({ headers, body }) => `--of-the-service\r\n${headers}\r\n\r\n${body}\r\n`);
        return Buffer.from(`${written.join('')}--of-the-service--\r\n`);
      });
      const { envelope, answer } = await sendSoap(peer, { attachments: three });
      const { type = '', bytes = Buffer.alloc(0) } = received.at(-1) ?? {};
      expect(type).toMatch(/^multipart\/related/);
      const [root, ...rest] = bytes.toString('latin1').split(`--${boundaryOf(type)}`);
      expect(root).toBe('');
      expect(rest.map((part) => /\r?\n\r?\n([\s\S]*)\r\n$/.exec(part)?.[1]).slice(1, 4)).toEqual([
        'one',
        'two',
        'b25l',
      ]);
      expect(bytes.includes(envelope)).toBe(true);
      const parts = partsOf(answer);
      expect(parts.map(({ type: one }) => one.replace(/;.*/, ''))).toEqual([
        'text/xml',
        'multipart/mixed',
        partTypes.chainResult,
        partTypes.chain,
        partTypes.signature,
      ]);
      const nested = parts[1] as Part;
      expect(nested.type).toMatch(/^multipart\/mixed; charset=UTF-8; boundary=xatt[A-Za-z]{30}$/);
      const attachments = readMultipart(nested.body, boundaryOf(nested.type));
      expect(attachments.map(({ body }) => body.toString())).toEqual(['picture', 'dGV4dA==']);
      expect(attachments.map(({ type: one }) => one)).toEqual(['image/png', 'text/plain']);
      const question = questionOf(parts, attachments);
      await verifyEvidence(question);
      if (hasXmlsec) await askXmlsec(question);
    });

    const outcome = async (wish: SoapWish) => {
      answering();
      const before = received.length;
      const code = outcomeOf((await sendSoap(peer, wish)).answer);
      if (code !== 'answered') expect(received.length).toBe(before);
      return code.replace('server.serverproxy.', '');
    };
    const edited = (from: string | RegExp, to: string) => ({
      envelope: writeEnvelope().replace(from, () => to),
    });
    const line = (name: string) => new RegExp(`<x:${name}[ >].*</x:${name}>`);
    const pinned = (path: string) => identifier('x:securityServer', 'SERVER', path);

    it.each<[string, string, SoapWish]>([
      [
        'pinned to the ministry’s server',
        'answered',
        { envelope: writeEnvelope({ more: pinned('PILOT/GOV/1001/ss1') }) },
      ],
      [
        'pinned to another server',
        'invalid_security_server',
        { envelope: writeEnvelope({ more: pinned('PILOT/MUN/2001/ss2') }) },
      ],
      [
        'of a client of another server',
        'ssl_authentication_failed',
        { envelope: writeEnvelope({ client: 'PILOT/MUN/2001/portal' }) },
      ],
      [
        'to a provider of another server',
        'unknown_member',
        { envelope: writeEnvelope({ service: 'PILOT/MUN/2001/portal/getPerson' }) },
      ],
      [
        'to an unknown service',
        'unknown_service',
        { envelope: writeEnvelope({ service: `${population}/nothing` }) },
      ],
      [
        'to a REST service',
        'service_type',
        { envelope: writeEnvelope({ service: `${population}/register` }) },
      ],
      [
        'to a version that is not there',
        'unknown_service',
        { envelope: writeEnvelope({ service: `${population}/getPerson/v9` }) },
      ],
      ['without client', 'service_failed.missing_header_field', edited(line('client'), '')],
      ['without service', 'service_failed.missing_header_field', edited(line('service'), '')],
      ['without id', 'service_failed.missing_header_field', edited(line('id'), '')],
      [
        'without protocol version',
        'service_failed.missing_header_field',
        edited(line('protocolVersion'), ''),
      ],
      [
        'with two ids',
        'service_failed.duplicate_header_field',
        { envelope: writeEnvelope({ more: '<x:id>a</x:id>' }) },
      ],
      [
        'with two users',
        'service_failed.duplicate_header_field',
        { envelope: writeEnvelope({ more: '<x:userId>a</x:userId>' }) },
      ],
      [
        'of another protocol version',
        'service_failed.invalid_protocol_version',
        { envelope: writeEnvelope({ protocolVersion: '3.1' }) },
      ],
      ['without Header', 'service_failed.missing_header', edited(/<s:Header>[\s\S]*<\/s:Header>/, '')],
      ['without Body', 'service_failed.missing_body', edited(/<s:Body>[\s\S]*<\/s:Body>/, '')],
      ['with an empty Body', 'service_failed.invalid_body', { envelope: writeEnvelope({ body: '' }) }],
      [
        'with two things in its Body',
        'service_failed.invalid_body',
        { envelope: writeEnvelope({ body: '<getPerson/><getPerson/>' }) },
      ],
      [
        'whose Body names another service',
        'service_failed.inconsistent_headers',
        { envelope: writeEnvelope({ body: '<other/>' }) },
      ],
      ['without object type', 'service_failed.invalid_xml', edited(' i:objectType="SUBSYSTEM"', '')],
      ['with an unknown object type', 'service_failed.invalid_xml', edited('"SUBSYSTEM"', '"OTHER"')],
      [
        'with an unqualified object type',
        'service_failed.invalid_xml',
        edited('i:objectType="SUBSYSTEM"', 'objectType="SUBSYSTEM"'),
      ],
      ['that is no envelope', 'service_failed.invalid_soap', { envelope: '<x/>' }],
      ['that is no XML', 'service_failed.invalid_xml', { envelope: '<x' }],
      ['with a document type', 'service_failed.invalid_xml', edited(/^/, '<!DOCTYPE x>')],
      [
        'of SOAP 1.2',
        'service_failed.invalid_soap',
        edited('http://schemas.xmlsoap.org/soap/envelope/', 'http://www.w3.org/2003/05/soap-envelope'),
      ],
      ['of another media type', 'service_failed.invalid_content_type', { envelopeType: 'application/json' }],
      [
        'that says it is REST',
        'missing_rest',
        { headers: (all) => [...all, ['x-road-message-type', 'REST']] },
      ],
    ])('an envelope %s: %s', async (_name, code, wish) => {
      expect(await outcome(wish)).toBe(code);
    });

    const attachments = three;
    it.each<[string, string, SoapWish]>([
      [
        'signed without them',
        'signature_verification.malformed_signature',
        { signed: (parts) => parts.slice(0, 1), evidence: { form: 'plain' } },
      ],
      [
        'signed without the last',
        'signature_verification.malformed_signature.hashchain_unused_inputs',
        { signed: (parts) => parts.slice(0, 3) },
      ],
      [
        'signed in another order',
        'signature_verification.malformed_signature.malformed_hash_chain',
        { signed: ([head, one, two, last]) => [head, two, one, last].flatMap((part) => part ?? []) },
      ],
      [
        'of which one is withheld',
        'signature_verification.malformed_signature.invalid_reference',
        {
          parts: (parts) =>
            parts.flatMap((part) =>
              part.type.startsWith('multipart') ? [nestedOf(attachments.slice(0, 2))] : [part],
            ),
        },
      ],
      [
        'of which two are swapped',
        'signature_verification.malformed_signature.invalid_hash_chain_ref',
        {
          parts: (parts) =>
            parts.flatMap((part) =>
              part.type.startsWith('multipart') ? [nestedOf([...attachments].reverse())] : [part],
            ),
        },
      ],
      [
        'of which all are withheld',
        'signature_verification.malformed_signature.invalid_reference',
        { parts: (parts) => parts.filter(({ type }) => !type.startsWith('multipart')) },
      ],
      [
        'sent twice',
        'service_failed.invalid_content_type',
        {
          parts: (parts) =>
            parts.flatMap((part) => (part.type.startsWith('multipart') ? [part, part] : [part])),
        },
      ],
      [
        'sent before the envelope',
        'service_failed.invalid_content_type',
        {
          parts: ([status, head, nested, ...more]) =>
            [status, nested, head, ...more].flatMap((part) => part ?? []),
        },
      ],
      [
        'that do not end',
        'service_failed.mime_parsing_failed',
        {
          parts: (parts) =>
            parts.map((part) =>
              part.type.startsWith('multipart') ? { ...part, body: part.body.subarray(0, -60) } : part,
            ),
        },
      ],
      [
        'without boundary',
        'service_failed.invalid_content_type',
        {
          parts: (parts) =>
            parts.map((part) =>
              part.type.startsWith('multipart') ? { ...part, type: 'multipart/mixed' } : part,
            ),
        },
      ],
      [
        'as the body of REST',
        'service_failed.invalid_content_type',
        {
          parts: (parts) =>
            parts.map((part) =>
              part.type.startsWith('multipart') ? { ...part, type: partTypes.restBody } : part,
            ),
        },
      ],
    ])('attachments %s: refused', async (_name, code, wish) => {
      expect(await outcome({ attachments, ...wish })).toBe(code);
    });
  },
);
