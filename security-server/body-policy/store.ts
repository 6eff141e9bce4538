import type { ServiceId } from '../../gateway/identifier/index.ts';
import { openStore, type Store } from '../../gateway/store/index.ts';
import type { BodyPolicy } from '../message-log/index.ts';
import { type BodyPolicyRule, policyOf } from './body-policies.ts';

const steps = [
  `CREATE TABLE rule (
     scope TEXT NOT NULL, side TEXT NOT NULL, kind TEXT NOT NULL, days INTEGER, PRIMARY KEY (scope, side)
   ) STRICT, WITHOUT ROWID;`,
];

interface RuleRow {
  readonly scope: string;
  readonly side: BodyPolicyRule['side'];
  readonly kind: BodyPolicy['kind'];
  readonly days: number | null;
}

/** The body policies of a server, on disk and at hand. */
export class BodyPolicyStore {
  readonly #store: Store<{ rule: RuleRow }>;
  #rules: readonly BodyPolicyRule[];

  constructor(path: string) {
    this.#store = openStore(path, steps);
    this.#rules = this.#read();
  }

  /** In the order of their scopes. */
  list(): readonly BodyPolicyRule[] {
    return this.#rules;
  }

  of(service: ServiceId, side: BodyPolicyRule['side']): BodyPolicy {
    return policyOf(this.#rules, service, side);
  }

  /** In force for what is recorded from now on. */
  put({ scope, side, policy }: BodyPolicyRule): void {
    this.#store.database
      .prepare(
        `INSERT INTO rule (scope, side, kind, days) VALUES (?, ?, ?, ?)
         ON CONFLICT (scope, side) DO UPDATE SET kind = excluded.kind, days = excluded.days`,
      )
      .run(scope, side, policy.kind, policy.kind === 'days' ? policy.days : null);
    this.#rules = this.#read();
  }

  /** @returns whether there was one */
  remove(scope: string, side: BodyPolicyRule['side']): boolean {
    const { changes } = this.#store.database
      .prepare('DELETE FROM rule WHERE scope = ? AND side = ?')
      .run(scope, side);
    this.#rules = this.#read();
    return changes > 0;
  }

  close(): void {
    this.#store.close();
  }

  #read(): BodyPolicyRule[] {
    return this.#store.database
      .prepare<[], RuleRow>('SELECT * FROM rule ORDER BY scope, side')
      .all()
      .map(({ scope, side, kind, days }) => ({
        scope,
        side,
        policy: kind === 'days' ? { kind, days: days ?? 0 } : { kind },
      }));
  }
}
