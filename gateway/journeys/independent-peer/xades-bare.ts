import { randomUUID, sign } from 'node:crypto';
import { digestOf, digestUris, type SignedPart } from './chain.ts';
import { der, issuerOf } from './ocsp.ts';
import type { Credential } from './pki.ts';

/** What a signature of the newer form says (WIRE §4.8, second shape); whatever is not told is as it should be. */
export interface BareWish {
  readonly signer: Pick<Credential, 'key' | 'certificate'>;
  readonly statuses: readonly Buffer[];
  /** All of them are referenced directly. */
  readonly parts: readonly SignedPart[];
  /** Certificate whose digest the signed properties tell; default the signer's. */
  readonly claimed?: Credential['certificate'];
  /** Changes the finished document. */
  readonly edit?: (document: string) => string;
}

const exclusive = 'http://www.w3.org/2001/10/xml-exc-c14n#';
const ds = ' xmlns:ds="http://www.w3.org/2000/09/xmldsig#"';
const xades = ' xmlns:xades="http://uri.etsi.org/01903/v1.3.2#"';
const method = `Algorithm="${digestUris.sha512}"`;

/**
 * Writes a bare `ds:Signature` with exclusive canonicalization, generated ids and no policy. Exclusive C14N renders
 * a namespace where it is first used: inside the signed properties, declarations stand just there.
 */
export function writeBareSignature(wish: BareWish): Buffer {
  const { signer, claimed = signer.certificate, statuses, parts } = wish;
  const [id, properties, first] = ['id', 'xades', 'r'].map((name) => `${name}-${randomUUID()}`);
  const serial = Buffer.from(claimed.serialNumber, 'hex');
  const positive = serial.readUInt8(0) > 127 ? Buffer.concat([Buffer.of(0), serial]) : serial;
  const issuerSerial = der(0x30, der(0x30, der(0xa4, issuerOf(claimed))), der(2, positive));
  const certDigest = `<ds:DigestMethod${ds} ${method}></ds:DigestMethod><ds:DigestValue${ds}>${base64(digestOf(claimed.raw))}</ds:DigestValue>`;
  const cert = `<xades:Cert><xades:CertDigest>${certDigest}</xades:CertDigest><xades:IssuerSerialV2>${base64(issuerSerial)}</xades:IssuerSerialV2></xades:Cert>`;
  const time = new Date().toISOString();
  const formats = parts.map(
    (_part, at) =>
      `<xades:DataObjectFormat ObjectReference="#${first}-${at}"><xades:MimeType>application/octet-stream</xades:MimeType></xades:DataObjectFormat>`,
  );
  const inner = `<xades:SignedSignatureProperties><xades:SigningTime>${time}</xades:SigningTime><xades:SigningCertificateV2>${cert}</xades:SigningCertificateV2></xades:SignedSignatureProperties><xades:SignedDataObjectProperties>${formats.join('')}</xades:SignedDataObjectProperties></xades:SignedProperties>`;
  const canonicalProperties = `<xades:SignedProperties${xades} Id="${properties}">${inner}`;

  const digested = (bytes: Buffer) =>
    `<ds:DigestMethod ${method}></ds:DigestMethod><ds:DigestValue>${base64(digestOf(bytes))}</ds:DigestValue></ds:Reference>`;
  const references = parts.map(
    ({ uri, bytes }, at) => `<ds:Reference Id="${first}-${at}" URI="${uri}">${digested(bytes)}`,
  );
  const transforms = `<ds:Transforms><ds:Transform Algorithm="${exclusive}"></ds:Transform></ds:Transforms>`;
  const toProperties = `<ds:Reference Type="http://uri.etsi.org/01903#SignedProperties" URI="#${properties}">${transforms}${digested(Buffer.from(canonicalProperties))}`;
  const algorithm = signer.key.asymmetricKeyType === 'ec' ? 'ecdsa' : 'rsa';
  const info = `<ds:CanonicalizationMethod Algorithm="${exclusive}"></ds:CanonicalizationMethod><ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#${algorithm}-sha512"></ds:SignatureMethod>${references.join('')}${toProperties}</ds:SignedInfo>`;
  const value = sign('sha512', Buffer.from(`<ds:SignedInfo${ds}>${info}`), {
    key: signer.key,
    dsaEncoding: 'ieee-p1363',
  });

  const ocsp = statuses.map(
    (one) => `<xades:EncapsulatedOCSPValue>${base64(one)}</xades:EncapsulatedOCSPValue>`,
  );
  const unsigned = `<xades:UnsignedProperties><xades:UnsignedSignatureProperties><xades:RevocationValues><xades:OCSPValues>${ocsp.join('')}</xades:OCSPValues></xades:RevocationValues></xades:UnsignedSignatureProperties></xades:UnsignedProperties>`;
  const object = `<ds:Object><xades:QualifyingProperties${xades} Target="#${id}"><xades:SignedProperties Id="${properties}">${inner}${unsigned}</xades:QualifyingProperties></ds:Object>`;
  const keyInfo = `<ds:KeyInfo><ds:X509Data><ds:X509Certificate>${base64(signer.certificate.raw)}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>`;
  const document = `<?xml version="1.0" encoding="UTF-8" standalone="no"?><ds:Signature${ds} Id="${id}"><ds:SignedInfo>${info}<ds:SignatureValue Id="value-${id}">${base64(value)}</ds:SignatureValue>${keyInfo}${object}</ds:Signature>`;
  return Buffer.from(wish.edit?.(document) ?? document);
}

function base64(bytes: Buffer): string {
  return bytes.toString('base64');
}
