import { type Certificate, CertificateError, parseCertificate } from '../../certs/x509/index.ts';
import type { GlobalConfiguration } from '../../gateway/configuration/index.ts';
import { Fault } from '../../gateway/fault/index.ts';
import { type MemberId, memberOf } from '../../gateway/identifier/index.ts';
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
 * Verifies that a request carries the signatures its kind needs, over the very bytes of the message, and no others.
 * @throws Fault InvalidRequest for signatures of another kind of request, InvalidSignatureValue,
 *   IncorrectCertificate, and what the verification of certificates throws
 * @see X-Road management services protocol
 */
export function verifyEvidence(question: EvidenceQuestion): void {
  const { request, message } = question;
  const carriage = carriageOf(request.kind);
  const expected = { plain: 0, multipart: 1, registration: 2 }[carriage];
  if (message.signatures.length !== expected || message.certificates.length !== expected) {
    const came = `${message.signatures.length} came with ${message.certificates.length} certificates`;
    throw new Fault('InvalidRequest', `${request.kind} is sent with ${expected} signatures; ${came}`);
  }
  if (request.kind === 'authCertReg') {
    verifyRegistration(request.authCert, question);
    verifySigner(1, memberOf(request.server), question);
    return;
  }
  if (carriage === 'plain') return;
  const signer = signerOf(request);
  if (signer === undefined) throw new Error(`${request.kind} is signed by nobody`);
  verifySigner(0, signer, question);
}

/** The key of the new certificate signed: whoever sends it holds the key. */
function verifyRegistration(
  authCert: Buffer,
  { request, message, configuration, at }: EvidenceQuestion,
): void {
  const certificate = certificateAt(message, 0);
  if (!certificate.der.equals(authCert)) {
    throw new Fault(
      'IncorrectCertificate',
      'The certificate in the request is not the one that came with it',
    );
  }
  verifyAuthenticationCertificate({ certificate, instance: request.server.instance, configuration, at });
  verifyValue(message, 0, certificate);
}

function verifySigner(
  index: number,
  signer: MemberId,
  { message, configuration, at }: EvidenceQuestion,
): void {
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
