import type { Kysely } from 'kysely';
import type { RegisterTables } from './schema.ts';

/** The register within one transaction: what functions of this room read and change. */
export interface Book {
  readonly db: Kysely<RegisterTables>;
  readonly instance: string;
}
