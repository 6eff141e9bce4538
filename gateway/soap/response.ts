import { createHash } from 'node:crypto';
import { Fault } from '../fault/index.ts';
import { equal } from '../identifier/index.ts';
import { elements, escapeAttribute, escapeText, type XmlElement } from '../xml/index.ts';
import { readEnvelope } from './envelope.ts';
import type { SoapHeader } from './header.ts';
import { xroadNamespace } from './namespaces.ts';

const hashAlgorithm = 'http://www.w3.org/2001/04/xmlenc#sha512';

/** The hash by which a SOAP response names its request: of the envelope alone, as it came, base64. */
export function soapRequestHash(envelope: Uint8Array): string {
  return createHash('sha512').update(envelope).digest('base64');
}

/** A service's envelope as it will be signed. */
export interface ResponseEnvelope {
  readonly header: SoapHeader;
  /** UTF-8. */
  readonly bytes: Buffer;
}

/**
 * Writes the request's hash into the envelope of a service, directly behind the message id, in place of any that it
 * had. Everything else stays as the service wrote it, but in UTF-8.
 * @throws Fault as `parseEnvelope`
 * @see X-Road message protocol 4.0, request hash
 */
export async function insertRequestHash(
  envelope: Uint8Array,
  charset: string,
  hash: string,
): Promise<ResponseEnvelope> {
  const { text, header, headerElement } = await readEnvelope(envelope, charset);
  const fields = elements(headerElement).filter(({ namespace }) => namespace === xroadNamespace);
  const id = fields.find(({ localName }) => localName === 'id');
  if (id === undefined) throw new Fault('MissingHeaderField', "Required SOAP header field 'id' is missing");
  const former = fields.find(({ localName }) => localName === 'requestHash');
  const inserted = spaceBefore(text, id) + hashElement(id, hash);
  const cuts = [{ from: id.end, to: id.end, put: inserted }];
  if (former !== undefined) {
    cuts.push({ from: former.start - spaceBefore(text, former).length, to: former.end, put: '' });
  }
  const body = withoutDeclaration(splice(text, cuts)).trimEnd();
  return {
    header: { ...header, requestHash: hash },
    bytes: Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>\n${body}\n`),
  };
}

/** With the prefix and the attributes of the id, as peers write it. */
function hashElement(id: XmlElement, hash: string): string {
  const name = id.prefix === '' ? 'requestHash' : `${id.prefix}:requestHash`;
  const declarations = [...id.declarations].map(
    ([prefix, namespace]) => [prefix === '' ? 'xmlns' : `xmlns:${prefix}`, namespace] as const,
  );
  const attributes = [
    ...declarations,
    ...id.attributes.filter((one) => one.name !== 'algorithmId').map((one) => [one.name, one.value] as const),
    ['algorithmId', hashAlgorithm] as const,
  ].map(([key, value]) => ` ${key}="${escapeAttribute(value)}"`);
  return `<${name}${attributes.join('')}>${escapeText(hash)}</${name}>`;
}

function spaceBefore(text: string, { start }: XmlElement): string {
  let from = start;
  while (from > 0 && /[\t\n\r ]/.test(text.charAt(from - 1))) from -= 1;
  return text.slice(from, start);
}

interface Cut {
  readonly from: number;
  readonly to: number;
  readonly put: string;
}

function splice(text: string, cuts: readonly Cut[]): string {
  const ordered = [...cuts].sort((a, b) => a.from - b.from);
  let result = '';
  let at = 0;
  for (const { from, to, put } of ordered) {
    result += text.slice(at, from) + put;
    at = to;
  }
  return result + text.slice(at);
}

function withoutDeclaration(text: string): string {
  return text.replace(/^\ufeff?(?:<\?xml[\t\n\r ][^>]*?\?>)?[\t\n\r ]*/, '');
}

/**
 * Whether a verified response answers this very request.
 * @param hash base64, from `soapRequestHash` over the request as it was sent
 * @throws Fault InconsistentResponse
 */
export function checkSoapConsistent(request: SoapHeader, response: SoapHeader, hash: string): void {
  const party = (header: SoapHeader) =>
    JSON.stringify([header.representedParty?.partyClass, header.representedParty?.partyCode]);
  const agreements: readonly (readonly [string, boolean])[] = [
    ['client', equal(response.client, request.client)],
    ['service', equal(response.service, request.service)],
    ['user id', response.userId === request.userId],
    ['represented party', party(response) === party(request)],
    ['issue', response.issue === request.issue],
    ['message id', response.id === request.id],
  ];
  const differing = agreements.find(([, agrees]) => !agrees);
  if (differing !== undefined) {
    throw new Fault(
      'InconsistentResponse',
      `The response has another ${differing[0]} than the request`,
      // The hash is compared by us, the fields in the reading of a failed service.
      { within: ['ServiceFailed'] },
    );
  }
  if (response.requestHash?.trim() !== hash) {
    const message =
      response.requestHash === undefined
        ? 'The response does not say which request it answers'
        : 'The response has another request hash than the request';
    throw new Fault('InconsistentResponse', message);
  }
}
