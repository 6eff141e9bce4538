import type { Kysely } from 'kysely';
import type { SettingsTables } from '../settings/index.ts';
import { type SigningMode, signingModes } from './batch-signer.ts';

/** What tokens were set to, by id; one that nobody set is not in it. */
export async function savedSigningModes(db: Kysely<SettingsTables>): Promise<Map<string, SigningMode>> {
  const rows = await db.selectFrom('token').selectAll().execute();
  return new Map(rows.map(({ id, signing }) => [id, readMode(signing)]));
}

export async function saveSigningMode(
  db: Kysely<SettingsTables>,
  tokenId: string,
  signing: SigningMode,
): Promise<void> {
  await db
    .insertInto('token')
    .values({ id: tokenId, signing })
    .onConflict((conflict) => conflict.column('id').doUpdateSet({ signing }))
    .execute();
}

/** A later release may know modes that this one does not: deciding by itself is never wrong. */
function readMode(text: string): SigningMode {
  return signingModes.find((mode) => mode === text) ?? 'automatic';
}
