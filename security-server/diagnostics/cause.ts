/** A text in each language of the consoles. */
export interface Words {
  readonly en: string;
  readonly de: string;
}

/**
 * - `stops`: exchange, or the part of it that the subject names, does not work;
 * - `will-stop`: it works, and will not for long unless somebody acts;
 * - `warns`: exchange works without it, and something else is at stake.
 */
export type Severity = 'stops' | 'will-stop' | 'warns';

/** Who mends it: a role of this server's people, or somebody elsewhere. */
export type Mender =
  | 'system-administrator'
  | 'security-officer'
  | 'service-administrator'
  | 'registration-officer'
  | 'registry'
  | 'authority'
  | 'peer'
  | 'network';

/** Where the console shows it. */
export type Place =
  | 'tokens'
  | 'certificates'
  | 'configuration'
  | 'timestamping'
  | 'clock'
  | 'disk'
  | 'message-log'
  | 'archives'
  | 'backups'
  | 'clients'
  | 'services'
  | 'peers'
  | 'start';

/** One reason why exchange stops, or will, or why what protects it is missing. */
export interface Cause {
  readonly severity: Severity;
  readonly who: Mender;
  readonly place: Place;
  /** What was looked at, and how. */
  readonly checked: Words;
  readonly cause: Words;
  readonly remedy: Words;
}

export const say = (en: string, de: string): Words => ({ en, de });

/** Causes that are found by one look have that look in common. */
export function foundBy<const Code extends string>(
  common: Pick<Cause, 'place' | 'checked'>,
  causes: Readonly<Record<Code, Omit<Cause, 'place' | 'checked'>>>,
): Readonly<Record<Code, Cause>> {
  const entries = Object.entries<Omit<Cause, 'place' | 'checked'>>(causes);
  return Object.fromEntries(entries.map(([code, cause]) => [code, { ...common, ...cause }])) as Record<
    Code,
    Cause
  >;
}
