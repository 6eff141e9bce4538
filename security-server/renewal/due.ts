import type { Certificate } from '../../certs/x509/index.ts';

type Life = Pick<Certificate, 'notBefore' | 'notAfter'>;

interface Window {
  readonly startAt: Date;
  readonly endAt: Date;
}

/** Of the life of a certificate, where nobody says otherwise. */
const usualPart = 2 / 3;
/** No authority may have us wait longer than this. */
const latestPart = 0.9;

/** When a certificate is renewed whose authority does not say. */
export function dueByAge(certificate: Life): Date {
  return at(certificate, usualPart);
}

/**
 * An instant of the window that an authority names, each as likely as the others, so that not all come at once.
 * @param random at least 0, below 1
 * @see RFC 9773 §4.2
 */
export function dueInWindow({ startAt, endAt }: Window, certificate: Life, random: number): Date {
  const chosen = startAt.getTime() + (endAt.getTime() - startAt.getTime()) * random;
  return new Date(Math.min(chosen, at(certificate, latestPart).getTime()));
}

function at({ notBefore, notAfter }: Life, part: number): Date {
  const [begin, end] = [notBefore.getTime(), notAfter.getTime()];
  return new Date(begin + (end - begin) * part);
}

const [firstPauseMs, greatestPauseMs] = [60_000, 6 * 3_600_000];

/** Pause after a failure: a minute, doubling, at most six hours. @param failures in a row, one at least */
export function pauseAfter(failures: number): number {
  return Math.min(firstPauseMs * 2 ** (failures - 1), greatestPauseMs);
}
