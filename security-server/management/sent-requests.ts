import type { Kysely, Selectable } from 'kysely';
import {
  type ManagementRequest,
  readManagementRequest,
  writeManagementBody,
} from '../../gateway/management/index.ts';
import { parseXml } from '../../gateway/xml/index.ts';
import type { SettingsTables } from '../settings/index.ts';

/**
 * How a request stands: `sending` until its answer comes, `waiting` for an administrator of the registry; each other
 * status is final. `checked`: the registry would take it. `failed`: it did not, or nobody knows.
 */
export const sentStatuses = [
  'sending',
  'waiting',
  'approved',
  'declined',
  'revoked',
  'checked',
  'failed',
] as const;
export type SentStatus = (typeof sentStatuses)[number];

/** A management request that this server sent. */
export interface SentRequest {
  /** Number here. */
  readonly id: number;
  readonly messageId: string;
  readonly request: ManagementRequest;
  readonly status: SentStatus;
  /** Number at the registry, once it has taken the request; 0 for one that was only checked. */
  readonly requestId?: number;
  /** Why it was declined, revoked, or has failed. */
  readonly reason?: string;
  readonly sentAt: Date;
  readonly changedAt: Date;
}

export type Outcome = Pick<SentRequest, 'status' | 'requestId' | 'reason'>;

type Db = Kysely<SettingsTables>;

/** Requests in one list; older ones are read by number. */
const maxListed = 1000;

/** Before the request is sent, so that none leaves without a trace. @returns its number here */
export async function insertSending(
  db: Db,
  request: ManagementRequest,
  messageId: string,
  at: Date,
): Promise<number> {
  const { id } = await db
    .insertInto('managementRequest')
    .values({
      messageId,
      body: writeManagementBody(request),
      status: 'sending',
      requestId: null,
      reason: null,
      sentAt: at.getTime(),
      changedAt: at.getTime(),
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}

/** Writes how a request stands now. */
export async function setOutcome(
  db: Db,
  id: number,
  { status, requestId, reason }: Outcome,
  at: Date,
): Promise<void> {
  await db
    .updateTable('managementRequest')
    .set({
      status,
      reason: reason ?? null,
      changedAt: at.getTime(),
      ...(requestId !== undefined && { requestId }),
    })
    .where('id', '=', id)
    .execute();
}

/** Requests that were being sent when the server stopped: whether the registry has them nobody here knows. */
export async function failInterrupted(db: Db, at: Date): Promise<void> {
  await db
    .updateTable('managementRequest')
    .set({
      status: 'failed',
      reason: 'the server stopped before the answer came: look whether it took effect, or send it again',
      changedAt: at.getTime(),
    })
    .where('status', '=', 'sending')
    .execute();
}

/** Newest first. */
export async function listSent(db: Db, status?: SentStatus): Promise<SentRequest[]> {
  let query = db.selectFrom('managementRequest').selectAll();
  if (status !== undefined) query = query.where('status', '=', status);
  return (await query.orderBy('id', 'desc').limit(maxListed).execute()).map(readRow);
}

export async function findSent(db: Db, id: number): Promise<SentRequest | undefined> {
  const row = await db.selectFrom('managementRequest').selectAll().where('id', '=', id).executeTakeFirst();
  return row && readRow(row);
}

function readRow(row: Selectable<SettingsTables['managementRequest']>): SentRequest {
  const { id, messageId, body, status, requestId, reason, sentAt, changedAt } = row;
  return {
    id,
    messageId,
    request: readManagementRequest(parseXml(body)),
    status: status as SentStatus,
    ...(requestId !== null && { requestId }),
    ...(reason !== null && { reason }),
    sentAt: new Date(sentAt),
    changedAt: new Date(changedAt),
  };
}
