import {
  algorithmByXmlUri,
  type DigestAlgorithm,
  digestByXmlUri,
  digestOf,
  type SignatureAlgorithm,
  verifySignature,
} from '../../certs/key/index.ts';
import { CertificateError, parseCertificate } from '../../certs/x509/index.ts';
import { Fault } from '../fault/index.ts';
import { boundaryOf, decodeBody, readHeaders, type Span, splitParts } from './mime-text.ts';
import { type ConfigurationVersion, versions } from './model.ts';
import { malformed } from './xml-fields.ts';

/** One file a directory names. */
export interface DirectoryPart {
  /** E.g. `SHARED-PARAMETERS`. */
  readonly contentIdentifier: string;
  readonly instance: string;
  /** Path on the host the directory came from. */
  readonly location: string;
  readonly fileName?: string;
  readonly digest: DigestAlgorithm;
  readonly hash: Buffer;
}

export interface Directory {
  readonly expiresAt: Date;
  readonly version: ConfigurationVersion;
  readonly parts: readonly DirectoryPart[];
}

/** What is signed, and the signature, before either is believed. */
interface Envelope {
  readonly signedBytes: Buffer;
  /** Boundary between the parts of `signedBytes`. */
  readonly boundary: string;
  readonly signatureAlgorithm: SignatureAlgorithm;
  readonly signature: Buffer;
  readonly certificateHash: { readonly digest: DigestAlgorithm; readonly value: Buffer };
}

/** A directory lists a handful of files. */
const maxBytes = 1024 * 1024;

/**
 * Verifies a downloaded configuration directory: signature, then expiry, then version, then the parts.
 * @param body exactly as received
 * @param certificates DER, of the place it came from; only the public key of the one that signed is used
 * @param now judges `Expire-date`; undefined leaves expiry unjudged
 * @returns parts in directory order, their files still to be fetched and compared
 * @throws Fault MalformedGlobalConf, CertNotFound, InvalidSignatureValue, OutdatedGlobalConf
 * @see X-Road 7 protocol for downloading configuration §2.4, §2.6
 */
export function verifyDirectory(
  body: Buffer,
  certificates: readonly Buffer[],
  now: Date | undefined,
): Directory {
  const envelope = readEnvelope(body);
  const content = readContent(envelope);
  checkSignature(envelope, certificates);
  const expiresAt = readInstant(content.expireDate);
  if (now !== undefined && expiresAt <= now) {
    throw new Fault('OutdatedGlobalConf', `The configuration expired at ${expiresAt.toISOString()}`);
  }
  return readParts(content, expiresAt);
}

/**
 * What a directory says, whoever signed it and however old it is: for one that was kept, whose signature
 * `verifyDirectory` judges apart.
 * @throws Fault MalformedGlobalConf
 */
export function readDirectory(body: Buffer): Directory {
  const content = readContent(readEnvelope(body));
  return readParts(content, readInstant(content.expireDate));
}

/** The signed text, taken apart; nothing of it counts before its signature is known to be good. */
interface Content {
  readonly text: string;
  readonly expireDate: string | undefined;
  readonly version: string | undefined;
  readonly files: readonly Span[];
}

function readContent({ signedBytes, boundary }: Envelope): Content {
  const text = signedBytes.toString('latin1');
  const [head, ...files] = splitParts(text, 0, boundary, true);
  const headers = head && readHeaders(text, head.start, head.end).headers;
  // Without one it is no directory, whoever signed it.
  if (headers?.has('expire-date') !== true) throw malformed('the directory has no Expire-date');
  return { text, files, expireDate: headers.get('expire-date'), version: headers.get('version') };
}

function readParts({ text, files, version }: Content, expiresAt: Date): Directory {
  return { expiresAt, version: readVersion(version), parts: files.map((file) => readPart(text, file)) };
}

function checkSignature(
  { certificateHash, signatureAlgorithm, signedBytes, signature }: Envelope,
  certificates: readonly Buffer[],
): void {
  const { digest, value } = certificateHash;
  const der = certificates.find((one) => digestOf(digest.name, one).equals(value));
  if (der === undefined) {
    const message = 'The configuration is signed with a certificate that its anchor does not name';
    throw new Fault('CertNotFound', message);
  }
  if (!verifySignature(signatureAlgorithm, readCertificate(der).publicKey, signedBytes, signature)) {
    throw new Fault('InvalidSignatureValue', 'The signature of the configuration is not good');
  }
}

function readCertificate(der: Buffer) {
  try {
    return parseCertificate(der);
  } catch (error) {
    if (error instanceof CertificateError)
      throw malformed('the verification certificate cannot be read', error);
    throw error;
  }
}

function readEnvelope(body: Buffer): Envelope {
  if (body.length > maxBytes) throw malformed(`the directory is larger than ${maxBytes} octets`);
  // One character per octet, so that positions in text are positions in bytes.
  const text = body.toString('latin1');
  const outer = readHeaders(text, 0);
  const pieces = splitParts(text, outer.end, boundaryOf(outer.headers, 'multipart/related'));
  const [content, signature] = pieces;
  if (content === undefined || signature === undefined || pieces.length !== 2) {
    throw malformed('a directory is its content and one signature');
  }
  const inner = readHeaders(text, content.start, content.end);
  return {
    signedBytes: body.subarray(inner.end, content.end),
    boundary: boundaryOf(inner.headers, 'multipart/mixed'),
    ...readSignature(text, signature),
  };
}

function readPart(text: string, { start, end }: Span): DirectoryPart {
  const { headers, end: bodyStart } = readHeaders(text, start, end);
  const need = (name: string) => {
    const value = headers.get(name);
    if (value === undefined || value === '') throw malformed(`a part of the directory lacks ${name}`);
    return value;
  };
  const type = need('content-type');
  if (type !== 'application/octet-stream')
    throw malformed(`a part of the directory has content type '${type}'`);
  const encoding = need('content-transfer-encoding');
  if (encoding !== 'base64') throw malformed(`a part of the directory has encoding '${encoding}'`);
  const identifier = /^([^;]+);\s*instance=(?:'([^']+)'|"([^"]+)")\s*$/.exec(need('content-identifier'));
  const instance = identifier?.[2] ?? identifier?.[3];
  if (identifier?.[1] === undefined || instance === undefined)
    throw malformed('a content identifier names no instance');
  const digest = digestByXmlUri(need('hash-algorithm-id'));
  if (digest === undefined) throw malformed(`hash algorithm ${need('hash-algorithm-id')} is not accepted`);
  const hash = decodeBody(text.slice(bodyStart, end));
  if (hash.length !== digest.byteLength) throw malformed('a hash of the directory has the wrong length');
  const fileName = headers.get('content-file-name');
  return {
    contentIdentifier: identifier[1].trim(),
    // Latin-1 was for counting octets; names are UTF-8.
    instance: Buffer.from(instance, 'latin1').toString('utf8'),
    location: need('content-location'),
    ...(fileName !== undefined && { fileName }),
    digest,
    hash,
  };
}

function readSignature(
  text: string,
  { start, end }: Span,
): Pick<Envelope, 'signatureAlgorithm' | 'signature' | 'certificateHash'> {
  const { headers, end: bodyStart } = readHeaders(text, start, end);
  const algorithmId = headers.get('signature-algorithm-id') ?? '';
  const signatureAlgorithm = algorithmByXmlUri(algorithmId);
  if (signatureAlgorithm === undefined)
    throw malformed(`signature algorithm '${algorithmId}' is not accepted`);
  const named = /^([A-Za-z0-9+/=]+);\s*hash-algorithm-id="([^"]+)"\s*$/.exec(
    headers.get('verification-certificate-hash') ?? '',
  );
  const digest = named?.[2] === undefined ? undefined : digestByXmlUri(named[2]);
  if (named?.[1] === undefined || digest === undefined)
    throw malformed('the directory does not name its certificate');
  const signature = decodeBody(text.slice(bodyStart, end));
  if (signature.length === 0) throw malformed('the directory has an empty signature');
  return {
    signatureAlgorithm,
    signature,
    certificateHash: { digest, value: Buffer.from(named[1], 'base64') },
  };
}

function readInstant(text: string | undefined): Date {
  if (text === undefined) throw malformed('the directory has no Expire-date');
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/.test(text) || Number.isNaN(Date.parse(text))) {
    throw malformed(`Expire-date is '${text}', expected an instant in UTC`);
  }
  return new Date(text);
}

/** Directories from before the header are of version 2. */
function readVersion(text: string | undefined): ConfigurationVersion {
  const version = versions.find((one) => String(one) === (text ?? '2'));
  if (version === undefined) throw malformed(`configuration version '${text}' is not known`);
  return version;
}
