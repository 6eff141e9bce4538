import type { ClientId, MemberId, SubsystemId } from '../../gateway/identifier/index.ts';
import { printEncoded, printShort } from '../../gateway/identifier/index.ts';
import { type Book, requireOwn } from './book.ts';
import { RegisterError } from './error.ts';
import type { Member, MemberClass, Subsystem } from './model.ts';
import { checkCode, checkName } from './values.ts';

export async function listMemberClasses({ db }: Book): Promise<MemberClass[]> {
  return db.selectFrom('memberClass').selectAll().orderBy('code').execute();
}

export async function findMemberClass({ db }: Book, code: string): Promise<MemberClass | undefined> {
  return db.selectFrom('memberClass').selectAll().where('code', '=', code).executeTakeFirst();
}

/** @throws RegisterError invalid */
export function checkMemberClass({ code, description }: MemberClass): void {
  checkCode(code);
  checkName(description, 'The description of a member class');
}

/** Adds a class, or describes it anew. */
export async function putMemberClass({ db }: Book, { code, description }: MemberClass): Promise<void> {
  checkMemberClass({ code, description });
  await db
    .insertInto('memberClass')
    .values({ code, description })
    .onConflict((conflict) => conflict.column('code').doUpdateSet({ description }))
    .execute();
}

/** @throws RegisterError not-found; in-use while it has members */
export async function removeMemberClass({ db }: Book, code: string): Promise<void> {
  const member = await db
    .selectFrom('member')
    .select('memberCode')
    .where('memberClass', '=', code)
    .executeTakeFirst();
  if (member !== undefined) throw new RegisterError('in-use', `member class ${code} has members`);
  const { numDeletedRows } = await db.deleteFrom('memberClass').where('code', '=', code).executeTakeFirst();
  if (numDeletedRows === 0n) throw new RegisterError('not-found', `there is no member class ${code}`);
}

export async function listMembers({ db, instance }: Book): Promise<Member[]> {
  const rows = await db
    .selectFrom('member')
    .selectAll()
    .orderBy('memberClass')
    .orderBy('memberCode')
    .execute();
  return rows.map(({ memberClass, memberCode, name }) => ({
    id: { kind: 'MEMBER', instance, memberClass, memberCode },
    name,
  }));
}

export async function findMember({ db, instance }: Book, id: MemberId): Promise<Member | undefined> {
  if (id.instance !== instance) return undefined;
  const row = await db
    .selectFrom('member')
    .select('name')
    .where('memberClass', '=', id.memberClass)
    .where('memberCode', '=', id.memberCode)
    .executeTakeFirst();
  return row && { id, name: row.name };
}

/** @throws RegisterError exists; not-found when its class is not registered; invalid */
export async function addMember(book: Book, { id, name }: Member): Promise<void> {
  const { memberClass, memberCode } = id;
  requireOwn(book, id);
  checkCode(memberCode);
  checkName(name, 'The name of a member');
  const { db } = book;
  const known = await db
    .selectFrom('memberClass')
    .select('code')
    .where('code', '=', memberClass)
    .executeTakeFirst();
  if (known === undefined) throw new RegisterError('not-found', `there is no member class ${memberClass}`);
  if (await isRegistered(book, id)) {
    throw new RegisterError('exists', `${printShort(id)} is registered already`);
  }
  await db.insertInto('member').values({ memberClass, memberCode, name }).execute();
}

/** @throws RegisterError not-found, invalid */
export async function renameMember(book: Book, { id, name }: Member): Promise<void> {
  requireOwn(book, id);
  checkName(name, 'The name of a member');
  const { numUpdatedRows } = await book.db
    .updateTable('member')
    .set({ name })
    .where('memberClass', '=', id.memberClass)
    .where('memberCode', '=', id.memberCode)
    .executeTakeFirst();
  if (numUpdatedRows === 0n) throw notRegistered(id);
}

/**
 * Removes a member from the register and from groups.
 * @throws RegisterError not-found; in-use while it has subsystems, owns a server or is a client of one
 */
export async function removeMember(book: Book, id: MemberId): Promise<void> {
  requireOwn(book, id);
  const { db } = book;
  const { memberClass, memberCode } = id;
  for (const table of ['subsystem', 'server', 'serverClient'] as const) {
    const user = await db
      .selectFrom(table)
      .select('memberCode')
      .where('memberClass', '=', memberClass)
      .where('memberCode', '=', memberCode)
      .executeTakeFirst();
    if (user === undefined) continue;
    const what = {
      subsystem: 'has subsystems',
      server: 'owns security servers',
      serverClient: 'is a client',
    };
    throw new RegisterError('in-use', `${printShort(id)} ${what[table]}: remove those first`);
  }
  await requireNotMonitoring(book, id);
  const { numDeletedRows } = await db
    .deleteFrom('member')
    .where('memberClass', '=', memberClass)
    .where('memberCode', '=', memberCode)
    .executeTakeFirst();
  if (numDeletedRows === 0n) throw notRegistered(id);
}

export async function listSubsystems({ db, instance }: Book): Promise<Subsystem[]> {
  const rows = await db
    .selectFrom('subsystem')
    .selectAll()
    .orderBy('memberClass')
    .orderBy('memberCode')
    .orderBy('subsystemCode')
    .execute();
  return rows.map(({ name, ...codes }) => ({
    id: { kind: 'SUBSYSTEM', instance, ...codes },
    ...(name !== null && { name }),
  }));
}

export async function findSubsystem({ db, instance }: Book, id: SubsystemId): Promise<Subsystem | undefined> {
  if (id.instance !== instance) return undefined;
  const row = await db
    .selectFrom('subsystem')
    .select('name')
    .where('memberClass', '=', id.memberClass)
    .where('memberCode', '=', id.memberCode)
    .where('subsystemCode', '=', id.subsystemCode)
    .executeTakeFirst();
  return row && { id, ...(row.name !== null && { name: row.name }) };
}

/** @throws RegisterError exists; not-found when its member is not registered; invalid */
export async function addSubsystem(book: Book, { id, name }: Subsystem): Promise<void> {
  const { memberClass, memberCode, subsystemCode } = id;
  checkCode(subsystemCode);
  if (name !== undefined) checkName(name, 'The name of a subsystem');
  await requireClient(book, { kind: 'MEMBER', instance: id.instance, memberClass, memberCode });
  if (await isRegistered(book, id)) {
    throw new RegisterError('exists', `${printShort(id)} is registered already`);
  }
  await book.db
    .insertInto('subsystem')
    .values({ memberClass, memberCode, subsystemCode, name: name ?? null })
    .execute();
}

/** Names a subsystem anew; undefined takes the name away. @throws RegisterError not-found, invalid */
export async function renameSubsystem(book: Book, { id, name }: Subsystem): Promise<void> {
  requireOwn(book, id);
  if (name !== undefined) checkName(name, 'The name of a subsystem');
  const { numUpdatedRows } = await book.db
    .updateTable('subsystem')
    .set({ name: name ?? null })
    .where('memberClass', '=', id.memberClass)
    .where('memberCode', '=', id.memberCode)
    .where('subsystemCode', '=', id.subsystemCode)
    .executeTakeFirst();
  if (numUpdatedRows === 0n) throw notRegistered(id);
}

/** Removes it from groups too. @throws RegisterError not-found; in-use while it is a client of a server */
export async function removeSubsystem(book: Book, id: SubsystemId): Promise<void> {
  requireOwn(book, id);
  const { db } = book;
  const client = await db
    .selectFrom('serverClient')
    .select('serverCode')
    .where('memberClass', '=', id.memberClass)
    .where('memberCode', '=', id.memberCode)
    .where('subsystemCode', '=', id.subsystemCode)
    .executeTakeFirst();
  if (client !== undefined) {
    throw new RegisterError(
      'in-use',
      `${printShort(id)} is a client of security server ${client.serverCode}`,
    );
  }
  await requireNotMonitoring(book, id);
  const { numDeletedRows } = await db
    .deleteFrom('subsystem')
    .where('memberClass', '=', id.memberClass)
    .where('memberCode', '=', id.memberCode)
    .where('subsystemCode', '=', id.subsystemCode)
    .executeTakeFirst();
  if (numDeletedRows === 0n) throw notRegistered(id);
}

/** @throws RegisterError not-found */
export async function requireClient(book: Book, id: ClientId): Promise<void> {
  requireOwn(book, id);
  if (!(await isRegistered(book, id))) throw notRegistered(id);
}

/** Whether it is in the register; one of another instance never is. */
export async function isRegistered({ db, instance }: Book, id: ClientId): Promise<boolean> {
  if (id.instance !== instance) return false;
  const { memberClass, memberCode } = id;
  const row =
    id.kind === 'MEMBER'
      ? await db
          .selectFrom('member')
          .select('memberCode')
          .where('memberClass', '=', memberClass)
          .where('memberCode', '=', memberCode)
          .executeTakeFirst()
      : await db
          .selectFrom('subsystem')
          .select('memberCode')
          .where('memberClass', '=', memberClass)
          .where('memberCode', '=', memberCode)
          .where('subsystemCode', '=', id.subsystemCode)
          .executeTakeFirst();
  return row !== undefined;
}

/** Whoever registers the same codes later must not find the right to read everybody's monitoring data. */
async function requireNotMonitoring({ db }: Book, id: ClientId): Promise<void> {
  const row = await db
    .selectFrom('setting')
    .select('value')
    .where('name', '=', 'monitoringClient')
    .executeTakeFirst();
  if (row?.value === printEncoded(id)) {
    throw new RegisterError(
      'in-use',
      `${printShort(id)} is the monitoring client: set another one, or none, first`,
    );
  }
}

function notRegistered(id: ClientId): RegisterError {
  return new RegisterError('not-found', `${printShort(id)} is not registered`);
}
