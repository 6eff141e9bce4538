import {
  type ClientId,
  identifierKey,
  type MemberId,
  memberOf,
  printShort,
  type ServerId,
} from '../../gateway/identifier/index.ts';
import { type Book, requireOwn } from './book.ts';
import { clientColumns } from './client-columns.ts';
import { RegisterError } from './error.ts';
import { refreshOwnersGroup } from './owners-group.ts';
import { addServerClient, isServer, ownerColumns, removeServerClient, requireServer } from './servers.ts';

/** How a client stands on a server; the owner is a client without being registered as one. */
export type ClientState = 'owner' | 'enabled' | 'disabled' | 'none';

/** @throws RegisterError not-found for an unknown server, or another instance's client */
export async function clientState(book: Book, server: ServerId, client: ClientId): Promise<ClientState> {
  await requireServer(book, server);
  requireOwn(book, client);
  if (identifierKey(client) === identifierKey(memberOf(server))) return 'owner';
  const row = await clientRow(book, server, client).executeTakeFirst();
  if (row === undefined) return 'none';
  return row.isDisabled === 1 ? 'disabled' : 'enabled';
}

/** Takes a client out of exchanges, or lets it in again; it stays registered. @throws RegisterError not-found */
export async function setClientEnabled(
  book: Book,
  server: ServerId,
  client: ClientId,
  isEnabled: boolean,
): Promise<void> {
  const state = await clientState(book, server, client);
  if (state !== 'enabled' && state !== 'disabled') {
    throw new RegisterError('not-found', `${printShort(client)} is not registered on ${printShort(server)}`);
  }
  const columns = clientColumns(client);
  const owner = ownerColumns(server);
  await book.db
    .updateTable('serverClient')
    .set({ isDisabled: isEnabled ? 0 : 1 })
    .where('ownerClass', '=', owner.ownerClass)
    .where('ownerCode', '=', owner.ownerCode)
    .where('serverCode', '=', owner.serverCode)
    .where('memberClass', '=', columns.memberClass)
    .where('memberCode', '=', columns.memberCode)
    .where('subsystemCode', 'is', columns.subsystemCode)
    .execute();
}

/**
 * Gives a server to another member, who must be its client. The former owner becomes a client, for its subsystems
 * may go on using the server.
 * @returns the server under its new owner
 * @throws RegisterError not-found; invalid for a member who is no client; exists when the member has a server of that code
 */
export async function changeServerOwner(book: Book, server: ServerId, owner: MemberId): Promise<ServerId> {
  const state = await clientState(book, server, owner);
  if (state !== 'enabled') {
    throw new RegisterError(
      'invalid',
      `${printShort(owner)} is not a client in use of ${printShort(server)}`,
    );
  }
  const renamed: ServerId = { ...server, memberClass: owner.memberClass, memberCode: owner.memberCode };
  if (await isServer(book, renamed)) {
    throw new RegisterError('exists', `${printShort(renamed)} is registered already`);
  }
  const { db } = book;
  const { memberClass, memberCode, serverCode } = server;
  const former = ownerColumns(server);
  const next = ownerColumns(renamed);
  await removeServerClient(book, server, owner);
  const row = await db
    .selectFrom('server')
    .selectAll()
    .where('memberClass', '=', memberClass)
    .where('memberCode', '=', memberCode)
    .where('serverCode', '=', serverCode)
    .executeTakeFirstOrThrow();
  await db
    .insertInto('server')
    .values({ ...row, memberClass: owner.memberClass, memberCode: owner.memberCode })
    .execute();
  // What belongs to the server goes over before its former entry is removed, which would take it along.
  for (const table of ['authenticationCertificate', 'serverClient'] as const) {
    await db
      .updateTable(table)
      .set(next)
      .where('ownerClass', '=', former.ownerClass)
      .where('ownerCode', '=', former.ownerCode)
      .where('serverCode', '=', former.serverCode)
      .execute();
  }
  await db
    .deleteFrom('server')
    .where('memberClass', '=', memberClass)
    .where('memberCode', '=', memberCode)
    .where('serverCode', '=', serverCode)
    .execute();
  await addServerClient(book, renamed, memberOf(server));
  await refreshOwnersGroup(book);
  return renamed;
}

function clientRow(book: Book, server: ServerId, client: ClientId) {
  const columns = clientColumns(client);
  const owner = ownerColumns(server);
  return book.db
    .selectFrom('serverClient')
    .select('isDisabled')
    .where('ownerClass', '=', owner.ownerClass)
    .where('ownerCode', '=', owner.ownerCode)
    .where('serverCode', '=', owner.serverCode)
    .where('memberClass', '=', columns.memberClass)
    .where('memberCode', '=', columns.memberCode)
    .where('subsystemCode', 'is', columns.subsystemCode);
}
