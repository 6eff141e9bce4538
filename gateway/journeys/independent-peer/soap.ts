import { randomUUID } from 'node:crypto';
import type { SignedPart } from './chain.ts';
import { type Answer, evidenceParts, post, type RequestWish, sign } from './client.ts';
import { asker, type Peer } from './join.ts';
import { attachmentBoundary, type Part, partTypes, writeMultipart } from './wire.ts';

/** An envelope by template; identifiers in the REST form. */
export interface EnvelopeWish {
  readonly client?: string;
  /** With the service's code, and its version if it has one. */
  readonly service?: string;
  readonly id?: string;
  /** Markup of more header fields, before `id`. */
  readonly more?: string;
  readonly protocolVersion?: string;
  /** Markup of the body's content. */
  readonly body?: string;
}

const fields = [
  'xRoadInstance',
  'memberClass',
  'memberCode',
  'subsystemCode',
  'serviceCode',
  'serviceVersion',
];
const serverFields = ['xRoadInstance', 'memberClass', 'memberCode', 'serverCode'];

/** @param name as written @param kind `SUBSYSTEM`, `SERVICE`, `SERVER` or `MEMBER` */
export function identifier(name: string, kind: string, path: string): string {
  const names = kind === 'SERVER' ? serverFields : fields;
  const parts = path.split('/').map((part, at) => `<i:${names[at]}>${part}</i:${names[at]}>`);
  return `<${name} i:objectType="${kind}">${parts.join('')}</${name}>`;
}

export const population = 'PILOT/GOV/1001/population';

export function writeEnvelope(wish: EnvelopeWish = {}): string {
  const { client = asker, service = `${population}/getPerson`, id = randomUUID(), more = '' } = wish;
  const code = service.split('/')[4] ?? '';
  const header = [
    identifier('x:client', 'SUBSYSTEM', client),
    identifier('x:service', 'SERVICE', service),
    `<x:userId>EE123</x:userId>${more}<x:id>${id}</x:id>`,
    `<x:protocolVersion>${wish.protocolVersion ?? '4.0'}</x:protocolVersion>`,
  ].map((line) => `\n    ${line}`);
  const namespaces =
    'xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:x="http://x-road.eu/xsd/xroad.xsd" xmlns:i="http://x-road.eu/xsd/identifiers"';
  const body = wish.body ?? `<p:${code} xmlns:p="urn:p"><p:name>Mäe</p:name></p:${code}>`;
  return `<s:Envelope ${namespaces}>\n  <s:Header>${header.join('')}\n  </s:Header>\n  <s:Body>${body}</s:Body>\n</s:Envelope>`;
}

/** An attachment of a message, its type first. */
export interface Attachment {
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Buffer;
}

/** The part with the attachments: a multipart of its own (WIRE §4.6). */
export function attachmentsPart(attachments: readonly Attachment[]): Part {
  const parts = attachments.map(({ headers: [type, ...headers], body }) => ({
    ...{ type: type?.[1] ?? 'application/octet-stream', headers, body },
  }));
  return {
    type: `multipart/mixed; charset=UTF-8; boundary=${attachmentBoundary}`,
    body: writeMultipart(parts, attachmentBoundary),
  };
}

export interface SoapWish extends Omit<RequestWish, 'body' | 'lines' | 'verb' | 'target'> {
  readonly envelope?: string | Buffer;
  readonly envelopeType?: string;
  readonly attachments?: readonly Attachment[];
}

/** Sends one SOAP request to the ministry's security server. */
export async function sendSoap(
  peer: Peer,
  wish: SoapWish = {},
): Promise<{ readonly envelope: Buffer; readonly answer: Answer }> {
  const { attachments = [], authentication = peer.authentication } = wish;
  const envelope = Buffer.from(wish.envelope ?? writeEnvelope());
  const signed = soapParts(envelope, attachments);
  const evidence = await sign(peer, signed, wish);
  const statuses = wish.statuses ?? (authentication === null ? [] : [await peer.status(authentication)]);
  const parts: Part[] = [
    ...statuses.map((status) => ({ type: partTypes.status, body: status })),
    { type: wish.envelopeType ?? partTypes.envelope, body: envelope },
    ...(attachments.length === 0 ? [] : [attachmentsPart(attachments)]),
    ...evidenceParts(evidence),
  ];
  const bytes = writeMultipart(wish.parts?.(parts) ?? parts);
  const related = 'multipart/related; type="text/xml"; charset=UTF-8; boundary=of-the-is';
  const answer = await post(peer, authentication, wish.bytes?.(bytes) ?? bytes, wish, [
    ['x-original-content-type', attachments.length === 0 ? 'text/xml; charset=UTF-8' : related],
    ['x-original-soapaction', '"urn:get"'],
    ['x-road-request-id', randomUUID()],
  ]);
  return { envelope, answer };
}

/** What is signed of a SOAP message: the envelope, and each attachment's body (WIRE §4.7). */
export function soapParts(envelope: Buffer, attachments: readonly { readonly body: Buffer }[]): SignedPart[] {
  return [
    { uri: '/message.xml', bytes: envelope },
    ...attachments.map(({ body }, at) => ({ uri: `/attachment${at + 1}`, bytes: body })),
  ];
}

/** The value of the request hash that an envelope bears, and where it stands: right behind the id. */
export function requestHashOf(envelope: Buffer): string | undefined {
  const text = envelope.toString('utf8');
  const sha512 = 'http://www.w3.org/2001/04/xmlenc#sha512';
  const pattern = new RegExp(
    `</(\\w+):id>\\s*<\\1:requestHash algorithmId="${sha512}">([^<]*)</\\1:requestHash>`,
  );
  return pattern.exec(text)?.[2];
}
