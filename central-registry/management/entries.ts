import type { Selectable } from 'kysely';
import { type ClientId, type MemberId, memberOf, type ServerId } from '../../gateway/identifier/index.ts';
import type { ManagementKind, ManagementRequest } from '../../gateway/management/index.ts';
import { type Book, clientColumns, clientOf, RegisterError, type RegisterTables } from '../register/index.ts';
import type { Proof } from './evidence.ts';

/** `waiting` for an administrator; each other status is final. */
export type ManagementStatus = 'waiting' | 'approved' | 'declined' | 'revoked';

/** The service that took a request. */
export type ManagementOrigin = 'registration' | 'management';

/** One management request as the register keeps it. */
export interface ManagementEntry {
  readonly id: number;
  readonly origin: ManagementOrigin;
  /** Who sent it: the owner of the server at that time. */
  readonly sender: MemberId;
  readonly messageId: string;
  /** Hex SHA-256 of the message as it was signed. */
  readonly digest: string;
  readonly request: ManagementRequest;
  /** What was verified of its signatures; absent from requests that came before that was kept. */
  readonly evidence?: readonly Proof[];
  readonly status: ManagementStatus;
  /** Why it was declined or revoked. */
  readonly reason?: string;
  readonly createdAt: Date;
  readonly decidedAt?: Date;
}

export type NewEntry = Omit<ManagementEntry, 'id' | 'reason'>;

/** @returns the id that the sender is told */
export async function insertEntry({ db }: Book, entry: NewEntry): Promise<number> {
  const { origin, sender, messageId, digest, request, evidence, status, createdAt, decidedAt } = entry;
  const { id } = await db
    .insertInto('managementRequest')
    .values({
      kind: request.kind,
      origin,
      senderClass: sender.memberClass,
      senderCode: sender.memberCode,
      messageId,
      digest,
      ...bodyColumns(request),
      evidence: evidence === undefined ? null : JSON.stringify(evidence),
      status,
      reason: null,
      createdAt: createdAt.toISOString(),
      decidedAt: decidedAt?.toISOString() ?? null,
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}

/** @throws RegisterError not-found */
export async function readEntry(book: Book, id: number): Promise<ManagementEntry> {
  const row = await book.db
    .selectFrom('managementRequest')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirst();
  if (row === undefined) throw new RegisterError('not-found', `there is no management request ${id}`);
  return entryOf(book.instance, row);
}

/** Latest first, at most `limit`. */
export async function listEntries(
  book: Book,
  {
    status,
    before,
    limit,
  }: { readonly status?: ManagementStatus; readonly before?: number; readonly limit: number },
): Promise<ManagementEntry[]> {
  let query = book.db.selectFrom('managementRequest').selectAll();
  if (status !== undefined) query = query.where('status', '=', status);
  if (before !== undefined) query = query.where('id', '<', before);
  const rows = await query.orderBy('id', 'desc').limit(limit).execute();
  return rows.map((row) => entryOf(book.instance, row));
}

/** What the owner of a server asked for it since an instant, oldest first, at most `limit`. */
export async function listEntriesOfServer(
  book: Book,
  { memberClass, memberCode, serverCode }: ServerId,
  { since, limit }: { readonly since: Date; readonly limit: number },
): Promise<ManagementEntry[]> {
  const rows = await book.db
    .selectFrom('managementRequest')
    .selectAll()
    .where('senderClass', '=', memberClass)
    .where('senderCode', '=', memberCode)
    .where('ownerClass', '=', memberClass)
    .where('ownerCode', '=', memberCode)
    .where('serverCode', '=', serverCode)
    .where('createdAt', '>=', since.toISOString())
    .orderBy('id')
    .limit(limit)
    .execute();
  return rows.map((row) => entryOf(book.instance, row));
}

/** What a member sent under one message identifier. */
export async function findMessage(
  book: Book,
  sender: MemberId,
  messageId: string,
): Promise<ManagementEntry | undefined> {
  const row = await book.db
    .selectFrom('managementRequest')
    .selectAll()
    .where('senderClass', '=', sender.memberClass)
    .where('senderCode', '=', sender.memberCode)
    .where('messageId', '=', messageId)
    .executeTakeFirst();
  return row && entryOf(book.instance, row);
}

/** Requests of some kinds that wait, oldest first. */
export async function listWaiting(
  book: Book,
  ...kinds: readonly ManagementKind[]
): Promise<ManagementEntry[]> {
  const rows = await book.db
    .selectFrom('managementRequest')
    .selectAll()
    .where('status', '=', 'waiting')
    .where('kind', 'in', kinds)
    .orderBy('id')
    .execute();
  return rows.map((row) => entryOf(book.instance, row));
}

export async function countWaiting({ db }: Book, sender: MemberId): Promise<number> {
  const { count } = await db
    .selectFrom('managementRequest')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('senderClass', '=', sender.memberClass)
    .where('senderCode', '=', sender.memberCode)
    .where('status', '=', 'waiting')
    .executeTakeFirstOrThrow();
  return count;
}

export interface Decision {
  readonly status: Exclude<ManagementStatus, 'waiting'>;
  readonly reason?: string | undefined;
  readonly at: Date;
}

/** @throws RegisterError not-found; in-use for a request that was decided before */
export async function setDecision(book: Book, id: number, { status, reason, at }: Decision): Promise<void> {
  const { numUpdatedRows } = await book.db
    .updateTable('managementRequest')
    .set({ status, reason: reason ?? null, decidedAt: at.toISOString() })
    .where('id', '=', id)
    .where('status', '=', 'waiting')
    .executeTakeFirst();
  if (numUpdatedRows > 0n) return;
  const { status: decided } = await readEntry(book, id);
  throw new RegisterError('in-use', `management request ${id} was ${decided} before`);
}

type Row = Selectable<RegisterTables['managementRequest']>;

function bodyColumns(request: ManagementRequest) {
  const { memberClass, memberCode, serverCode } = request.server;
  const client = 'client' in request ? clientColumns(request.client) : undefined;
  return {
    ownerClass: memberClass,
    ownerCode: memberCode,
    serverCode,
    clientClass: client?.memberClass ?? null,
    clientCode: client?.memberCode ?? null,
    subsystemCode: client?.subsystemCode ?? null,
    subsystemName: ('subsystemName' in request ? request.subsystemName : undefined) ?? null,
    address: ('address' in request ? request.address : undefined) ?? null,
    certificate: 'authCert' in request ? request.authCert : null,
    maintenanceMessage: ('message' in request ? request.message : undefined) ?? null,
  };
}

function entryOf(instance: string, row: Row): ManagementEntry {
  const { id, origin, senderClass, senderCode, messageId, digest, status, reason, createdAt, decidedAt } =
    row;
  return {
    id,
    origin: origin as ManagementOrigin,
    sender: { kind: 'MEMBER', instance, memberClass: senderClass, memberCode: senderCode },
    messageId,
    digest,
    request: requestOf(instance, row),
    ...(row.evidence !== null && { evidence: JSON.parse(row.evidence) as Proof[] }),
    status: status as ManagementStatus,
    ...(reason !== null && { reason }),
    createdAt: new Date(createdAt),
    ...(decidedAt !== null && { decidedAt: new Date(decidedAt) }),
  };
}

function requestOf(instance: string, row: Row): ManagementRequest {
  const { ownerClass: memberClass, ownerCode: memberCode, serverCode } = row;
  const server: ServerId = { kind: 'SERVER', instance, memberClass, memberCode, serverCode };
  const { subsystemName: name, address, maintenanceMessage: message } = row;
  const kind = row.kind as ManagementKind;
  switch (kind) {
    case 'authCertReg':
      return { kind, server, ...(address !== null && { address }), authCert: certificateOf(row) };
    case 'authCertDeletion':
      return { kind, server, authCert: certificateOf(row) };
    case 'clientReg':
      return {
        kind,
        server,
        client: requestClient(instance, row),
        ...(name !== null && { subsystemName: name }),
      };
    case 'clientRename':
      return { kind, server, client: requestClient(instance, row), subsystemName: name ?? '' };
    case 'clientDeletion':
    case 'clientDisable':
    case 'clientEnable':
      return { kind, server, client: requestClient(instance, row) };
    case 'ownerChange':
      return { kind, server, client: memberOf(requestClient(instance, row)) };
    case 'addressChange':
      return { kind, server, address: address ?? '' };
    case 'maintenanceModeEnable':
      return { kind, server, ...(message !== null && { message }) };
    case 'maintenanceModeDisable':
      return { kind, server };
  }
}

function requestClient(instance: string, { clientClass, clientCode, subsystemCode }: Row): ClientId {
  return clientOf(instance, {
    memberClass: clientClass ?? '',
    memberCode: clientCode ?? '',
    subsystemCode,
  });
}

function certificateOf({ certificate }: Row): Buffer {
  return certificate ?? Buffer.alloc(0);
}
