import {
  type ClientId,
  identifierKey,
  memberOf,
  printShort,
  type ServerId,
} from '../../gateway/identifier/index.ts';
import { type Book, requireOwn } from './book.ts';
import { clientColumns, clientOf } from './client-columns.ts';
import { RegisterError } from './error.ts';
import { requireClient } from './members.ts';
import type { Maintenance, SecurityServer, ServerEntry } from './model.ts';
import { refreshOwnersGroup } from './owners-group.ts';
import { checkAddress, checkCode, checkName, readCertificate } from './values.ts';

export async function listServers(book: Book): Promise<ServerEntry[]> {
  const { db, instance } = book;
  const certificates = new Map<string, Buffer[]>();
  for (const row of await db
    .selectFrom('authenticationCertificate')
    .selectAll()
    .orderBy('sha256')
    .execute()) {
    append(certificates, ownerKey(row), row.certificate);
  }
  const clients = new Map<string, ClientId[]>();
  const clientRows = await db
    .selectFrom('serverClient')
    .selectAll()
    .orderBy('memberClass')
    .orderBy('memberCode')
    .orderBy('subsystemCode')
    .execute();
  const disabled = new Map<string, ClientId[]>();
  for (const row of clientRows) {
    append(row.isDisabled === 1 ? disabled : clients, ownerKey(row), clientOf(instance, row));
  }
  const rows = await db
    .selectFrom('server')
    .selectAll()
    .orderBy('memberClass')
    .orderBy('memberCode')
    .orderBy('serverCode')
    .execute();
  return rows.map(({ memberClass, memberCode, serverCode, address, isInMaintenance, maintenanceMessage }) => {
    const key = ownerKey({ ownerClass: memberClass, ownerCode: memberCode, serverCode });
    return {
      id: { kind: 'SERVER', instance, memberClass, memberCode, serverCode },
      address,
      ...maintenanceOf({ isInMaintenance, maintenanceMessage }),
      authenticationCertificates: certificates.get(key) ?? [],
      clients: clients.get(key) ?? [],
      disabledClients: disabled.get(key) ?? [],
    };
  });
}

/** @throws RegisterError exists; not-found when its owner is not registered; invalid */
export async function addServer(book: Book, { id, address, maintenance }: SecurityServer): Promise<void> {
  checkCode(id.serverCode);
  checkAddress(address);
  await requireClient(book, memberOf(id));
  if (await isServer(book, id)) throw new RegisterError('exists', `${printShort(id)} is registered already`);
  const { memberClass, memberCode, serverCode } = id;
  const values = { memberClass, memberCode, serverCode, address, ...maintenanceColumns(maintenance) };
  await book.db.insertInto('server').values(values).execute();
  await refreshOwnersGroup(book);
}

/** Gives a server a new address and state of maintenance. @throws RegisterError not-found, invalid */
export async function changeServer(book: Book, { id, address, maintenance }: SecurityServer): Promise<void> {
  checkAddress(address);
  await requireServer(book, id);
  await book.db
    .updateTable('server')
    .set({ address, ...maintenanceColumns(maintenance) })
    .where('memberClass', '=', id.memberClass)
    .where('memberCode', '=', id.memberCode)
    .where('serverCode', '=', id.serverCode)
    .execute();
}

/** Its certificates and clients go with it; the clients stay registered. @throws RegisterError not-found */
export async function removeServer(book: Book, id: ServerId): Promise<void> {
  await requireServer(book, id);
  await book.db
    .deleteFrom('server')
    .where('memberClass', '=', id.memberClass)
    .where('memberCode', '=', id.memberCode)
    .where('serverCode', '=', id.serverCode)
    .execute();
  await refreshOwnersGroup(book);
}

/** @throws RegisterError exists, not-found; invalid for the owner, who is a client of its servers by itself */
export async function addServerClient(book: Book, server: ServerId, client: ClientId): Promise<void> {
  await requireServer(book, server);
  await requireClient(book, client);
  if (identifierKey(client) === identifierKey(memberOf(server))) {
    throw new RegisterError('invalid', `${printShort(client)} owns the server and is its client by that`);
  }
  const values = { ...ownerColumns(server), ...clientColumns(client), isDisabled: 0 };
  const { numInsertedOrUpdatedRows } = await book.db
    .insertInto('serverClient')
    .values(values)
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  if (numInsertedOrUpdatedRows === 0n) {
    throw new RegisterError('exists', `${printShort(client)} is a client of ${printShort(server)} already`);
  }
}

/** @throws RegisterError not-found */
export async function removeServerClient(book: Book, server: ServerId, client: ClientId): Promise<void> {
  await requireServer(book, server);
  requireOwn(book, client);
  const { subsystemCode, ...member } = clientColumns(client);
  const owner = ownerColumns(server);
  const { numDeletedRows } = await book.db
    .deleteFrom('serverClient')
    .where('ownerClass', '=', owner.ownerClass)
    .where('ownerCode', '=', owner.ownerCode)
    .where('serverCode', '=', owner.serverCode)
    .where('memberClass', '=', member.memberClass)
    .where('memberCode', '=', member.memberCode)
    .where('subsystemCode', 'is', subsystemCode)
    .executeTakeFirst();
  if (numDeletedRows === 0n) {
    throw new RegisterError('not-found', `${printShort(client)} is not a client of ${printShort(server)}`);
  }
}

/**
 * Registers a certificate with which the server may present itself.
 * @param certificate DER or PEM
 * @returns hex SHA-256 of its DER
 * @throws RegisterError not-found, invalid; exists when this or another server has it
 */
export async function addAuthenticationCertificate(
  book: Book,
  server: ServerId,
  certificate: Uint8Array,
): Promise<string> {
  await requireServer(book, server);
  const { der, sha256 } = readCertificate(certificate, 'The authentication certificate');
  const taken = await book.db
    .selectFrom('authenticationCertificate')
    .select('serverCode')
    .where('sha256', '=', sha256)
    .executeTakeFirst();
  // Peers find a server by its certificate: one certificate for two servers would let one pass for the other.
  if (taken !== undefined) {
    throw new RegisterError('exists', `the certificate is registered for server ${taken.serverCode} already`);
  }
  await book.db
    .insertInto('authenticationCertificate')
    .values({ sha256, certificate: der, ...ownerColumns(server) })
    .execute();
  return sha256;
}

/** The server a certificate is registered for. @param sha256 hex */
export async function serverOfCertificate(book: Book, sha256: string): Promise<ServerId | undefined> {
  const row = await book.db
    .selectFrom('authenticationCertificate')
    .select(['ownerClass', 'ownerCode', 'serverCode'])
    .where('sha256', '=', sha256)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const { ownerClass: memberClass, ownerCode: memberCode, serverCode } = row;
  return { kind: 'SERVER', instance: book.instance, memberClass, memberCode, serverCode };
}

/** @param sha256 hex @throws RegisterError not-found */
export async function removeAuthenticationCertificate(
  book: Book,
  server: ServerId,
  sha256: string,
): Promise<void> {
  await requireServer(book, server);
  const owner = ownerColumns(server);
  const { numDeletedRows } = await book.db
    .deleteFrom('authenticationCertificate')
    .where('sha256', '=', sha256.toLowerCase())
    .where('ownerClass', '=', owner.ownerClass)
    .where('ownerCode', '=', owner.ownerCode)
    .where('serverCode', '=', owner.serverCode)
    .executeTakeFirst();
  if (numDeletedRows === 0n) {
    throw new RegisterError('not-found', `${printShort(server)} has no certificate ${sha256}`);
  }
}

/** A server without its certificates and clients. @throws RegisterError not-found for one of another instance */
export async function findServer(book: Book, id: ServerId): Promise<SecurityServer | undefined> {
  requireOwn(book, id);
  const row = await book.db
    .selectFrom('server')
    .selectAll()
    .where('memberClass', '=', id.memberClass)
    .where('memberCode', '=', id.memberCode)
    .where('serverCode', '=', id.serverCode)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  return { id, address: row.address, ...maintenanceOf(row) };
}

/** @throws RegisterError not-found */
export async function requireServer(book: Book, id: ServerId): Promise<void> {
  requireOwn(book, id);
  if (!(await isServer(book, id))) {
    throw new RegisterError('not-found', `security server ${printShort(id)} is not registered`);
  }
}

export async function isServer({ db }: Book, id: ServerId): Promise<boolean> {
  const row = await db
    .selectFrom('server')
    .select('serverCode')
    .where('memberClass', '=', id.memberClass)
    .where('memberCode', '=', id.memberCode)
    .where('serverCode', '=', id.serverCode)
    .executeTakeFirst();
  return row !== undefined;
}

function maintenanceColumns(maintenance: Maintenance | undefined) {
  if (maintenance?.message !== undefined) checkName(maintenance.message, 'The maintenance message');
  return {
    isInMaintenance: maintenance === undefined ? 0 : 1,
    maintenanceMessage: maintenance?.message ?? null,
  };
}

export function maintenanceOf({
  isInMaintenance,
  maintenanceMessage,
}: ReturnType<typeof maintenanceColumns>): Pick<SecurityServer, 'maintenance'> {
  if (isInMaintenance === 0) return {};
  return { maintenance: maintenanceMessage === null ? {} : { message: maintenanceMessage } };
}

interface OwnerColumns {
  readonly ownerClass: string;
  readonly ownerCode: string;
  readonly serverCode: string;
}

export function ownerColumns({ memberClass, memberCode, serverCode }: ServerId): OwnerColumns {
  return { ownerClass: memberClass, ownerCode: memberCode, serverCode };
}

function ownerKey({ ownerClass, ownerCode, serverCode }: OwnerColumns): string {
  return `${ownerClass}\u0000${ownerCode}\u0000${serverCode}`;
}

function append<Value>(lists: Map<string, Value[]>, key: string, value: Value): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}
