import type { Book } from './book.ts';
import { RegisterError } from './error.ts';
import type { ConfigurationKey, ConfigurationSource } from './model.ts';

/** Keys of both sources, oldest first. */
export async function listKeys({ db }: Book): Promise<ConfigurationKey[]> {
  const rows = await db
    .selectFrom('configurationKey')
    .selectAll()
    .orderBy('createdAt')
    .orderBy('keyId')
    .execute();
  return rows.map(({ source, keyId, certificate, isActive, createdAt }) => ({
    source: source as ConfigurationSource,
    keyId,
    certificate,
    isActive: isActive === 1,
    createdAt: new Date(createdAt),
  }));
}

/**
 * Takes a new key into the anchor. The first of its source signs at once; a later one waits until it is activated,
 * so that every server can learn of it before it sees its first signature.
 */
export async function addKey({ db }: Book, key: Omit<ConfigurationKey, 'isActive'>): Promise<void> {
  const { source, keyId, certificate, createdAt } = key;
  const active = await findActive(db, source);
  await db
    .insertInto('configurationKey')
    .values({
      source,
      keyId,
      certificate,
      createdAt: createdAt.toISOString(),
      isActive: active === undefined ? 1 : 0,
    })
    .execute();
}

/** Lets a key sign from now on. The former one stays in the anchor until it is removed. @throws RegisterError not-found */
export async function activateKey({ db }: Book, keyId: string): Promise<void> {
  const { source } = await requireKey(db, keyId);
  await db.updateTable('configurationKey').set({ isActive: 0 }).where('source', '=', source).execute();
  await db.updateTable('configurationKey').set({ isActive: 1 }).where('keyId', '=', keyId).execute();
}

/** Takes a key out of the anchor. @throws RegisterError not-found; in-use for the key that signs */
export async function removeKey({ db }: Book, keyId: string): Promise<void> {
  const { isActive } = await requireKey(db, keyId);
  if (isActive === 1) {
    throw new RegisterError('in-use', `key ${keyId} signs the configuration: activate another one first`);
  }
  await db.deleteFrom('configurationKey').where('keyId', '=', keyId).execute();
}

async function requireKey(db: Book['db'], keyId: string) {
  const row = await db
    .selectFrom('configurationKey')
    .select(['source', 'isActive'])
    .where('keyId', '=', keyId)
    .executeTakeFirst();
  if (row === undefined) throw new RegisterError('not-found', `there is no configuration key ${keyId}`);
  return row;
}

function findActive(db: Book['db'], source: ConfigurationSource) {
  return db
    .selectFrom('configurationKey')
    .select('keyId')
    .where('source', '=', source)
    .where('isActive', '=', 1)
    .executeTakeFirst();
}
