import type { Selectable } from 'kysely';
import type { Connection, JoinStep, Redemption } from '../../gateway/joining/index.ts';
import { type Book, RegisterError, type RegisterTables } from '../register/index.ts';
import type { Invitation, InvitationDecision, InvitationState, NewInvitation } from './model.ts';

type Row = Selectable<RegisterTables['invitation']>;

export interface InvitationToInsert extends NewInvitation {
  readonly jti: string;
  readonly anchor: Buffer;
  readonly createdAt: Date;
  readonly createdBy: string;
}

export async function insertInvitation({ db }: Book, invitation: InvitationToInsert): Promise<void> {
  const { member, createdAt, expiresAt, ...rest } = invitation;
  const { memberClass, memberCode } = member;
  const nothing = {
    ...{ withdrawnAt: null, redeemedAt: null, secretSha256: null, address: null, subsystems: null },
    ...{ progress: null, connections: null, decision: null, reason: null, decidedAt: null, decidedBy: null },
  };
  await db
    .insertInto('invitation')
    .values({
      ...{ ...rest, ...nothing, memberClass, memberCode },
      createdAt: createdAt.toISOString(),
      expiresAt: expiresAt.toISOString(),
    })
    .execute();
}

/** Latest first, at most `limit`. */
export async function listInvitations(
  { db, instance }: Book,
  { now, limit }: { readonly now: Date; readonly limit: number },
): Promise<Invitation[]> {
  const rows = await db
    .selectFrom('invitation')
    .selectAll()
    .orderBy('createdAt', 'desc')
    .orderBy('jti')
    .limit(limit)
    .execute();
  return rows.map((row) => invitationOf(instance, row, now));
}

/** @throws RegisterError not-found */
export async function readInvitationEntry(book: Book, jti: string, now: Date): Promise<Invitation> {
  const row = await findRow(book, jti);
  if (row === undefined) throw new RegisterError('not-found', `there is no invitation ${jti}`);
  return invitationOf(book.instance, row, now);
}

export interface KeptSecretly {
  /** Hex SHA-256; undefined until somebody redeemed it. */
  readonly secretSha256: string | undefined;
  readonly anchor: Buffer;
}

/** @returns undefined for an invitation that was never made here */
export async function findInvitation(
  book: Book,
  jti: string,
  now: Date,
): Promise<{ readonly invitation: Invitation; readonly kept: KeptSecretly } | undefined> {
  const row = await findRow(book, jti);
  if (row === undefined) return undefined;
  const kept = { secretSha256: row.secretSha256 ?? undefined, anchor: row.anchor };
  return { invitation: invitationOf(book.instance, row, now), kept };
}

export async function setWithdrawn({ db }: Book, jti: string, at: Date): Promise<void> {
  await db.updateTable('invitation').set({ withdrawnAt: at.toISOString() }).where('jti', '=', jti).execute();
}

/** @returns whether it was open: of two that race, one hears yes */
export async function setRedeemed(
  { db }: Book,
  jti: string,
  { address, subsystems }: Pick<Redemption, 'address' | 'subsystems'>,
  secretSha256: string,
  at: Date,
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('invitation')
    .set({ redeemedAt: at.toISOString(), secretSha256, address, subsystems: JSON.stringify(subsystems) })
    .where('jti', '=', jti)
    .where('redeemedAt', 'is', null)
    .where('withdrawnAt', 'is', null)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

export async function setProgress({ db }: Book, jti: string, steps: readonly JoinStep[]): Promise<void> {
  const progress = JSON.stringify(steps);
  await db.updateTable('invitation').set({ progress }).where('jti', '=', jti).execute();
}

export async function setConnections({ db }: Book, jti: string, found: readonly Connection[]): Promise<void> {
  const connections = JSON.stringify(found);
  await db.updateTable('invitation').set({ connections }).where('jti', '=', jti).execute();
}

export async function setInvitationDecision(
  { db }: Book,
  jti: string,
  { outcome, reason, at, by }: InvitationDecision,
): Promise<void> {
  await db
    .updateTable('invitation')
    .set({ decision: outcome, reason: reason ?? null, decidedAt: at.toISOString(), decidedBy: by })
    .where('jti', '=', jti)
    .execute();
}

function findRow({ db }: Book, jti: string): Promise<Row | undefined> {
  return db.selectFrom('invitation').selectAll().where('jti', '=', jti).executeTakeFirst();
}

function invitationOf(instance: string, row: Row, now: Date): Invitation {
  const { jti, memberClass, memberCode, memberName, contact, serverCode, createdBy } = row;
  return {
    ...{ jti, memberName, contact, serverCode, createdBy },
    member: { kind: 'MEMBER', instance, memberClass, memberCode },
    state: stateOf(row, now),
    createdAt: new Date(row.createdAt),
    expiresAt: new Date(row.expiresAt),
    ...(row.redeemedAt !== null && {
      redeemed: {
        at: new Date(row.redeemedAt),
        address: row.address ?? '',
        subsystems: JSON.parse(row.subsystems ?? '[]') as Redemption['subsystems'],
      },
    }),
    progress: JSON.parse(row.progress ?? '[]') as readonly JoinStep[],
    connections: JSON.parse(row.connections ?? '[]') as readonly Connection[],
    ...(row.decision !== null && {
      decision: {
        outcome: row.decision as InvitationDecision['outcome'],
        ...(row.reason !== null && { reason: row.reason }),
        at: new Date(row.decidedAt ?? 0),
        by: row.decidedBy ?? '',
      },
    }),
  };
}

function stateOf({ redeemedAt, withdrawnAt, expiresAt }: Row, now: Date): InvitationState {
  if (redeemedAt !== null) return 'used';
  if (withdrawnAt !== null) return 'withdrawn';
  return new Date(expiresAt) <= now ? 'expired' : 'open';
}
