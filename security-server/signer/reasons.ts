import { OcspError } from '../../certs/ocsp/index.ts';
import type { Token } from '../../certs/token/index.ts';
import type { OwnCertificate } from './own-certificates.ts';
import type { CertificateStatus } from './status-fetcher.ts';

/** Why a certificate of this server does not serve; the codes never change their meaning. */
export const reasonCodes = [
  'switched-off',
  'not-yet-valid',
  'expired',
  'revoked',
  'no-status',
  'token-away',
  'token-signed-out',
  'key-missing',
  'not-registered',
] as const;

export interface Reason {
  readonly code: (typeof reasonCodes)[number];
  /** A clause, for people. */
  readonly text: string;
}

export interface Known {
  readonly now: number;
  readonly status: CertificateStatus | undefined;
  /** Why the last question after its status was answered with nothing good. */
  readonly failure: Error | undefined;
}

/** What is wrong with a certificate itself. */
export function reasonsOfCertificate(
  { certificate, isActive }: OwnCertificate,
  { now, status, failure }: Known,
): Reason[] {
  const name = `certificate ${certificate.serialNumber.toString(16)}`;
  const reasons: Reason[] = [];
  if (!isActive) reasons.push({ code: 'switched-off', text: `${name} is switched off` });
  if (now < certificate.notBefore.getTime()) {
    const text = `${name} is not valid at this time, but from ${certificate.notBefore.toISOString()}`;
    reasons.push({ code: 'not-yet-valid', text });
  } else if (now > certificate.notAfter.getTime()) {
    const text = `${name} is not valid at this time: it ended at ${certificate.notAfter.toISOString()}`;
    reasons.push({ code: 'expired', text });
  }
  if (failure instanceof OcspError && failure.code === 'revoked') {
    reasons.push({
      code: 'revoked',
      text: `${name} has no good OCSP response: its authority has revoked it`,
    });
  } else if (status === undefined || now > status.validUntil.getTime()) {
    const why = failure === undefined ? '' : ` (${failure.message})`;
    reasons.push({ code: 'no-status', text: `${name} has no good OCSP response${why}` });
  }
  return reasons;
}

/** What is wrong with where its key lies. */
export function reasonsOfToken({ tokenId, keyId }: OwnCertificate, token: Token | undefined): Reason[] {
  if (token === undefined) {
    return [{ code: 'token-away', text: `token '${tokenId}' is not signed in: its device is not there` }];
  }
  if (!token.isActive()) return [{ code: 'token-signed-out', text: `token '${tokenId}' is not signed in` }];
  if (token.listKeys().some(({ id }) => id === keyId)) return [];
  return [{ code: 'key-missing', text: `token '${tokenId}' has no key ${keyId}` }];
}
