import { equal, memberOf, printEncoded, type ServerId } from '../../gateway/identifier/index.ts';
import type { JoiningStatus } from '../../gateway/joining/index.ts';
import {
  approveRequest,
  declineRequest,
  listEntriesOfServer,
  type ManagementEntry,
} from '../management/index.ts';
import { addMember, type Book, checkName, isRegistered } from '../register/index.ts';
import { InvitationRefusal } from './error.ts';
import type { Invitation } from './model.ts';
import { providerBehind, settleProvider } from './provider.ts';
import { readInvitationEntry, setInvitationDecision, setWithdrawn } from './table.ts';

export interface Deciding {
  /** Who decides, as the audit log names them. */
  readonly by: string;
  readonly at: Date;
}

/**
 * Takes an invited administration in: its member is registered, and what its server asks for takes effect, now or
 * when it asks, as far as it is what was said at redemption. Everything else waits for a decision of its own.
 * @returns whether something took effect
 * @throws InvitationRefusal not-redeemed, decided-before; RegisterError
 */
export async function approveJoining(book: Book, jti: string, { by, at }: Deciding): Promise<boolean> {
  const invitation = await requireUndecided(book, jti, at);
  const { member: id, memberName: name } = invitation;
  const isNew = !(await isRegistered(book, id));
  if (isNew) await addMember(book, { id, name });
  const decision = { outcome: 'approved', at, by } as const;
  await setInvitationDecision(book, jti, decision);
  return (await settle(book, { ...invitation, decision }, at)) || isNew;
}

/**
 * Lets what waits take effect, when the joining was approved before it came.
 * @returns whether something did
 * @throws RegisterError when the register does not allow it any more
 */
export async function settle(book: Book, invitation: Invitation, at: Date): Promise<boolean> {
  if (invitation.decision?.outcome !== 'approved') return false;
  let hasEffect = false;
  for (const entry of await requestsOf(book, invitation)) {
    if (entry.status !== 'waiting' || !isAsTold(invitation, entry)) continue;
    await approveRequest(book, entry.id, at);
    hasEffect = true;
  }
  return (await settleProvider(book, serverOf(invitation))) || hasEffect;
}

/**
 * @param reason goes to the administrator of the joining server
 * @throws InvitationRefusal not-redeemed, decided-before; RegisterError invalid
 */
export async function declineJoining(
  book: Book,
  jti: string,
  reason: string,
  { by, at }: Deciding,
): Promise<void> {
  checkName(reason, 'The reason');
  const invitation = await requireUndecided(book, jti, at);
  await setInvitationDecision(book, jti, { outcome: 'declined', reason, at, by });
  for (const { id, status } of await requestsOf(book, invitation)) {
    if (status === 'waiting') await declineRequest(book, id, reason, at);
  }
}

/** @throws RegisterError not-found; InvitationRefusal invitation-used */
export async function withdrawInvitation(book: Book, jti: string, at: Date): Promise<void> {
  const { state } = await readInvitationEntry(book, jti, at);
  if (state === 'used') {
    throw new InvitationRefusal(
      'invitation-used',
      'the invitation was redeemed: decline the joining instead',
    );
  }
  await setWithdrawn(book, jti, at);
}

/**
 * What a joining server is told, and the officer beside its own report.
 * @param managementUrl where the registry takes management requests from the server behind which it does
 */
export async function joiningStatus(
  book: Book,
  invitation: Invitation,
  managementUrl?: string,
): Promise<JoiningStatus> {
  const { decision } = invitation;
  const requests = await requestsOf(book, invitation);
  const provider =
    decision?.outcome === 'approved' ? await providerBehind(book, serverOf(invitation)) : undefined;
  const hosts = provider !== undefined &&
    managementUrl !== undefined && { provider: printEncoded(provider), url: managementUrl };
  return {
    ...(hosts !== false && { hosts }),
    ...(decision !== undefined && { decision: decision.outcome }),
    ...(decision?.reason !== undefined && { reason: decision.reason }),
    requests: requests.map(({ id, request, status, reason }) => ({
      ...{ id, kind: request.kind, status },
      ...('client' in request && { client: printEncoded(request.client) }),
      ...(reason !== undefined && { reason }),
    })),
  };
}

/** Of the invited server alone, since the invitation was redeemed; oldest first. */
async function requestsOf(
  book: Book,
  { member, serverCode, redeemed }: Invitation,
): Promise<ManagementEntry[]> {
  if (redeemed === undefined) return [];
  return listEntriesOfServer(book, serverOf({ member, serverCode }), {
    since: redeemed.at,
    limit: maxRequests,
  });
}

function serverOf({ member, serverCode }: Pick<Invitation, 'member' | 'serverCode'>): ServerId {
  return { ...member, kind: 'SERVER', serverCode };
}

/** Requests of one joining that are looked at. */
const maxRequests = 100;

/** An officer who decided about one address and some subsystems has not decided about others. */
function isAsTold({ redeemed, member }: Invitation, { request }: ManagementEntry): boolean {
  if (redeemed === undefined) return false;
  if (request.kind === 'authCertReg') return request.address === redeemed.address;
  if (request.kind !== 'clientReg') return false;
  const { client } = request;
  return (
    equal(memberOf(client), member) &&
    client.kind === 'SUBSYSTEM' &&
    redeemed.subsystems.some(({ code }) => code === client.subsystemCode)
  );
}

async function requireUndecided(book: Book, jti: string, now: Date): Promise<Invitation> {
  const invitation = await readInvitationEntry(book, jti, now);
  if (invitation.redeemed === undefined) {
    const message = 'nobody has redeemed the invitation yet: there is nothing to decide';
    throw new InvitationRefusal('not-redeemed', message);
  }
  const { decision } = invitation;
  if (decision !== undefined) {
    throw new InvitationRefusal(
      'decided-before',
      `the joining was ${decision.outcome} by ${decision.by} before`,
    );
  }
  return invitation;
}
