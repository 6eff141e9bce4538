import type { Expiry } from '../expiries/index.ts';

/** Days before the end on which it is told. */
export const thresholds = [60, 30, 7, 1] as const;

const dayMs = 86_400_000;
/** What ended longer ago is no news. */
const endedMs = 30 * dayMs;

type Told = Pick<Expiry, 'notBefore' | 'notAfter' | 'replacedBy' | 'renewsAt' | 'renewalTrouble'>;

/**
 * Of which threshold a certificate is to be told now: the least that it has reached, so that whoever hears of it late
 * hears of it once. None of what was replaced; of what renews itself, only where that is late or fails; none that is
 * longer than its whole life.
 */
export function thresholdOf(expiry: Told, now: Date): number | undefined {
  const { notAfter, replacedBy } = expiry;
  if (replacedBy !== undefined || now.getTime() - notAfter.getTime() > endedMs) return undefined;
  const daysLeft = (notAfter.getTime() - now.getTime()) / dayMs;
  return [...thresholds].reverse().find((days) => daysLeft <= days && isMeant(expiry, days));
}

function isMeant({ notBefore, notAfter, renewsAt, renewalTrouble }: Told, days: number): boolean {
  if (notAfter.getTime() - notBefore.getTime() <= days * dayMs) return false;
  if (renewsAt === undefined || renewalTrouble !== undefined) return true;
  // A day for the renewal itself.
  return notAfter.getTime() - days * dayMs > renewsAt.getTime() + dayMs;
}

/** Until it ends, by whole days; negative when it has ended. */
export function daysUntil(at: Date, now: Date): number {
  return Math.floor((at.getTime() - now.getTime()) / dayMs);
}
