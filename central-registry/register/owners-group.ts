import type { Book } from './book.ts';
import { RegisterError } from './error.ts';

/** The global group of everybody who owns a security server; whoever is in it may send management requests. */
const ownersGroup = 'security-server-owners';

/**
 * Brings the group in step with the servers. It comes with the first server and stays after the last one, for
 * rights that servers gave to it would end with it.
 */
export async function refreshOwnersGroup({ db }: Book): Promise<void> {
  const owners = await db.selectFrom('server').select(['memberClass', 'memberCode']).distinct().execute();
  await db.deleteFrom('groupMember').where('groupCode', '=', ownersGroup).execute();
  if (owners.length === 0) return;
  await db
    .insertInto('globalGroup')
    .values({ code: ownersGroup, description: 'Owners of security servers' })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  for (const owner of owners) {
    await db
      .insertInto('groupMember')
      .values({ groupCode: ownersGroup, ...owner, subsystemCode: null })
      .execute();
  }
}

/** @throws RegisterError invalid for the group that is kept here */
export function requireEditable(code: string): void {
  if (code !== ownersGroup) return;
  throw new RegisterError('invalid', `group ${ownersGroup} follows the owners of servers and is not edited`);
}
