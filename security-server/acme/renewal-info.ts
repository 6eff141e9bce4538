import { integer, readDer } from '../../certs/der/index.ts';
import type { Certificate } from '../../certs/x509/index.ts';
import { renewalInfoSchema } from './documents.ts';
import type { AcmeSession } from './session.ts';

/** When the authority wishes a certificate to be renewed. */
export interface RenewalInfo {
  readonly startAt: Date;
  /** After `startAt`; both may lie in the past: then it is due. */
  readonly endAt: Date;
  /** Why it wishes so, when it is not the usual time. */
  readonly explanationUrl?: string;
  /** When to ask again. */
  readonly retryAfterMs: number;
}

const hourMs = 3600_000;
/** What is announced too often or too seldom is not followed. @see RFC 9773 §4.3.2 */
const [leastPauseMs, greatestPauseMs, usualPauseMs] = [60_000, 24 * hourMs, 6 * hourMs];

/**
 * Name of a certificate in renewal information.
 * @returns undefined for one that does not name its issuer's key
 * @see RFC 9773 §4.1
 */
export function renewalName({ authorityKeyIdentifier, serialNumber }: Certificate): string | undefined {
  if (authorityKeyIdentifier === undefined) return undefined;
  const serial = readDer(integer(serialNumber)).content;
  return `${authorityKeyIdentifier.toString('base64url')}.${serial.toString('base64url')}`;
}

/**
 * @returns undefined when the authority does not say, or the window it names is none
 * @throws AcmeError
 * @see RFC 9773 §4.2
 */
export async function fetchRenewalInfo(
  session: AcmeSession,
  certificate: Certificate,
): Promise<RenewalInfo | undefined> {
  const { renewalInfo } = session.directory;
  const name = renewalName(certificate);
  if (renewalInfo === undefined || name === undefined) return undefined;
  const url = `${renewalInfo.replace(/\/$/, '')}/${name}`;
  const { document, retryAfterMs } = await session.get(renewalInfoSchema, 'renewal information', url);
  const { suggestedWindow, explanationURL } = document;
  if (suggestedWindow.end <= suggestedWindow.start) return undefined;
  return {
    startAt: suggestedWindow.start,
    endAt: suggestedWindow.end,
    ...(explanationURL !== undefined && { explanationUrl: explanationURL }),
    retryAfterMs: Math.min(Math.max(retryAfterMs ?? usualPauseMs, leastPauseMs), greatestPauseMs),
  };
}
