import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import {
  asBitStringOctets,
  asInteger,
  asSequence,
  asSmallInteger,
  asTime,
  DerError,
  type DerNode,
  isContext,
  readDer,
  sequence,
} from '../der/index.ts';
import { algorithmByIdentifierDer, type SignatureAlgorithm, verifySignature } from '../key/index.ts';
import { CertificateError } from './error.ts';
import { type Extensions, readExtensions } from './extensions.ts';
import { type DistinguishedName, readName } from './name.ts';
import { pemToDer, toPem } from './pem.ts';

/** An X.509 certificate as it was read; nothing about it has been trusted yet. @see RFC 5280 §4.1 */
export interface Certificate extends Extensions {
  readonly der: Buffer;
  readonly pem: string;
  readonly subject: DistinguishedName;
  readonly issuer: DistinguishedName;
  readonly serialNumber: bigint;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** @throws CertificateError malformed when the key cannot be used at all */
  readonly publicKey: KeyObject;
  /** DER SubjectPublicKeyInfo. */
  readonly publicKeyInfo: Buffer;
  /** Content of the BIT STRING: what OCSP and key identifiers hash. */
  readonly publicKeyBits: Buffer;
  /** Bytes the issuer signed. */
  readonly signedBytes: Buffer;
  readonly signature: Buffer;
  /** undefined for an algorithm that is not accepted, such as one with SHA-1. */
  readonly signatureAlgorithm: SignatureAlgorithm | undefined;
  /** Digests of `der`. */
  readonly sha1: Buffer;
  readonly sha256: Buffer;
  readonly sha512: Buffer;
}

/**
 * @param bytes DER, or PEM text with one certificate first
 * @throws CertificateError malformed
 */
export function parseCertificate(bytes: Uint8Array): Certificate {
  try {
    return readCertificate(pemToDer(bytes, 'CERTIFICATE'));
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    throw new CertificateError('malformed', `not a certificate: ${error.message}`, { cause: error });
  }
}

function readCertificate(der: Buffer): Certificate {
  const [tbs, algorithm, signature, ...more] = asSequence(readDer(der));
  if (tbs === undefined || algorithm === undefined || more.length > 0) {
    throw new CertificateError('malformed', 'a certificate has three parts');
  }
  const fields = asSequence(tbs);
  const version = isContext(fields[0], 0) ? asSmallInteger(asSequence(rebuilt(fields[0]))[0]) : 0;
  if (version > 2) throw new CertificateError('malformed', `certificate version ${version + 1} is unknown`);
  const [serial, innerAlgorithm, issuer, validity, subject, publicKeyInfo, ...optional] = isContext(
    fields[0],
    0,
  )
    ? fields.slice(1)
    : fields;
  if (!innerAlgorithm?.raw.equals(algorithm.raw)) {
    // Two spellings of one algorithm would let a reader of the other one be deceived.
    throw new CertificateError('malformed', 'signature algorithms inside and outside differ');
  }
  if (issuer === undefined || subject === undefined || publicKeyInfo === undefined) {
    throw new CertificateError('malformed', 'a certificate has an issuer, a subject and a public key');
  }
  const [notBefore, notAfter] = asSequence(validity);
  const extensions = optional.find((field) => isContext(field, 3));
  if (extensions !== undefined && version !== 2) {
    throw new CertificateError('malformed', 'only version 3 certificates have extensions');
  }
  const signatureBytes = asBitStringOctets(signature);
  const read =
    extensions === undefined ? noExtensions : readExtensions(only(asSequence(rebuilt(extensions))));
  return new ParsedCertificate(der, tbs.raw, signatureBytes, algorithm.raw, read, {
    serialNumber: asInteger(serial),
    issuer: readName(issuer),
    subject: readName(subject),
    notBefore: asTime(notBefore),
    notAfter: asTime(notAfter),
    publicKeyInfo: publicKeyInfo.raw,
    publicKeyBits: asBitStringOctets(asSequence(publicKeyInfo)[1]),
  });
}

const noExtensions: Extensions = { subjectAltNames: [], ocspUrls: [], unknownCritical: [] };

/** An explicitly tagged element read as the SEQUENCE of what is inside. */
function rebuilt(node: DerNode): DerNode {
  return { ...node, tag: 0x30 };
}

function only(nodes: readonly DerNode[]): DerNode {
  const [node] = nodes;
  if (node === undefined || nodes.length !== 1)
    throw new CertificateError('malformed', 'extensions are not one list');
  return node;
}

interface CertificateFields {
  readonly serialNumber: bigint;
  readonly issuer: DistinguishedName;
  readonly subject: DistinguishedName;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly publicKeyInfo: Buffer;
  readonly publicKeyBits: Buffer;
}

/** Keys and digests are made when first asked for: most certificates are only compared. */
class ParsedCertificate implements Certificate {
  readonly der: Buffer;
  readonly signedBytes: Buffer;
  readonly signature: Buffer;
  readonly signatureAlgorithm: SignatureAlgorithm | undefined;
  readonly subject: DistinguishedName;
  readonly issuer: DistinguishedName;
  readonly serialNumber: bigint;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly publicKeyInfo: Buffer;
  readonly publicKeyBits: Buffer;
  readonly keyUsage?: NonNullable<Extensions['keyUsage']>;
  readonly extendedKeyUsage?: readonly string[];
  readonly basicConstraints?: NonNullable<Extensions['basicConstraints']>;
  readonly subjectAltNames: readonly string[];
  readonly authorityKeyIdentifier?: Buffer;
  readonly ocspUrls: readonly string[];
  readonly unknownCritical: readonly string[];
  #publicKey: KeyObject | undefined;
  readonly #digests = new Map<string, Buffer>();

  constructor(
    der: Buffer,
    signedBytes: Buffer,
    signature: Buffer,
    algorithmDer: Buffer,
    extensions: Extensions,
    fields: CertificateFields,
  ) {
    this.der = der;
    this.signedBytes = signedBytes;
    this.signature = signature;
    this.signatureAlgorithm = algorithmByIdentifierDer(algorithmDer);
    this.subject = fields.subject;
    this.issuer = fields.issuer;
    this.serialNumber = fields.serialNumber;
    this.notBefore = fields.notBefore;
    this.notAfter = fields.notAfter;
    this.publicKeyInfo = fields.publicKeyInfo;
    this.publicKeyBits = fields.publicKeyBits;
    if (extensions.keyUsage !== undefined) this.keyUsage = extensions.keyUsage;
    if (extensions.extendedKeyUsage !== undefined) this.extendedKeyUsage = extensions.extendedKeyUsage;
    if (extensions.basicConstraints !== undefined) this.basicConstraints = extensions.basicConstraints;
    this.subjectAltNames = extensions.subjectAltNames;
    if (extensions.authorityKeyIdentifier !== undefined) {
      this.authorityKeyIdentifier = extensions.authorityKeyIdentifier;
    }
    this.ocspUrls = extensions.ocspUrls;
    this.unknownCritical = extensions.unknownCritical;
  }

  get publicKey(): KeyObject {
    this.#publicKey ??= readPublicKey(this.publicKeyInfo);
    return this.#publicKey;
  }

  get pem(): string {
    return toPem(this.der, 'CERTIFICATE');
  }

  get sha1(): Buffer {
    return this.#digest('sha1');
  }

  get sha256(): Buffer {
    return this.#digest('sha256');
  }

  get sha512(): Buffer {
    return this.#digest('sha512');
  }

  #digest(name: string): Buffer {
    const known = this.#digests.get(name);
    if (known !== undefined) return known;
    const digest = createHash(name).update(this.der).digest();
    this.#digests.set(name, digest);
    return digest;
  }
}

/** @throws CertificateError malformed */
export function readPublicKey(publicKeyInfo: Buffer): KeyObject {
  try {
    return createPublicKey({ key: publicKeyInfo, format: 'der', type: 'spki' });
  } catch (error) {
    throw new CertificateError('malformed', 'the public key cannot be read', { cause: error });
  }
}

/** Whether `issuer` names and signed `certificate`; says nothing about whether it was allowed to. */
export function isIssuedBy(certificate: Certificate, issuer: Certificate): boolean {
  if (!certificate.issuer.der.equals(issuer.subject.der)) return false;
  const { signatureAlgorithm, signedBytes, signature } = certificate;
  if (signatureAlgorithm === undefined) return false;
  return verifySignature(signatureAlgorithm, issuer.publicKey, signedBytes, signature);
}

/** SubjectPublicKeyInfo of a key. */
export function publicKeyInfoOf(publicKey: KeyObject): Buffer {
  return publicKey.export({ format: 'der', type: 'spki' });
}

/** Content of the BIT STRING inside a SubjectPublicKeyInfo. */
export function publicKeyBitsOf(publicKeyInfo: Buffer): Buffer {
  return asBitStringOctets(asSequence(readDer(publicKeyInfo))[1]);
}

/** Same certificate, byte for byte. */
export function isSameCertificate(a: Certificate, b: Certificate): boolean {
  return a.der.equals(b.der);
}

/** DER of `issuer` name and serial number, as CMS names a certificate. @see RFC 5652 §10.2.4 */
export function issuerAndSerial(certificate: Certificate): Buffer {
  return sequence(certificate.issuer.der, serialDer(certificate));
}

function serialDer(certificate: Certificate): Buffer {
  const fields = asSequence(readDer(certificate.signedBytes));
  const serial = isContext(fields[0], 0) ? fields[1] : fields[0];
  if (serial === undefined) throw new CertificateError('malformed', 'a certificate has a serial number');
  return serial.raw;
}
