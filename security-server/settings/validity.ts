/** How long a right holds: from the first instant on, and until the last, which is not within; absent: without end. */
export interface Validity {
  readonly validFrom?: Date;
  readonly validUntil?: Date;
}

export type ValidityState = 'to-begin' | 'in-force' | 'ended';

/** What a right is at an instant. A right that ended stays on record until it is taken away or given anew. */
export function validityState({ validFrom, validUntil }: Validity, at: Date): ValidityState {
  if (validUntil !== undefined && validUntil.getTime() <= at.getTime()) return 'ended';
  return validFrom !== undefined && at.getTime() < validFrom.getTime() ? 'to-begin' : 'in-force';
}
