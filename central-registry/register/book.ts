import type { Kysely } from 'kysely';
import { type Identifier, printShort } from '../../gateway/identifier/index.ts';
import { RegisterError } from './error.ts';
import type { RegisterTables } from './schema.ts';

/** The register within one transaction: what functions of this room read and change. */
export interface Book {
  readonly db: Kysely<RegisterTables>;
  readonly instance: string;
}

/**
 * Tables leave the instance out, so an identifier is judged by it before they are asked: another instance's member
 * may have the same codes.
 * @throws RegisterError not-found
 */
export function requireOwn({ instance }: Book, id: Exclude<Identifier, { kind: 'LOCALGROUP' }>): void {
  if (id.instance !== instance) {
    throw new RegisterError('not-found', `${printShort(id)} is not of instance ${instance}`);
  }
}
