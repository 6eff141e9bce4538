import { OcspError, type OcspErrorCode } from '../../../certs/ocsp/index.ts';
import type { GlobalConfiguration } from '../../../gateway/configuration/index.ts';
import { printEncoded } from '../../../gateway/identifier/index.ts';
import { issuersOf } from '../../../gateway/trust/index.ts';
import type { AskedState } from '../../asked/index.ts';
import type { CertificateStatus, OwnCertificate } from '../../signer/index.ts';
import type { CauseCode } from '../causes/index.ts';
import { failureKind } from '../failure-kind.ts';
import { type Found, messageOf } from '../found.ts';

export interface StatusSources {
  readonly certificates: readonly OwnCertificate[];
  readonly statusOf: (own: OwnCertificate) => CertificateStatus | undefined;
  readonly configuration: GlobalConfiguration | undefined;
  /** How the responders answered last. */
  readonly asked: readonly AskedState[];
  readonly now: Date;
}

/** Whether peers would take each active certificate, and whether they will. */
export function checkStatuses({ certificates, now, ...sources }: StatusSources): Found[] {
  return certificates
    .filter(({ isActive, certificate }) => isActive && now <= certificate.notAfter)
    .flatMap((own) => checkStatus(own, { ...sources, now }));
}

/** What a certificate is called among the diagnoses. */
export function nameOf({ use, member, certificate }: OwnCertificate): string {
  const whose = member === undefined ? use : `${use} ${printEncoded(member)}`;
  return `${whose} ${certificate.serialNumber.toString(16)}`;
}

function checkStatus(own: OwnCertificate, sources: Omit<StatusSources, 'certificates'>): Found[] {
  const { configuration, statusOf, now } = sources;
  const subject = nameOf(own);
  const status = statusOf(own);
  const isGood = status !== undefined && now <= status.validUntil;
  const sha256 = own.certificate.sha256.toString('hex');
  let asked = sources.asked.filter(({ last }) => last.certificate === sha256);
  if (configuration !== undefined) {
    const issuers = issuersOf(own.certificate, configuration.instance, configuration);
    const detail = own.certificate.issuer.toString();
    if (issuers.length === 0) return [{ code: 'authority-not-approved', subject, detail }];
    if (issuers.every(({ ocspResponders }) => ocspResponders.length === 0)) {
      return [{ code: 'ocsp-responder-unknown', subject, detail }];
    }
    // What was asked of others before says nothing of those that count now.
    const current = new Set(issuers.flatMap(({ ocspResponders }) => ocspResponders.map(({ url }) => url)));
    asked = asked.filter(({ last }) => current.has(last.url));
  }
  const failing = asked.filter(({ failsSince }) => failsSince !== undefined);
  const isAnswered = asked.some(({ failsSince }) => failsSince === undefined);
  const found = failing.map(({ last, failsSince = last.answeredAt }): Found => {
    const code = codeOf(last.error);
    const detail = `${last.url}: ${messageOf(last.error)}`;
    const about = { code, subject, detail, since: new Date(failsSince) };
    if (code === 'ocsp-revoked') return about;
    return { ...about, severity: isAnswered ? 'warns' : isGood ? 'will-stop' : 'stops' };
  });
  if (isGood || found.length > 0) return found;
  return [
    {
      ...{ code: 'ocsp-missing', subject },
      ...(status !== undefined && { detail: `the last was good until ${status.validUntil.toISOString()}` }),
    },
  ];
}

const codes: Readonly<Record<OcspErrorCode, CauseCode>> = {
  malformed: 'ocsp-responder-refuses',
  'not-successful': 'ocsp-responder-refuses',
  'wrong-certificate': 'ocsp-not-trusted',
  signature: 'ocsp-not-trusted',
  unauthorised: 'ocsp-not-trusted',
  stale: 'ocsp-stale',
  'next-update': 'ocsp-stale',
  future: 'clock-behind',
  revoked: 'ocsp-revoked',
  unknown: 'ocsp-unknown',
};

function codeOf(error: unknown): CauseCode {
  if (error instanceof OcspError) return codes[error.code];
  return failureKind(error) === 'other' ? 'ocsp-responder-refuses' : 'ocsp-responder-unreachable';
}
