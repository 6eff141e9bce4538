import {
  asOctetString,
  asOid,
  asSequence,
  asSet,
  asSmallInteger,
  asTime,
  children,
  DerError,
  type DerNode,
  isContext,
  readDer,
  sequence,
  tlv,
} from '../der/index.ts';
import {
  algorithmByIdentifierDer,
  type DigestAlgorithm,
  digestByOid,
  type SignatureAlgorithm,
  signatureAlgorithms,
} from '../key/index.ts';
import { type Certificate, CertificateError, parseCertificate } from '../x509/index.ts';
import { TimestampError } from './error.ts';
import { type MessageImprint, readImprint } from './request.ts';

export const oids = {
  signedData: '1.2.840.113549.1.7.2',
  tstInfo: '1.2.840.113549.1.9.16.1.4',
  contentType: '1.2.840.113549.1.9.3',
  messageDigest: '1.2.840.113549.1.9.4',
  signingCertificateV2: '1.2.840.113549.1.9.16.2.47',
  rsaEncryption: '1.2.840.113549.1.1.1',
} as const;

/** Who signed: issuer and serial number of its certificate as DER, or its key identifier. */
export type TokenSigner = { readonly issuerAndSerial: Buffer } | { readonly keyIdentifier: Buffer };

/** A timestamp token as it was read; nothing about it has been checked. @see RFC 3161 §2.4.2, RFC 5652 §5 */
export interface TimestampToken {
  readonly imprint: MessageImprint;
  readonly genTime: Date;
  /** DER TSTInfo, what the message digest covers. */
  readonly content: Buffer;
  readonly signer: TokenSigner;
  readonly digest: DigestAlgorithm;
  readonly signatureAlgorithm: SignatureAlgorithm;
  /** DER SET of signed attributes, what the signature covers. */
  readonly signedAttributes: Buffer;
  readonly messageDigest: Buffer;
  /** SHA-256 of the signer's certificate when the token names it so. @see RFC 5816 */
  readonly signingCertificateSha256?: Buffer;
  readonly signature: Buffer;
}

/** @throws TimestampError malformed */
export function parseTimestampToken(der: Uint8Array): TimestampToken {
  try {
    return readToken(readDer(der));
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    throw new TimestampError('malformed', `not a timestamp token: ${error.message}`, { cause: error });
  }
}

function readToken(node: DerNode): TimestampToken {
  const signedData = signedDataOf(node);
  const [cmsVersion, digestAlgorithms, encapsulated] = signedData;
  const signerInfos = signedData.at(-1);
  // No signature covers what stands outside of content and attributes: it has one form, or is refused.
  if (asSmallInteger(cmsVersion) !== 3) throw malformed('the signed data are not of version 3');
  const digests = asSet(digestAlgorithms).map(readDigestOid);
  const [type, wrapped] = asSequence(encapsulated);
  if (asOid(type) !== oids.tstInfo || !isContext(wrapped, 0))
    throw malformed('the content is not a timestamp');
  const content = asOctetString(children(wrapped)[0]);
  const [version, , imprint, , genTime] = asSequence(readDer(content));
  if (asSmallInteger(version) !== 1) throw malformed('the timestamp is not of version 1');
  const [signerInfo, ...others] = asSet(signerInfos);
  if (others.length > 0) throw malformed('a timestamp has one signer');
  const { digestOid, ...signer } = readSignerInfo(signerInfo);
  if (!digests.includes(digestOid)) throw malformed('the digest of the signer is not among those named');
  return { imprint: readImprint(imprint), genTime: asTime(genTime), content, ...signer };
}

type SignerPart = Omit<TimestampToken, 'imprint' | 'genTime' | 'content'>;

function readSignerInfo(node: DerNode | undefined): SignerPart & { readonly digestOid: string } {
  const [version, sid, digestAlgorithm, attributes, signatureAlgorithm, signature] = asSequence(node);
  if (asSmallInteger(version) !== (isContext(sid, 0) ? 3 : 1)) {
    throw malformed('the version of the signer does not fit how it is named');
  }
  const digestOid = readDigestOid(digestAlgorithm);
  const digest = digestByOid(digestOid);
  if (digest === undefined) throw malformed('the digest algorithm is not accepted');
  if (!isContext(attributes, 0)) throw malformed('there are no signed attributes');
  // Signed as a SET, carried under another tag. RFC 5652 §5.4.
  const signedAttributes = Buffer.concat([Buffer.from([0x31]), attributes.raw.subarray(1)]);
  const values = readAttributes(readDer(signedAttributes));
  const contentType = values.get(oids.contentType);
  const messageDigest = values.get(oids.messageDigest);
  if (contentType === undefined || asOid(contentType) !== oids.tstInfo || messageDigest === undefined) {
    throw malformed('content type or message digest is not among the signed attributes');
  }
  const certificateHash = signingCertificateHash(values.get(oids.signingCertificateV2));
  return {
    signer: isContext(sid, 0)
      ? { keyIdentifier: sid.content }
      : { issuerAndSerial: sid?.raw ?? Buffer.alloc(0) },
    digest,
    digestOid,
    signatureAlgorithm: readSignatureAlgorithm(signatureAlgorithm, digest),
    signedAttributes,
    messageDigest: asOctetString(messageDigest),
    ...(certificateHash !== undefined && { signingCertificateSha256: certificateHash }),
    signature: asOctetString(signature),
  };
}

/** A digest has no parameters, which some write as NULL. @see RFC 5754 §2 */
function readDigestOid(node: DerNode | undefined): string {
  const [oid, parameters, ...more] = asSequence(node);
  const isPlain = parameters === undefined || (parameters.tag === 0x05 && parameters.content.length === 0);
  if (!isPlain || more.length > 0) throw malformed('a digest algorithm has parameters');
  return asOid(oid);
}

/** First value of each attribute. */
function readAttributes(set: DerNode): ReadonlyMap<string, DerNode> {
  const found = new Map<string, DerNode>();
  for (const attribute of asSet(set)) {
    const [type, values] = asSequence(attribute);
    const name = asOid(type);
    const [value] = asSet(values);
    if (value === undefined || found.has(name))
      throw malformed(`signed attribute ${name} is empty or occurs twice`);
    found.set(name, value);
  }
  return found;
}

/** Only the default digest, SHA-256, is compared; others are passed over. */
function signingCertificateHash(node: DerNode | undefined): Buffer | undefined {
  if (node === undefined) return undefined;
  const [first] = asSequence(asSequence(node)[0]);
  const [hash] = asSequence(first);
  return hash?.tag === 0x04 ? hash.content : undefined;
}

function readSignatureAlgorithm(node: DerNode | undefined, digest: DigestAlgorithm): SignatureAlgorithm {
  const byIdentifier = node === undefined ? undefined : algorithmByIdentifierDer(node.raw);
  if (byIdentifier !== undefined) return byIdentifier;
  if (asOid(asSequence(node)[0]) === oids.rsaEncryption) {
    // CMS lets the digest algorithm stand apart. RFC 3370 §3.2.
    const found = signatureAlgorithms.find((row) => row.padding === 'pkcs1' && row.digest === digest.name);
    if (found !== undefined) return found;
  }
  throw malformed('the signature algorithm is not accepted');
}

function signedDataOf(node: DerNode): DerNode[] {
  const [type, wrapped] = asSequence(node);
  if (asOid(type) !== oids.signedData || !isContext(wrapped, 0)) throw malformed('it is not signed data');
  return asSequence(children(wrapped)[0]);
}

/**
 * Certificates that a token carries. Whoever made the token chose them, so they tell nothing of trust.
 * @throws TimestampError malformed
 */
export function embeddedCertificates(token: Uint8Array): Certificate[] {
  try {
    const present = signedDataOf(readDer(token)).find((field, index) => index === 3 && isContext(field, 0));
    return present === undefined ? [] : children(present).map(({ raw }) => parseCertificate(raw));
  } catch (error) {
    if (!(error instanceof DerError || error instanceof CertificateError)) throw error;
    throw new TimestampError('malformed', `not a timestamp token: ${error.message}`, { cause: error });
  }
}

/**
 * The same token with `certificate` first among its certificates: the signature does not cover them, and whoever
 * verifies later then has the signer's at hand.
 */
export function withCertificateFirst(token: Buffer, certificate: Certificate): Buffer {
  const node = readDer(token);
  const fields = signedDataOf(node);
  const present = fields.find((field, index) => index === 3 && isContext(field, 0));
  const others =
    present === undefined ? [] : children(present).filter(({ raw }) => !raw.equals(certificate.der));
  const certificates = tlv(0xa0, certificate.der, ...others.map(({ raw }) => raw));
  const rest = fields.slice(present === undefined ? 3 : 4).map(({ raw }) => raw);
  const signedData = sequence(...fields.slice(0, 3).map(({ raw }) => raw), certificates, ...rest);
  const [type] = asSequence(node);
  return sequence(type?.raw ?? Buffer.alloc(0), tlv(0xa0, signedData));
}

function malformed(message: string): TimestampError {
  return new TimestampError('malformed', message);
}
