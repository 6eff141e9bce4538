import { type ClientId, printShort } from '../../gateway/identifier/index.ts';
import { type Book, requireOwn } from './book.ts';
import { clientColumns, clientOf } from './client-columns.ts';
import { RegisterError } from './error.ts';
import { requireClient } from './members.ts';
import type { GlobalGroup, GroupEntry } from './model.ts';
import { requireEditable } from './owners-group.ts';
import { checkCode, checkName } from './values.ts';

export async function listGroups({ db, instance }: Book): Promise<GroupEntry[]> {
  const members = new Map<string, ClientId[]>();
  const rows = await db
    .selectFrom('groupMember')
    .selectAll()
    .orderBy('memberClass')
    .orderBy('memberCode')
    .orderBy('subsystemCode')
    .execute();
  for (const row of rows) {
    const list = members.get(row.groupCode) ?? [];
    list.push(clientOf(instance, row));
    members.set(row.groupCode, list);
  }
  const groups = await db.selectFrom('globalGroup').selectAll().orderBy('code').execute();
  return groups.map(({ code, description }) => ({ code, description, members: members.get(code) ?? [] }));
}

/** Adds a group without members, or describes it anew. @throws RegisterError invalid */
export async function putGroup({ db }: Book, { code, description }: GlobalGroup): Promise<void> {
  requireEditable(code);
  checkCode(code);
  checkName(description, 'The description of a group');
  await db
    .insertInto('globalGroup')
    .values({ code, description })
    .onConflict((conflict) => conflict.column('code').doUpdateSet({ description }))
    .execute();
}

/** Access rights that servers gave to the group end with it. @throws RegisterError not-found, invalid */
export async function removeGroup({ db }: Book, code: string): Promise<void> {
  requireEditable(code);
  const { numDeletedRows } = await db.deleteFrom('globalGroup').where('code', '=', code).executeTakeFirst();
  if (numDeletedRows === 0n) throw noGroup(code);
}

/** @throws RegisterError not-found, exists, invalid */
export async function addGroupMember(book: Book, code: string, client: ClientId): Promise<void> {
  requireEditable(code);
  const { db } = book;
  const group = await db.selectFrom('globalGroup').select('code').where('code', '=', code).executeTakeFirst();
  if (group === undefined) throw noGroup(code);
  await requireClient(book, client);
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('groupMember')
    .values({ groupCode: code, ...clientColumns(client) })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  if (numInsertedOrUpdatedRows === 0n) {
    throw new RegisterError('exists', `${printShort(client)} is in group ${code} already`);
  }
}

/** @throws RegisterError not-found, invalid */
export async function removeGroupMember(book: Book, code: string, client: ClientId): Promise<void> {
  requireEditable(code);
  requireOwn(book, client);
  const { memberClass, memberCode, subsystemCode } = clientColumns(client);
  const { numDeletedRows } = await book.db
    .deleteFrom('groupMember')
    .where('groupCode', '=', code)
    .where('memberClass', '=', memberClass)
    .where('memberCode', '=', memberCode)
    .where('subsystemCode', 'is', subsystemCode)
    .executeTakeFirst();
  if (numDeletedRows === 0n) {
    throw new RegisterError('not-found', `${printShort(client)} is not in group ${code}`);
  }
}

function noGroup(code: string): RegisterError {
  return new RegisterError('not-found', `there is no global group ${code}`);
}
