import { Fault } from '../fault/index.ts';
import { boundaryOf, MultipartScanner, mediaTypeOf, type PartHeaders } from '../transport/index.ts';
import type { DetachedSignature } from './detached.ts';

/** A management request with all that proves it. */
export interface SignedManagementMessage {
  /** Bytes over which the signatures are. */
  readonly envelope: Buffer;
  readonly contentType: string;
  /** None, the signer's, or the authentication key's followed by the owner's. */
  readonly signatures: readonly DetachedSignature[];
  /** DER, one per signature. */
  readonly certificates: readonly Buffer[];
  /** DER: status of the last certificate. */
  readonly ocspResponse?: Buffer;
}

interface Proof {
  readonly signature: DetachedSignature;
  /** DER. */
  readonly certificate: Buffer;
}

interface Composed {
  readonly contentType: string;
  readonly bytes: Buffer;
}

const soapType = 'text/xml; charset=UTF-8';
const binaryType = 'application/octet-stream';
/** Readers look this name up by its exact spelling. */
const algorithmHeader = 'signature-algorithm-id';

const maxMessageBytes = 1024 * 1024;
const maxRegistrationBytes = 50 * 1024;

export function composePlain(envelope: Buffer): Composed {
  return { contentType: soapType, bytes: envelope };
}

/** @param boundary fresh @param ocspResponse DER, of the signer's certificate */
export function composeMultipart(
  envelope: Buffer,
  { signature, certificate }: Proof,
  ocspResponse: Buffer,
  boundary: string,
): Composed {
  const parts = [
    soapPart(envelope),
    signaturePart(signature),
    binaryPart(certificate),
    binaryPart(ocspResponse),
  ];
  return {
    contentType: `multipart/related; type="text/xml"; charset=UTF-8; boundary=${boundary}`,
    bytes: writeParts(parts, boundary),
  };
}

/** @param owner of the server @param ocspResponse DER, of the owner's certificate */
export function composeRegistration(
  envelope: Buffer,
  { authentication, owner }: { readonly authentication: Proof; readonly owner: Proof },
  ocspResponse: Buffer,
  boundary: string,
): Composed {
  const parts = [
    soapPart(envelope),
    signaturePart(authentication.signature),
    signaturePart(owner.signature),
    binaryPart(authentication.certificate),
    binaryPart(owner.certificate),
    binaryPart(ocspResponse),
  ];
  return {
    contentType: `multipart/related; type="${binaryType}"; charset=UTF-8; boundary=${boundary}`,
    bytes: writeParts(parts, boundary),
  };
}

interface Part {
  readonly headers: PartHeaders;
  readonly body: Buffer;
}

const soapPart = (body: Buffer): Part => ({ headers: [['content-type', soapType]], body });
const binaryPart = (body: Buffer): Part => ({ headers: [['content-type', binaryType]], body });

function signaturePart({ algorithm, value }: DetachedSignature): Part {
  return {
    headers: [
      ['content-type', binaryType],
      [algorithmHeader, algorithm],
    ],
    body: value,
  };
}

function writeParts(parts: readonly Part[], boundary: string): Buffer {
  const pieces = parts.flatMap(({ headers, body }) => {
    const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
    return [Buffer.from(`--${boundary}\r\n${lines}\r\n`), body, Buffer.from('\r\n')];
  });
  return Buffer.concat([...pieces, Buffer.from(`--${boundary}--\r\n`)]);
}

/**
 * Takes a management message apart. The number and the order of its parts are exactly those of its form; whether the
 * signatures are good is for the receiver to say.
 * @param carriage 'registration' for what came straight to the registration service, 'service' for what came over
 *   X-Road
 * @throws Fault InvalidContentType, MimeParsingFailed, InvalidRequest for parts missing, too many or too large
 */
export function readManagementMessage(
  bytes: Buffer,
  contentType: string,
  carriage: 'registration' | 'service',
): SignedManagementMessage {
  const limit = carriage === 'registration' ? maxRegistrationBytes : maxMessageBytes;
  if (bytes.length > limit) {
    throw new Fault('InvalidRequest', `A management request of more than ${limit} bytes is not taken`);
  }
  const type = mediaTypeOf(contentType);
  if (carriage === 'service' && type === 'text/xml') {
    return { envelope: bytes, contentType, signatures: [], certificates: [] };
  }
  if (type !== 'multipart/related') {
    throw new Fault('InvalidContentType', `A management request does not come as '${type.slice(0, 80)}'`);
  }
  const [soap, ...binary] = readParts(bytes, boundaryOf(contentType));
  const soapPartType = soap?.headers.get('content-type');
  if (soap === undefined || mediaTypeOf(soapPartType) !== 'text/xml') {
    throw new Fault('InvalidContentType', 'The first part of a management request is its SOAP envelope');
  }
  for (const { headers } of binary) {
    if (mediaTypeOf(headers.get('content-type')) !== binaryType) {
      throw new Fault('InvalidContentType', `Signatures, certificates and statuses come as ${binaryType}`);
    }
  }
  const count = carriage === 'registration' ? 2 : 1;
  if (binary.length !== 2 * count + 1) {
    throw new Fault(
      'InvalidRequest',
      `${2 * count + 1} parts follow the envelope, ${binary.length} came: signatures, certificates, status`,
    );
  }
  const ocspResponse = binary.at(-1)?.body;
  return {
    envelope: soap.body,
    contentType: soapPartType ?? soapType,
    signatures: binary.slice(0, count).map(({ headers, body }) => ({
      algorithm: algorithmOf(headers),
      value: body,
    })),
    certificates: binary.slice(count, 2 * count).map(({ body }) => body),
    ...(ocspResponse !== undefined && { ocspResponse }),
  };
}

function algorithmOf(headers: ReadonlyMap<string, string>): string {
  const algorithm = headers.get(algorithmHeader);
  if (algorithm === undefined) {
    throw new Fault('InvalidRequest', `A signature part lacks its header ${algorithmHeader}`);
  }
  return algorithm;
}

function readParts(
  bytes: Buffer,
  boundary: string,
): { readonly headers: ReadonlyMap<string, string>; readonly body: Buffer }[] {
  const scanner = new MultipartScanner(boundary, { maxParts: 8, maxHeaderBytes: 4096 });
  scanner.feed(bytes);
  scanner.end();
  const parts: { headers: ReadonlyMap<string, string>; pieces: Buffer[] }[] = [];
  for (let event = scanner.next(); event !== undefined; event = scanner.next()) {
    if (event.kind === 'part') parts.push({ headers: event.headers, pieces: [] });
    else if (event.kind === 'data') parts.at(-1)?.pieces.push(event.bytes);
  }
  return parts.map(({ headers, pieces }) => ({ headers, body: Buffer.concat(pieces) }));
}
