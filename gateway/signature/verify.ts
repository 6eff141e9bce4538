import { type DigestName, digestOf, verifySignature } from '../../certs/key/index.ts';
import type { Certificate } from '../../certs/x509/index.ts';
import { Fault } from '../fault/index.ts';
import type { MessagePart } from '../message/index.ts';
import { type Coverage, checkCoverage } from './coverage.ts';
import { type HashChainVerdict, verifyHashChain } from './hash-chain-verify.ts';
import { hashChainResultName, messageName, policy } from './names.ts';
import type { FileReference, SignaturePieces } from './read.ts';
import { malformed } from './shape.ts';
import type { SignatureDocuments } from './sign.ts';
import { SignatureReader } from './signature-reader.ts';
import { type SignerQuestion, SigningCertificates } from './signing-certificate.ts';

/** `at` is now for a message on the road, the instant of its timestamp for one in a container. */
export interface SignatureQuestion extends SignerQuestion {
  readonly documents: SignatureDocuments;
  /** Bytes of `/message.xml`; undefined when only its digest is left, which `parts` then has. */
  readonly head: Buffer | undefined;
  /** Parts that are here, head first, digested with SHA-512. */
  readonly parts: readonly MessagePart[];
  /** A container may lack bodies that a log did not keep. */
  readonly mode: 'message' | 'container';
  /** For parts whose bytes are at hand: their digest by another algorithm than SHA-512. */
  readonly digestOfPart?: (name: string, digest: DigestName) => Buffer | undefined;
}

export interface VerifiedSignature {
  readonly certificate: Certificate;
  /** As the signer says; nobody vouches for it. */
  readonly signedAt?: Date;
  readonly signatureValue: Buffer;
  /** DER token over the signature value; not verified here. */
  readonly timestampToken?: Buffer;
  /** Names of the parts that are here, every one of them signed. */
  readonly covered: readonly string[];
  /** Parts that were signed and are not here. */
  readonly missing: HashChainVerdict['missing'];
  /** Oddities that take nothing from the signature's worth. */
  readonly warnings: readonly string[];
}

export interface SignatureVerifier {
  /**
   * Verifies that a member signed a message, all of it and nothing else.
   * @throws Fault MalformedSignature and what is nested in it, IncorrectCertificate, InvalidSignatureValue, or
   *   of the certificate's verification
   * @see X-Road 7 signature profile; W3C XML Signature §3.2
   */
  verify(question: SignatureQuestion): VerifiedSignature;
}

/** @returns a verifier that remembers certificates it has judged, for as long as the judgement holds */
export function createVerifier(): SignatureVerifier {
  const certificates = new SigningCertificates();
  const reader = new SignatureReader();
  return {
    verify: (question) => {
      const pieces = reader.read(question.documents.signature, question.mode);
      const { coverage, missing } = verifyCoverage(pieces.references, question);
      const { certificate, checkSigner, checkTrust } = certificates.open(pieces, question);
      checkSigner();
      verifyReferences(pieces, question);
      verifyValue(pieces, certificate);
      checkTrust();
      const [timestampToken] = pieces.timestampTokens;
      return {
        certificate,
        ...(pieces.signedAt !== undefined && { signedAt: pieces.signedAt }),
        signatureValue: pieces.signatureValue,
        ...(timestampToken !== undefined && { timestampToken }),
        covered: question.parts.map(({ name }) => name),
        missing,
        warnings: warningsOf(pieces, coverage, question),
      };
    },
  };
}

function verifyCoverage(
  references: readonly FileReference[],
  question: SignatureQuestion,
): HashChainVerdict & { readonly coverage: Coverage } {
  const { hashChainResult, hashChain } = question.documents;
  const names = question.parts.map(({ name }) => name);
  const isContainer = question.mode === 'container';
  const coverage = checkCoverage({
    references: references.map(({ uri }) => uri),
    parts: names,
    hasHashChainResult: hashChainResult !== undefined,
    hasHashChain: hashChain !== undefined,
    allowUnusedHashChain: isContainer,
  });
  if (coverage !== 'hash-chain' || hashChainResult === undefined || hashChain === undefined) {
    return { coverage, missing: [] };
  }
  const { missing } = verifyHashChain({
    result: hashChainResult,
    chain: hashChain,
    names,
    digestOfFile: (name, digest) => digestOfFile(name, digest, question),
    allowMissing: isContainer,
  });
  return { coverage, missing };
}

function digestOfFile(name: string, digest: DigestName, question: SignatureQuestion): Buffer {
  const { head, documents, parts } = question;
  if (name === messageName && head !== undefined) return digestOf(digest, head);
  if (name === hashChainResultName && documents.hashChainResult !== undefined) {
    return digestOf(digest, documents.hashChainResult);
  }
  const found =
    digest === 'sha512'
      ? parts.find((part) => part.name === name)?.digest
      : question.digestOfPart?.(name, digest);
  // Bodies are hashed while they arrive, with the algorithm the message announces.
  if (found === undefined) throw malformed(`${name} is signed with ${digest}, which was not announced`);
  return found;
}

function verifyReferences(pieces: SignaturePieces, question: SignatureQuestion): void {
  const { signedProperties, propertiesReference, references } = pieces;
  const { algorithm, digest } = propertiesReference;
  if (!digestOf(algorithm.name, signedProperties).equals(digest)) {
    throw new Fault('InvalidSignatureValue', 'The signed properties are not those that were signed');
  }
  for (const reference of references) {
    if (!digestOfFile(reference.uri, reference.algorithm.name, question).equals(reference.digest)) {
      throw new Fault('InvalidSignatureValue', `${reference.uri} is not what was signed`);
    }
  }
}

function verifyValue(pieces: SignaturePieces, certificate: Certificate): void {
  const { algorithm, signedInfo, signatureValue } = pieces;
  if (!verifySignature(algorithm, certificate.publicKey, signedInfo, signatureValue, 'ieee-p1363')) {
    throw new Fault('InvalidSignatureValue', 'The signature is not that of the certificate in it');
  }
}

/** A clock that is this far off is worth a word. */
const plausibleSkewMs = 10 * 60 * 1000;

function warningsOf(pieces: SignaturePieces, coverage: Coverage, question: SignatureQuestion): string[] {
  const warnings: string[] = [];
  const { signedAt, policyIdentifier, mimeTypes } = pieces;
  if (signedAt !== undefined && Math.abs(signedAt.getTime() - question.at.getTime()) > plausibleSkewMs) {
    warnings.push(`the signer says to have signed at ${signedAt.toISOString()}`);
  }
  if (coverage !== 'direct' && policyIdentifier !== policy.identifier) {
    warnings.push('the signature does not name the policy of X-Road');
  }
  const expected = coverage === 'hash-chain' ? 'application/hash-chain-result' : 'text/xml';
  if (coverage !== 'direct' && (mimeTypes.length !== 1 || mimeTypes[0] !== expected)) {
    warnings.push(`the signature does not name the media type ${expected}`);
  }
  if (coverage !== 'hash-chain' && question.documents.hashChain !== undefined) {
    warnings.push('there is a hash chain that the signature does not refer to');
  }
  return warnings;
}
