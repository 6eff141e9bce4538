import type { KeySpec } from '../../certs/key/index.ts';
import type { Backups } from '../../gateway/backup/index.ts';
import type { Journal } from '../../gateway/journal/index.ts';
import type { Act, History } from '../history/index.ts';
import type { InvitingContext } from '../invitations/index.ts';
import type { Anchor, PublicationState, SeenConfiguration } from '../publication/index.ts';
import type { ConfigurationSource, Register } from '../register/index.ts';

/** What the administration API acts on. */
export interface AdminContext {
  /** Audit log of this registry's administration. */
  readonly journal: Journal;
  /** Of this registry itself. */
  readonly backups: Backups;
  readonly register: Register;
  readonly history: History;
  readonly now: () => Date;
  readonly publicationState: () => PublicationState;
  /** Which configuration a server has, as it says itself. @param server encoded form */
  readonly configurationOf: (server: string) => SeenConfiguration | undefined;
  /** @throws RegisterError not-found while the source has no key */
  readonly anchor: (source: ConfigurationSource) => Promise<Anchor>;
  /** @returns the new key's name @throws TokenError not-active */
  readonly createKey: (act: Act, source: ConfigurationSource, spec: KeySpec | undefined) => Promise<string>;
  /** @throws RegisterError not-found, in-use */
  readonly deleteKey: (act: Act, keyId: string) => Promise<void>;
  /** What it takes to invite administrations. */
  readonly inviting: InvitingContext;
}
