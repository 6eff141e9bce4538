import {
  asBitStringOctets,
  asOctetString,
  asOid,
  asSequence,
  asSmallInteger,
  asTime,
  bitString,
  children,
  DerError,
  type DerNode,
  enumerated,
  explicit,
  generalizedTime,
  implicit,
  isContext,
  octetString,
  oid,
  readDer,
  sequence,
} from '../der/index.ts';
import { algorithmByIdentifierDer, type SignatureAlgorithm, type SigningKey } from '../key/index.ts';
import { type Certificate, CertificateError, parseCertificate } from '../x509/index.ts';
import { sha1 } from './cert-id.ts';
import { OcspError } from './error.ts';

const basicResponse = '1.3.6.1.5.5.7.48.1.1';

export type CertificateStatusName = 'good' | 'revoked' | 'unknown';

export interface SingleResponse {
  /** DER CertID. */
  readonly certId: Buffer;
  readonly status: CertificateStatusName;
  readonly thisUpdate: Date;
  readonly nextUpdate?: Date;
}

/** A basic response as it was read; its signature is not yet checked. */
export interface OcspResponse {
  /** Who says it: name or key hash. */
  readonly responder: { readonly nameDer: Buffer } | { readonly keyHash: Buffer };
  readonly producedAt: Date;
  readonly responses: readonly SingleResponse[];
  readonly signedBytes: Buffer;
  readonly signatureAlgorithm: SignatureAlgorithm | undefined;
  readonly signature: Buffer;
  /** Certificates that came along. */
  readonly certificates: readonly Certificate[];
}

/** More certificates than this do not come along with an honest response. */
const maxCertificates = 8;

/**
 * @throws OcspError malformed, not-successful
 * @see RFC 6960 §4.2.1
 */
export function parseOcspResponse(bytes: Uint8Array): OcspResponse {
  try {
    return readResponse(readDer(bytes));
  } catch (error) {
    if (!(error instanceof DerError) && !(error instanceof CertificateError)) throw error;
    throw new OcspError('malformed', `not an OCSP response: ${error.message}`, { cause: error });
  }
}

function readResponse(node: DerNode): OcspResponse {
  const [status, wrapped] = asSequence(node);
  const code = asSmallInteger(status);
  if (code !== 0) throw new OcspError('not-successful', `the responder answered with status ${code}`);
  if (!isContext(wrapped, 0)) throw new OcspError('malformed', 'the response has no content');
  const [type, content] = asSequence(children(wrapped)[0]);
  if (asOid(type) !== basicResponse) throw new OcspError('malformed', 'the response is not a basic one');
  const [data, algorithm, signature, extra] = asSequence(readDer(asOctetString(content)));
  if (data === undefined || algorithm === undefined)
    throw new OcspError('malformed', 'the response is not signed');
  const fields = asSequence(data).filter((field, index) => !(index === 0 && isContext(field, 0)));
  const [responder, producedAt, responses] = fields;
  if (extra !== undefined && !isContext(extra, 0))
    throw new OcspError('malformed', 'something else than certificates came along');
  const certificates = extra === undefined ? [] : asSequence(children(extra)[0]);
  if (certificates.length > maxCertificates)
    throw new OcspError('malformed', 'too many certificates came along');
  return {
    responder: readResponder(responder),
    producedAt: asTime(producedAt),
    responses: asSequence(responses).map(readSingle),
    signedBytes: data.raw,
    signatureAlgorithm: algorithmByIdentifierDer(algorithm.raw),
    signature: asBitStringOctets(signature),
    certificates: certificates.map(({ raw }) => parseCertificate(raw)),
  };
}

function readResponder(node: DerNode | undefined): OcspResponse['responder'] {
  const inner = node?.constructed === true ? children(node)[0] : undefined;
  if (node !== undefined && inner !== undefined && isContext(node, 1)) return { nameDer: inner.raw };
  if (node !== undefined && inner !== undefined && isContext(node, 2))
    return { keyHash: asOctetString(inner) };
  throw new OcspError('malformed', 'the responder is not named');
}

function readSingle(node: DerNode): SingleResponse {
  const [id, status, thisUpdate, ...optional] = asSequence(node);
  if (id === undefined) throw new OcspError('malformed', 'a status names no certificate');
  const next = optional.find((field) => isContext(field, 0));
  return {
    certId: id.raw,
    status: readStatus(status),
    thisUpdate: asTime(thisUpdate),
    ...(next !== undefined && { nextUpdate: asTime(children(next)[0]) }),
  };
}

function readStatus(node: DerNode | undefined): CertificateStatusName {
  if (node?.tag === 0x80 && node.content.length === 0) return 'good';
  if (node?.tag === 0xa1) return 'revoked';
  if (node?.tag === 0x82) return 'unknown';
  throw new OcspError('malformed', 'a status is neither good, revoked nor unknown');
}

export interface StatusToWrite {
  /** DER CertID as it was asked. */
  readonly certId: Buffer;
  readonly status:
    | { readonly kind: 'good' }
    | { readonly kind: 'revoked'; readonly at: Date }
    | { readonly kind: 'unknown' };
  readonly thisUpdate: Date;
  readonly nextUpdate?: Date;
}

/**
 * A successful response, signed, with the responder's certificate along.
 * @param responder its key must be that of `key`
 */
export async function createOcspResponse(
  statuses: readonly StatusToWrite[],
  producedAt: Date,
  responder: Certificate,
  key: SigningKey,
): Promise<Buffer> {
  const data = sequence(
    explicit(2, octetString(sha1(responder.publicKeyBits))),
    generalizedTime(producedAt),
    sequence(...statuses.map(writeSingle)),
  );
  const { identifierDer } = key.algorithm;
  const basic = sequence(
    data,
    identifierDer,
    bitString(await key.sign(data)),
    explicit(0, sequence(responder.der)),
  );
  return sequence(enumerated(0), explicit(0, sequence(oid(basicResponse), octetString(basic))));
}

function writeSingle({ certId, status, thisUpdate, nextUpdate }: StatusToWrite): Buffer {
  const written =
    status.kind === 'revoked'
      ? implicit(1, generalizedTime(status.at), true)
      : implicit(status.kind === 'good' ? 0 : 2, Buffer.alloc(0));
  const next = nextUpdate === undefined ? [] : [explicit(0, generalizedTime(nextUpdate))];
  return sequence(certId, written, generalizedTime(thisUpdate), ...next);
}

/** What a responder says when it cannot answer: malformedRequest 1, internalError 2, tryLater 3, unauthorized 6. */
export function createOcspRefusal(status: 1 | 2 | 3 | 6): Buffer {
  return sequence(enumerated(status));
}
