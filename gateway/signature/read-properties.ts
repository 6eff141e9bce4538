import { digestOf } from '../../certs/key/index.ts';
import { attribute, elements, textOf, type XmlElement } from '../xml/index.ts';
import {
  bytesOf,
  checkAttributes,
  type Digested,
  digestIn,
  isNamed,
  malformed,
  one,
  onlyChild,
  required,
  takeChildren,
} from './shape.ts';

/** What XAdES adds to an XML signature. */
export interface QualifyingProperties {
  /** `xades:SignedProperties`. */
  readonly element: XmlElement;
  /** When the signer says to have signed; nobody vouches for it. */
  readonly signedAt: Date | undefined;
  /** Digest of the certificate that the signer says to have signed with. */
  readonly signingCertificate: Digested;
  readonly policyIdentifier: string | undefined;
  /** Media types of what is signed. */
  readonly mimeTypes: readonly string[];
  /** DER certificates that the signature refers to and carries, digests checked. */
  readonly extraCertificates: readonly Buffer[];
  /** DER, at least one. */
  readonly ocspResponses: readonly Buffer[];
  /** DER timestamp tokens over the signature value; not signed. */
  readonly timestampTokens: readonly Buffer[];
}

/** @throws Fault MalformedSignature */
export function readQualifyingProperties(element: XmlElement, signature: XmlElement): QualifyingProperties {
  const take = takeChildren(element, ['xades:SignedProperties', 'xades:UnsignedProperties']);
  checkAttributes(element, ['Id', 'Target']);
  if (required(element, 'Target') !== `#${required(signature, 'Id')}`) {
    throw malformed('The qualifying properties are those of another signature');
  }
  const signedProperties = one(take('xades:SignedProperties'), 'xades:SignedProperties');
  const unsigned = one(take('xades:UnsignedProperties'), 'xades:UnsignedProperties');
  return {
    element: signedProperties,
    ...readSignedProperties(signedProperties),
    ...readUnsignedProperties(onlyChild(unsigned, 'xades:UnsignedSignatureProperties')),
  };
}

type Signed = Pick<
  QualifyingProperties,
  'signedAt' | 'signingCertificate' | 'policyIdentifier' | 'mimeTypes'
>;

function readSignedProperties(element: XmlElement): Signed {
  const take = takeChildren(element, [
    'xades:SignedSignatureProperties',
    'xades:SignedDataObjectProperties?',
  ]);
  const ofSignature = one(take('xades:SignedSignatureProperties'), 'xades:SignedSignatureProperties');
  const takeProperty = takeChildren(ofSignature, [
    'xades:SigningTime?',
    'xades:SigningCertificate?',
    'xades:SigningCertificateV2?',
    'xades:SignaturePolicyIdentifier?',
    'xades:SignatureProductionPlace?',
    'xades:SignatureProductionPlaceV2?',
    'xades:SignerRole?',
    'xades:SignerRoleV2?',
  ]);
  const [time] = takeProperty('xades:SigningTime');
  const certificates = [
    ...takeProperty('xades:SigningCertificate'),
    ...takeProperty('xades:SigningCertificateV2'),
  ];
  if (certificates.length > 1) throw malformed('The signing certificate is named twice');
  const [policy] = takeProperty('xades:SignaturePolicyIdentifier');
  const [ofData] = take('xades:SignedDataObjectProperties');
  return {
    signedAt: time === undefined ? undefined : readTime(textOf(time)),
    signingCertificate: readSigningCertificate(one(certificates, 'xades:SigningCertificate')),
    policyIdentifier: policy === undefined ? undefined : readPolicy(policy),
    mimeTypes: (ofData === undefined ? [] : elements(ofData)).flatMap((format) =>
      elements(format)
        .filter((one) => isNamed(one, 'xades:MimeType'))
        .map(textOf),
    ),
  };
}

/** The first certificate named is the signer's; further ones would be of its chain. */
function readSigningCertificate(element: XmlElement): Digested {
  const [certificate] = takeChildren(element, ['xades:Cert+'])('xades:Cert');
  if (certificate === undefined) throw malformed('The signing certificate is not named');
  return readCertificateDigest(certificate);
}

function readCertificateDigest(certificate: XmlElement): Digested {
  const take = takeChildren(certificate, [
    'xades:CertDigest',
    'xades:IssuerSerial?',
    'xades:IssuerSerialV2?',
  ]);
  return digestIn(one(take('xades:CertDigest'), 'xades:CertDigest'));
}

function readPolicy(element: XmlElement): string | undefined {
  const [id] = elements(element);
  const [policyId] = id === undefined || !isNamed(id, 'xades:SignaturePolicyId') ? [] : elements(id);
  const [identifier] = policyId === undefined ? [] : elements(policyId);
  return identifier !== undefined && isNamed(identifier, 'xades:Identifier') ? textOf(identifier) : undefined;
}

/** @see W3C XML Schema, dateTime */
export function readTime(text: string): Date {
  const isDateTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)?$/.test(text);
  const time = new Date(/(Z|[+-]\d\d:\d\d)$/.test(text) ? text : `${text}Z`);
  if (!isDateTime || Number.isNaN(time.getTime()))
    throw malformed(`'${text.slice(0, 40)}' is not a signing time`);
  return time;
}

type Unsigned = Pick<QualifyingProperties, 'extraCertificates' | 'ocspResponses' | 'timestampTokens'>;

/** In any order, as the schema has it; kinds that X-Road does not use are passed over. */
function readUnsignedProperties(element: XmlElement): Unsigned {
  const all = elements(element);
  const named = (name: string) => all.filter((one) => isNamed(one, name));
  const ocspResponses = named('xades:RevocationValues')
    .flatMap(elements)
    .filter((one) => isNamed(one, 'xades:OCSPValues'))
    .flatMap((values) =>
      takeChildren(values, ['xades:EncapsulatedOCSPValue+'])('xades:EncapsulatedOCSPValue'),
    )
    .map(bytesOf);
  checkEvidence(ocspResponses, 'OCSP responses');
  if (ocspResponses.length === 0) throw malformed('The signature has no OCSP response');
  const timestampTokens = named('xades:SignatureTimeStamp')
    .flatMap(elements)
    .filter((one) => isNamed(one, 'xades:EncapsulatedTimeStamp'))
    .map(bytesOf);
  checkEvidence(timestampTokens, 'timestamps');
  const extraCertificates = readExtraCertificates(
    named('xades:CompleteCertificateRefs'),
    named('xades:CertificateValues'),
  );
  checkEvidence(extraCertificates, 'certificates of authorities');
  return { extraCertificates, ocspResponses, timestampTokens };
}

/** Of each kind, and octets of each: every piece may have to be parsed, and its own signature verified. */
const maxEvidence = 16;
const maxEvidenceBytes = 64 * 1024;

function checkEvidence(pieces: readonly Buffer[], what: string): void {
  if (pieces.length > maxEvidence) {
    throw malformed(`The signature has ${pieces.length} ${what}, expected no more than ${maxEvidence}`);
  }
  if (pieces.some(({ length }) => length > maxEvidenceBytes)) {
    throw malformed(`The signature has ${what} of more than ${maxEvidenceBytes} octets`);
  }
}

function readExtraCertificates(references: readonly XmlElement[], values: readonly XmlElement[]): Buffer[] {
  const byId = new Map(
    values
      .flatMap(elements)
      .filter((one) => isNamed(one, 'xades:EncapsulatedX509Certificate'))
      .map((one) => [`#${attribute(one, 'Id') ?? ''}`, one]),
  );
  return references
    .flatMap((one) => takeChildren(onlyChild(one, 'xades:CertRefs'), ['xades:Cert+'])('xades:Cert'))
    .map((reference) => {
      const value = byId.get(required(reference, 'URI'));
      if (value === undefined)
        throw malformed('The signature refers to a certificate that it does not carry');
      const { algorithm, digest } = readCertificateDigest(reference);
      const der = bytesOf(value);
      if (!digestOf(algorithm.name, der).equals(digest)) {
        throw malformed('A certificate in the signature is not the one that is referred to');
      }
      return der;
    });
}
