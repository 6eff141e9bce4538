/**
 * The signature document as text. Elements are written the way canonical XML has them (no empty-element tags,
 * attributes in order), so that what is digested differs from what is sent only by the namespaces which
 * canonical XML repeats at its start; no XML tree is built per message.
 */
import { type DigestName, digestAlgorithms, digestOf } from '../../certs/key/index.ts';
import type { Certificate } from '../../certs/x509/index.ts';
import { escapeText } from '../xml/index.ts';
import {
  asicNamespace,
  dsNamespace,
  inclusiveC14n,
  policy,
  signedPropertiesType,
  xadesNamespace,
} from './names.ts';

/** All four, used or not: inclusive canonical XML renders whatever is in scope, sorted by prefix. */
const declarations =
  ` xmlns:asic="${asicNamespace}" xmlns:ds="${dsNamespace}" xmlns:xades="${xadesNamespace}"` +
  ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"';

/** An element as it is sent, and as it is digested. */
export interface WrittenElement {
  readonly text: string;
  readonly canonical: Buffer;
}

function element(name: string, attributes: string, content: string): WrittenElement {
  const rest = `${attributes}>${content}</${name}>`;
  return { text: `<${name}${rest}`, canonical: Buffer.from(`<${name}${declarations}${rest}`) };
}

function digested(digestUri: string, digest: string): string {
  return (
    `<ds:DigestMethod Algorithm="${digestUri}"></ds:DigestMethod>` +
    `<ds:DigestValue>${digest}</ds:DigestValue>`
  );
}

export function writeSignedInfo(info: {
  readonly signatureMethod: string;
  readonly digestUri: string;
  readonly name: string;
  readonly fileDigest: Buffer;
  readonly propertiesDigest: Buffer;
}): WrittenElement {
  return element(
    'ds:SignedInfo',
    '',
    `<ds:CanonicalizationMethod Algorithm="${inclusiveC14n}"></ds:CanonicalizationMethod>` +
      `<ds:SignatureMethod Algorithm="${info.signatureMethod}"></ds:SignatureMethod>` +
      `<ds:Reference Id="signature-reference-0" URI="${info.name}">` +
      `${digested(info.digestUri, info.fileDigest.toString('base64'))}</ds:Reference>` +
      `<ds:Reference Id="signature-reference-1" Type="${signedPropertiesType}" URI="#signed-properties">` +
      `${digested(info.digestUri, info.propertiesDigest.toString('base64'))}</ds:Reference>`,
  );
}

const policyIdentifier =
  '<xades:SignaturePolicyIdentifier><xades:SignaturePolicyId><xades:SigPolicyId>' +
  `<xades:Identifier Qualifier="OIDAsURN">${policy.identifier}</xades:Identifier>` +
  `<xades:Description>${policy.description}</xades:Description></xades:SigPolicyId>` +
  `<xades:SigPolicyHash>${digested(digestAlgorithms.sha512.xmlUri, policy.sha512)}</xades:SigPolicyHash>` +
  `<xades:SigPolicyQualifiers><xades:SigPolicyQualifier><xades:SPURI>${policy.url}</xades:SPURI>` +
  '</xades:SigPolicyQualifier></xades:SigPolicyQualifiers>' +
  '</xades:SignaturePolicyId></xades:SignaturePolicyIdentifier>';

export function writeSignedProperties(properties: {
  readonly signedAt: Date;
  readonly certificate: Certificate;
  readonly digest: DigestName;
  readonly mimeType: string;
}): WrittenElement {
  return element(
    'xades:SignedProperties',
    ' Id="signed-properties"',
    '<xades:SignedSignatureProperties>' +
      `<xades:SigningTime>${properties.signedAt.toISOString()}</xades:SigningTime>` +
      '<xades:SigningCertificate><xades:Cert>' +
      `${certificateReference(properties.certificate, properties.digest)}` +
      `</xades:Cert></xades:SigningCertificate>${policyIdentifier}</xades:SignedSignatureProperties>` +
      '<xades:SignedDataObjectProperties><xades:DataObjectFormat ObjectReference="#signature-reference-0">' +
      `<xades:MimeType>${properties.mimeType}</xades:MimeType>` +
      '</xades:DataObjectFormat></xades:SignedDataObjectProperties>',
  );
}

function certificateReference(certificate: Certificate, digest: DigestName): string {
  const value = digest === 'sha512' ? certificate.sha512 : digestOf(digest, certificate.der);
  return (
    `<xades:CertDigest>${digested(digestAlgorithms[digest].xmlUri, value.toString('base64'))}</xades:CertDigest>` +
    `<xades:IssuerSerial><ds:X509IssuerName>${escapeText(certificate.issuer.toString())}</ds:X509IssuerName>` +
    `<ds:X509SerialNumber>${certificate.serialNumber}</ds:X509SerialNumber></xades:IssuerSerial>`
  );
}

export function writeSignature(signature: {
  /** Texts of the elements. */
  readonly info: string;
  readonly properties: string;
  readonly value: Buffer;
  readonly certificate: Certificate;
  readonly intermediates: readonly Certificate[];
  readonly ocspResponses: readonly Uint8Array[];
  readonly digest: DigestName;
}): Buffer {
  const { info, properties, value, certificate, intermediates, ocspResponses, digest } = signature;
  const revocation = ocspResponses
    .map((response, index) => {
      const id = `ocsp-response-${index + 1}`;
      return `<xades:EncapsulatedOCSPValue Id="${id}">${base64(response)}</xades:EncapsulatedOCSPValue>`;
    })
    .join('');
  return Buffer.from(
    '<?xml version="1.0" encoding="UTF-8" standalone="no"?>' +
      // Nothing stands between the root and its only child: readers take the root's first node to be it.
      `<asic:XAdESSignatures${declarations}><ds:Signature Id="signature">${info}` +
      `<ds:SignatureValue Id="signature-value">${value.toString('base64')}</ds:SignatureValue>` +
      `<ds:KeyInfo><ds:X509Data><ds:X509Certificate>${base64(certificate.der)}</ds:X509Certificate>` +
      '</ds:X509Data></ds:KeyInfo>' +
      `<ds:Object><xades:QualifyingProperties Target="#signature">${properties}` +
      '<xades:UnsignedProperties><xades:UnsignedSignatureProperties>' +
      writeIntermediates(intermediates, digest) +
      `<xades:RevocationValues><xades:OCSPValues>${revocation}</xades:OCSPValues></xades:RevocationValues>` +
      '</xades:UnsignedSignatureProperties></xades:UnsignedProperties>' +
      '</xades:QualifyingProperties></ds:Object></ds:Signature></asic:XAdESSignatures>',
  );
}

function writeIntermediates(intermediates: readonly Certificate[], digest: DigestName): string {
  if (intermediates.length === 0) return '';
  const references = intermediates.map(
    (one, index) =>
      `<xades:Cert URI="#encapsulated-cert-${index + 1}">${certificateReference(one, digest)}</xades:Cert>`,
  );
  const values = intermediates.map((one, index) => {
    const id = `encapsulated-cert-${index + 1}`;
    return `<xades:EncapsulatedX509Certificate Id="${id}">${base64(one.der)}</xades:EncapsulatedX509Certificate>`;
  });
  return (
    `<xades:CompleteCertificateRefs Id="complete-certificate-refs"><xades:CertRefs>${references.join('')}` +
    '</xades:CertRefs></xades:CompleteCertificateRefs>' +
    `<xades:CertificateValues>${values.join('')}</xades:CertificateValues>`
  );
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}
