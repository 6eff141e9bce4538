import { checkKeyStrength, KeyError } from '../key/index.ts';
import { type Certificate, isIssuedBy, isSameCertificate } from './certificate.ts';
import { CertificateError } from './error.ts';

export interface PathQuestion {
  readonly leaf: Certificate;
  /** Certificates that may stand between leaf and anchor; nobody vouches for them. */
  readonly extras: readonly Certificate[];
  /** Trusted authorities. Their own validity is the decision of whoever listed them, as in RFC 5280 §6.1.1. */
  readonly anchors: readonly Certificate[];
  readonly at: Date;
}

/** Longer chains do not occur, and each step costs signature checks that a stranger could make us do. */
const maxLength = 8;

/**
 * Finds and checks the way from a certificate to a trusted authority.
 * @returns leaf first, anchor last
 * @throws CertificateError no-path, expired, not-yet-valid, not-a-ca, path-length, weak, critical-extension
 * @see RFC 5280 §6
 */
export function buildPath({ leaf, extras, anchors, at }: PathQuestion): Certificate[] {
  const path = [leaf];
  for (let current = leaf; path.length < maxLength; ) {
    const anchor = anchors.find((one) => isIssuedBy(current, one));
    if (anchor !== undefined) {
      path.push(anchor);
      checkPath(path, at);
      return path;
    }
    if (current.signatureAlgorithm === undefined) {
      throw new CertificateError(
        'weak',
        `${describe(current)} is signed with an algorithm that is not accepted`,
      );
    }
    const issuer = extras.find(
      (one) => !path.some((used) => isSameCertificate(used, one)) && isIssuedBy(current, one),
    );
    if (issuer === undefined) break;
    path.push(issuer);
    current = issuer;
  }
  throw new CertificateError('no-path', `no trusted authority is known that issued ${describe(leaf)}`);
}

function checkPath(path: readonly Certificate[], at: Date): void {
  for (const [index, certificate] of path.entries()) {
    const isAnchor = index === path.length - 1;
    if (!isAnchor) {
      checkDates(certificate, at);
      checkContents(certificate);
    }
    if (index > 0) checkAuthority(certificate, index - 1, isAnchor);
  }
}

function checkDates(certificate: Certificate, at: Date): void {
  if (at > certificate.notAfter) {
    throw new CertificateError('expired', `${describe(certificate)} expired at ${iso(certificate.notAfter)}`);
  }
  if (at < certificate.notBefore) {
    throw new CertificateError(
      'not-yet-valid',
      `${describe(certificate)} is valid from ${iso(certificate.notBefore)}`,
    );
  }
}

function checkContents(certificate: Certificate): void {
  const [unknown] = certificate.unknownCritical;
  if (unknown !== undefined) {
    throw new CertificateError(
      'critical-extension',
      `${describe(certificate)} has the critical extension ${unknown}`,
    );
  }
  try {
    checkKeyStrength(certificate.publicKey);
  } catch (error) {
    if (!(error instanceof KeyError)) throw error;
    throw new CertificateError('weak', `${describe(certificate)} has a weak key: ${error.message}`, {
      cause: error,
    });
  }
}

/** @param below how many authorities stand between this one and the leaf */
function checkAuthority(certificate: Certificate, below: number, isAnchor: boolean): void {
  const { basicConstraints, keyUsage } = certificate;
  if (!isAnchor && basicConstraints?.ca !== true) {
    throw new CertificateError('not-a-ca', `${describe(certificate)} is not an authority`);
  }
  if (!isAnchor && keyUsage !== undefined && !keyUsage.has('keyCertSign')) {
    throw new CertificateError('not-a-ca', `${describe(certificate)} may not sign certificates`);
  }
  if (basicConstraints?.pathLength !== undefined && below > basicConstraints.pathLength) {
    throw new CertificateError('path-length', `too many authorities below ${describe(certificate)}`);
  }
}

function describe(certificate: Certificate): string {
  return `the certificate of ${certificate.subject}`;
}

function iso(at: Date): string {
  return at.toISOString();
}
