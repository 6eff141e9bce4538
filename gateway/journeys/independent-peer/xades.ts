import { constants, type KeyObject, sign, type X509Certificate } from 'node:crypto';
import {
  type ChainDocuments,
  type ChainWish,
  type Digest,
  dataRefs,
  digestOf,
  digestUris,
  type SignedPart,
  type StepEntry,
  writeChain,
} from './chain.ts';
import type { Credential } from './pki.ts';

/** A reference to something signed; `attributes` and `transforms` are markup as it shall stand. */
export interface Reference {
  readonly uri: string;
  readonly value: Buffer;
  readonly digest?: Digest;
  readonly transforms?: string;
}

/** What a signature says; whatever is not told is as WIRE §5.2 has it. */
export interface SignatureWish {
  readonly signer: Pick<Credential, 'key' | 'certificate'>;
  /** DER OCSP responses, the signing certificate's first. */
  readonly statuses: readonly Buffer[];
  readonly references: readonly Reference[];
  readonly mimeType?: string;
  /** Of the signature value and of every digest in the document but `propertiesDigest`. */
  readonly digest?: Digest;
  readonly method?: string;
  /** Signs with RSA-PSS, the salt as long as the digest, and names that method. */
  readonly isPss?: boolean;
  readonly canonicalization?: string;
  /** Of the reference to the signed properties; default `digest`. */
  readonly propertiesDigest?: Digest;
  /** Markup in the reference to the signed properties, before the digest method. */
  readonly propertiesTransforms?: string;
  /** Certificate that KeyInfo shows; default the signer's. */
  readonly shown?: X509Certificate;
  /** Certificate that the signed properties tell the digest of; default the shown one. */
  readonly claimed?: X509Certificate;
  /** The prefixes that stand for asic, ds and xades. */
  readonly prefixes?: { readonly asic: string; readonly ds: string; readonly xades: string };
  /** Puts markup anywhere, before anything is digested. */
  readonly draft?: (document: string) => string;
  /** Changes the finished document. */
  readonly edit?: (document: string) => string;
}

const policy = {
  id: 'urn:oid:1.3.6.1.4.1.3516.16.2',
  description: 'Profile for High Performance Digital Signatures (version 1.2)',
  digest: 'BuO0EDNfkxSVlUbxCzmQPzX1AUF1/xx9ytWHk3/6SAOePxQiniEfDYk+90QeYb3lWpV3Izhuz9fKaYyE+lTcXw==',
  uri: 'https://repo.cyber.ee/dsig-profile-1.2.pdf',
};
const inclusive = 'http://www.w3.org/TR/2001/REC-xml-c14n-20010315';

/**
 * Writes a signature by templates. Whatever is digested stands in its canonical form already (double quotes, no
 * empty-element tags, attributes sorted), but for the namespaces in scope, which inclusive canonicalization renders
 * on the element it begins with.
 */
function writeSignature(wish: SignatureWish): Buffer {
  const { signer, statuses, references, digest = 'sha512' } = wish;
  const { asic, ds, xades } = wish.prefixes ?? { asic: 'asic', ds: 'ds', xades: 'xades' };
  const { shown = signer.certificate, claimed = shown } = wish;
  const namespaces = [
    [asic, 'http://uri.etsi.org/02918/v1.2.1#'],
    [ds, 'http://www.w3.org/2000/09/xmldsig#'],
    [xades, 'http://uri.etsi.org/01903/v1.3.2#'],
    ['xsi', 'http://www.w3.org/2001/XMLSchema-instance'],
  ]
    .sort(([a = ''], [b = '']) => (a < b ? -1 : 1))
    .map(([prefix, uri]) => ` xmlns:${prefix}="${uri}"`)
    .join('');
  const tag = (name: string, content: string, attributes = '') =>
    `<${name}${attributes}>${content}</${name}>`;
  const method = (name: Digest) => tag(`${ds}:DigestMethod`, '', ` Algorithm="${digestUris[name]}"`);
  const value = (bytes: Buffer) => tag(`${ds}:DigestValue`, bytes.toString('base64'));
  const written = (attributes: string, { value: bytes, digest: own = digest, transforms = '' }: Reference) =>
    tag(`${ds}:Reference`, `${transforms}${method(own)}${value(bytes)}`, attributes);

  const properties = tag(
    `${xades}:SignedProperties`,
    signatureProperties() +
      tag(
        `${xades}:SignedDataObjectProperties`,
        tag(
          `${xades}:DataObjectFormat`,
          tag(`${xades}:MimeType`, wish.mimeType ?? 'text/xml'),
          ' ObjectReference="#signature-reference-0"',
        ),
      ),
    ' Id="signed-properties"',
  );
  const draft = wish.draft ?? ((text: string) => text);
  const whole = draft(
    tag(
      `${asic}:XAdESSignatures`,
      tag(
        `${ds}:Signature`,
        `${tag(
          `${ds}:SignedInfo`,
          tag(`${ds}:CanonicalizationMethod`, '', ` Algorithm="${wish.canonicalization ?? inclusive}"`) +
            tag(
              `${ds}:SignatureMethod`,
              '',
              ` Algorithm="${wish.method ?? methodOf(signer.key, digest, wish.isPss)}"`,
            ) +
            references
              .map((one, index) => written(` Id="signature-reference-${index}" URI="${one.uri}"`, one))
              .join('') +
            tag(
              `${ds}:Reference`,
              `${wish.propertiesTransforms ?? ''}${method(wish.propertiesDigest ?? digest)}${tag(`${ds}:DigestValue`, '@PROPERTIES@')}`,
              ` Id="signature-reference-${references.length}" Type="http://uri.etsi.org/01903#SignedProperties" URI="#signed-properties"`,
            ),
        )}${tag(`${ds}:SignatureValue`, '@VALUE@', ' Id="signature-value"')}${tag(
          `${ds}:KeyInfo`,
          tag(`${ds}:X509Data`, tag(`${ds}:X509Certificate`, shown.raw.toString('base64'))),
        )}${tag(
          `${ds}:Object`,
          tag(
            `${xades}:QualifyingProperties`,
            `${properties}${unsignedProperties()}`,
            ' Target="#signature"',
          ),
        )}`,
        ' Id="signature"',
      ),
      namespaces,
    ),
  );
  // The first of each is the one that counts: a draft may have put a second behind it.
  const canonical = (text: string, name: string) => {
    const begin = text.indexOf(`<${name}`);
    const end = text.indexOf(`</${name}>`, begin) + name.length + 3;
    const element = text.slice(begin, end);
    return element.replace(`<${name}`, `<${name}${namespaces}`);
  };
  const propertiesBytes = canonical(whole, `${xades}:SignedProperties`);
  const withDigest = whole.replace(
    '@PROPERTIES@',
    digestOf(propertiesBytes, wish.propertiesDigest ?? digest).toString('base64'),
  );
  const signed = Buffer.from(canonical(withDigest, `${ds}:SignedInfo`));
  const padding = wish.isPss === true ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: -1 } : {};
  const signature = sign(digest, signed, { key: signer.key, dsaEncoding: 'ieee-p1363', ...padding });
  const document = `<?xml version="1.0" encoding="UTF-8" standalone="no"?>${withDigest.replace('@VALUE@', signature.toString('base64'))}`;
  return Buffer.from(wish.edit?.(document) ?? document);

  function signatureProperties(): string {
    const certDigest = method(digest) + value(digestOf(claimed.raw, digest));
    const issuer =
      tag(`${ds}:X509IssuerName`, issuerName(claimed)) +
      tag(`${ds}:X509SerialNumber`, BigInt(`0x${claimed.serialNumber}`).toString());
    const certificate = tag(`${xades}:CertDigest`, certDigest) + tag(`${xades}:IssuerSerial`, issuer);
    const policyId =
      tag(
        `${xades}:SigPolicyId`,
        tag(`${xades}:Identifier`, policy.id, ' Qualifier="OIDAsURN"') +
          tag(`${xades}:Description`, policy.description),
      ) +
      tag(`${xades}:SigPolicyHash`, method('sha512') + tag(`${ds}:DigestValue`, policy.digest)) +
      tag(
        `${xades}:SigPolicyQualifiers`,
        tag(`${xades}:SigPolicyQualifier`, tag(`${xades}:SPURI`, policy.uri)),
      );
    return tag(
      `${xades}:SignedSignatureProperties`,
      tag(`${xades}:SigningTime`, new Date().toISOString()) +
        tag(`${xades}:SigningCertificate`, tag(`${xades}:Cert`, certificate)) +
        tag(`${xades}:SignaturePolicyIdentifier`, tag(`${xades}:SignaturePolicyId`, policyId)),
    );
  }

  function unsignedProperties(): string {
    const values = statuses.map((status, index) =>
      tag(`${xades}:EncapsulatedOCSPValue`, status.toString('base64'), ` Id="ocsp-response-${index + 1}"`),
    );
    return tag(
      `${xades}:UnsignedProperties`,
      tag(
        `${xades}:UnsignedSignatureProperties`,
        tag(`${xades}:RevocationValues`, tag(`${xades}:OCSPValues`, values.join(''))),
      ),
    );
  }
}

/** The name of a key's signature method with a digest (WIRE §5.1). */
function methodOf(key: KeyObject, digest: Digest, isPss = false): string {
  if (isPss) return `http://www.w3.org/2007/05/xmldsig-more#${digest}-rsa-MGF1`;
  const algorithm = key.asymmetricKeyType === 'ec' ? 'ecdsa' : 'rsa';
  if (digest === 'sha1') return `http://www.w3.org/2000/09/xmldsig#${algorithm}-sha1`;
  return `http://www.w3.org/2001/04/xmldsig-more#${algorithm}-${digest}`;
}

/** RFC 2253: last attribute first. Node shows one attribute a line, in encoded order. */
function issuerName(certificate: X509Certificate): string {
  const lines = certificate.issuer.split('\n').map((line) => line.replaceAll(/([,+"\\<>;])/g, '\\$1'));
  return lines.reverse().join(',').replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}

/** What stands for a message's signature on the wire: the chain's documents, if there is one, and the signature. */
export interface Evidence {
  readonly chain?: ChainDocuments;
  readonly signature: Buffer;
}

export interface EvidenceWish extends Omit<SignatureWish, 'references'> {
  readonly references?: readonly Reference[];
  /** Steps instead of the one that lists the parts in order. */
  readonly steps?: readonly (readonly StepEntry[])[];
  readonly chain?: ChainWish;
  /** Which form, whatever the number of parts would call for. */
  readonly form?: 'plain' | 'chain' | 'direct';
}

/** Signs a message after WIRE §4.8: one part plainly, more of them through a hash chain. */
export function signMessage(parts: readonly SignedPart[], wish: EvidenceWish): Evidence {
  const { digest = 'sha512', form = parts.length > 1 ? 'chain' : 'plain' } = wish;
  if (form !== 'chain') {
    const covered = form === 'plain' ? parts.slice(0, 1) : parts;
    const references = covered.map(({ uri, bytes }) => ({ uri, value: digestOf(bytes, digest) }));
    return { signature: writeSignature({ references, ...wish }) };
  }
  const chain = writeChain(wish.steps ?? [dataRefs(parts, digest)], { digest, ...wish.chain });
  const references = [{ uri: '/sig-hashchainresult.xml', value: digestOf(chain.result, digest) }];
  const mimeType = 'application/hash-chain-result';
  return { chain, signature: writeSignature({ references, mimeType, ...wish }) };
}
