import { parseOcspResponse } from '../../certs/ocsp/index.ts';
import { type Certificate, CertificateError, parseCertificate } from '../../certs/x509/index.ts';
import type { GlobalConfiguration } from '../../gateway/configuration/index.ts';
import { Fault } from '../../gateway/fault/index.ts';
import { type MemberId, memberOf, printEncoded } from '../../gateway/identifier/index.ts';
import {
  carriageOf,
  type ManagementRequest,
  type SignedManagementMessage,
  signerOf,
  verifyDetached,
} from '../../gateway/management/index.ts';
import { verifyAuthenticationCertificate, verifySigningCertificate } from '../../gateway/trust/index.ts';

export interface EvidenceQuestion {
  readonly request: ManagementRequest;
  readonly message: SignedManagementMessage;
  readonly configuration: GlobalConfiguration;
  readonly at: Date;
}

/**
 * What was verified of a key that signed a request, each named when it was found to hold:
 * - `same-certificate`: the certificate that came with the signature is the one that the request asks to register
 * - `trusted`: it is issued by an approved service, for this purpose, and was in its time
 * - `member`: it names the member who has to sign
 * - `status`: a responder of the service vouched for it, lately enough
 * - `signature`: its key signed the very bytes of the message
 */
export const proofChecks = ['same-certificate', 'trusted', 'member', 'status', 'signature'] as const;

/** One signature of a request and the certificate behind it, as the register keeps them. Texts of certificates are a stranger's. */
export interface Proof {
  readonly purpose: 'signing' | 'authentication';
  /** Who has to sign, in encoded form; nobody signs with the key of a server. */
  readonly member?: string;
  /** For people, as is the next. */
  readonly subject: string;
  readonly issuer: string;
  /** Hex. */
  readonly serialNumber: string;
  /** Hex, of the DER. */
  readonly sha256: string;
  /** ISO 8601 in UTC, as the next. */
  readonly notAfter: string;
  /** When the responder said what it said of the certificate. */
  readonly statusAt?: string;
  readonly checks: readonly (typeof proofChecks)[number][];
}

/**
 * Verifies that a request carries the signatures its kind needs, over the very bytes of the message, and no others.
 * @returns what was verified of each signature, to be kept; nothing for a request that is sent without
 * @throws Fault InvalidRequest for signatures of another kind of request, InvalidSignatureValue,
 *   IncorrectCertificate, and what the verification of certificates throws
 * @see X-Road management services protocol
 */
export function verifyEvidence(question: EvidenceQuestion): readonly Proof[] {
  const { request, message } = question;
  const carriage = carriageOf(request.kind);
  const expected = { plain: 0, multipart: 1, registration: 2 }[carriage];
  if (message.signatures.length !== expected || message.certificates.length !== expected) {
    const came = `${message.signatures.length} came with ${message.certificates.length} certificates`;
    throw new Fault('InvalidRequest', `${request.kind} is sent with ${expected} signatures; ${came}`);
  }
  if (request.kind === 'authCertReg') {
    return [
      verifyRegistration(request.authCert, question),
      verifySigner(1, memberOf(request.server), question),
    ];
  }
  if (carriage === 'plain') return [];
  const signer = signerOf(request);
  if (signer === undefined) throw new Error(`${request.kind} is signed by nobody`);
  return [verifySigner(0, signer, question)];
}

/** The key of the new certificate signed: whoever sends it holds the key. */
function verifyRegistration(
  authCert: Buffer,
  { request, message, configuration, at }: EvidenceQuestion,
): Proof {
  const certificate = certificateAt(message, 0);
  if (!certificate.der.equals(authCert)) {
    throw new Fault(
      'IncorrectCertificate',
      'The certificate in the request is not the one that came with it',
    );
  }
  verifyAuthenticationCertificate({ certificate, instance: request.server.instance, configuration, at });
  verifyValue(message, 0, certificate);
  return {
    purpose: 'authentication',
    ...described(certificate),
    checks: ['same-certificate', 'trusted', 'signature'],
  };
}

function verifySigner(
  index: number,
  signer: MemberId,
  { message, configuration, at }: EvidenceQuestion,
): Proof {
  const certificate = certificateAt(message, index);
  verifySigningCertificate({
    certificate,
    extras: [],
    ocspResponses: message.ocspResponse === undefined ? [] : [message.ocspResponse],
    signer,
    configuration,
    at,
  });
  verifyValue(message, index, certificate);
  return {
    ...{ purpose: 'signing', member: printEncoded(signer), ...described(certificate) },
    // The one response that came along is the one that was found good.
    ...(message.ocspResponse !== undefined && {
      statusAt: parseOcspResponse(message.ocspResponse).producedAt.toISOString(),
    }),
    checks: ['trusted', 'member', 'status', 'signature'],
  };
}

function described({ subject, issuer, serialNumber, sha256, notAfter }: Certificate) {
  return {
    subject: subject.describe(),
    issuer: issuer.describe(),
    serialNumber: serialNumber.toString(16),
    sha256: sha256.toString('hex'),
    notAfter: notAfter.toISOString(),
  };
}

function verifyValue(message: SignedManagementMessage, index: number, certificate: Certificate): void {
  const signature = message.signatures[index];
  if (signature !== undefined && verifyDetached(signature, certificate, message.envelope)) return;
  const text = `The signature with the certificate of ${certificate.subject} does not fit the message`;
  throw new Fault('InvalidSignatureValue', text);
}

function certificateAt({ certificates }: SignedManagementMessage, index: number): Certificate {
  const der = certificates[index] ?? Buffer.alloc(0);
  try {
    return parseCertificate(der);
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error;
    throw new Fault('IncorrectCertificate', `Certificate ${index + 1} cannot be read: ${error.message}`, {
      cause: error,
    });
  }
}
