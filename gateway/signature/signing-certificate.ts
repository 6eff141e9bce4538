import { hash } from 'node:crypto';
import { checkKeyStrength, digestOf, KeyError } from '../../certs/key/index.ts';
import { type Certificate, CertificateError, parseCertificate } from '../../certs/x509/index.ts';
import type { GlobalConfiguration } from '../configuration/index.ts';
import { Fault } from '../fault/index.ts';
import { equal, identifierKey, type MemberId, printFull } from '../identifier/index.ts';
import {
  issuersOf,
  memberOfSigningCertificate,
  verifyByOneOf,
  verifySigningCertificate,
} from '../trust/index.ts';
import type { SignaturePieces } from './read.ts';
import { Recent } from './recent.ts';
import { malformed } from './shape.ts';

/** Who should have signed, and by which configuration and instant that is judged. */
export interface SignerQuestion {
  readonly signer: MemberId;
  readonly configuration: GlobalConfiguration;
  readonly at: Date;
}

/** One certificate with its evidence, about to be judged for one signer. */
export interface CertificateCase {
  readonly certificate: Certificate;
  /**
   * Demands a signing certificate of the signer.
   * @throws Fault MalformedSignature, IncorrectCertificate
   */
  checkSigner(): void;
  /**
   * Demands that an approved CA vouches for it, and that it was good at the instant.
   * @throws Fault of `verifySigningCertificate`
   */
  checkTrust(): void;
}

/** The span of instants at which a judgement holds. */
interface Verdict {
  readonly from: Date;
  readonly until: Date;
}

/** As many signing certificates, and judgements of them, as stay in use. */
const limit = 1000;

/**
 * Remembers certificates it has read, and judgements for as long as their OCSP responses, certificates and
 * configuration let them hold: a server sees the same few again with each message. Refusals are not remembered.
 */
export class SigningCertificates {
  readonly #certificates = new Recent<Certificate>(limit);
  readonly #verdicts = new Recent<Verdict>(limit);

  /** @throws Fault MalformedSignature when the certificate is unusable, or not the one the signer names */
  open(pieces: SignaturePieces, question: SignerQuestion): CertificateCase {
    const certificate = this.#read(pieces.certificateDer);
    const { algorithm, digest } = pieces.signingCertificate;
    const actual =
      algorithm.name === 'sha512' ? certificate.sha512 : digestOf(algorithm.name, certificate.der);
    if (!actual.equals(digest)) {
      throw malformed('The signer names another certificate than the one in the signature');
    }
    const key = keyOf(pieces, question);
    const { at } = question;
    const known = this.#verdicts.get(key);
    if (known !== undefined && at >= known.from && at <= known.until) {
      return { certificate, checkSigner: alreadyDone, checkTrust: alreadyDone };
    }
    return {
      certificate,
      checkSigner: () => checkSigner(certificate, question),
      checkTrust: () => {
        const { validUntil } = verifySigningCertificate({
          ...question,
          certificate,
          extras: pieces.extraCertificates.map(readCertificate),
          ocspResponses: pieces.ocspResponses,
        });
        this.#verdicts.set(key, { from: at, until: validUntil });
      },
    };
  }

  #read(der: Buffer): Certificate {
    const key = hash('sha256', der, 'base64');
    const known = this.#certificates.get(key);
    if (known !== undefined) return known;
    const certificate = readCertificate(der);
    this.#certificates.set(key, certificate);
    return certificate;
  }
}

function alreadyDone(): void {
  // The same case was judged before, and the judgement still holds.
}

/** Digest of all that a judgement rests on, each with its length in front so that no two sets read alike. */
function keyOf(pieces: SignaturePieces, { configuration, signer }: SignerQuestion): string {
  const { certificateDer, extraCertificates, ocspResponses } = pieces;
  const names = Buffer.from(JSON.stringify([configuration.id, identifierKey(signer)]));
  const grounds = [names, certificateDer, ...extraCertificates, ...ocspResponses];
  const lengths = [extraCertificates.length, ...grounds.map(({ length }) => length)];
  return hash('sha256', Buffer.concat([Buffer.from(`${lengths.join(' ')}\n`), ...grounds]), 'base64');
}

function checkSigner(certificate: Certificate, { signer, configuration }: SignerQuestion): void {
  if (certificate.keyUsage?.has('nonRepudiation') !== true) {
    throw malformed('The certificate in the signature is not a signing certificate');
  }
  const [first, ...others] = issuersOf(certificate, signer.instance, configuration);
  // Without a CA there is no profile to read the subject by; `checkTrust` refuses such certificates.
  if (first === undefined) return;
  verifyByOneOf([first, ...others], ({ profile }) => {
    const owner = memberOfSigningCertificate(certificate, profile, signer.instance);
    if (!equal(owner, signer)) {
      const message = `The signature is by ${printFull(owner)}, expected ${printFull(signer)}`;
      throw new Fault('IncorrectCertificate', message);
    }
  });
}

/** A certificate has one or two kilobytes; those that are read are remembered for a while. */
const maxCertificateBytes = 64 * 1024;

function readCertificate(der: Buffer): Certificate {
  if (der.length > maxCertificateBytes) {
    throw malformed(`The certificate in the signature has more than ${maxCertificateBytes} octets`);
  }
  try {
    const certificate = parseCertificate(der);
    checkKeyStrength(certificate.publicKey);
    return certificate;
  } catch (error) {
    if (!(error instanceof CertificateError) && !(error instanceof KeyError)) throw error;
    throw malformed(`A certificate in the signature cannot be used: ${error.message}`, error);
  }
}
