import { createHash, timingSafeEqual } from 'node:crypto';
import type { AuditTrail } from '../../gateway/http/index.ts';
import {
  type InvitationClaims,
  InvitationError,
  type Redeemed,
  type Redemption,
  verifyInvitation,
} from '../../gateway/joining/index.ts';
import { type Book, checkAddress, checkCode, checkName, type Register } from '../register/index.ts';
import { InvitationRefusal } from './error.ts';
import type { InvitationKey } from './key.ts';
import type { Invitation } from './model.ts';
import { findInvitation, setRedeemed } from './table.ts';

export interface RedeemingContext {
  readonly register: Register;
  readonly key: InvitationKey;
  readonly now: () => Date;
  /** At which servers of this instance are reached by others. */
  readonly ports: readonly number[];
  /** Where redemptions are written down: once each, and every later attempt, which may be a thief's or the victim's. */
  readonly audit: AuditTrail;
}

/**
 * Takes an invitation for used, once: from then on only who holds the secret is heard. The same secret again is
 * answered as before, for a joining server may have crashed before it wrote the answer down.
 * @throws InvitationRefusal; RegisterError invalid
 */
export async function redeem(context: RedeemingContext, redemption: Redemption): Promise<Redeemed> {
  const { register, key, now, ports, audit } = context;
  const { address, subsystems, secret } = redemption;
  checkAddress(address);
  for (const { code, name } of subsystems) {
    checkCode(code);
    if (name !== undefined) checkName(name, 'The name of a subsystem');
  }
  const { jti } = await verify(redemption.invitation, key, register.instance, now());
  const hash = digest(secret);
  const event = { actor: 'anonymous', action: 'invitation.redeem', target: `${jti} ${address}` };
  try {
    const { isNew, anchor } = await register.change(
      { by: `invited:${jti}`, why: 'the invitation is redeemed' },
      async (book) => {
        const found = await findInvitation(book, jti, now());
        if (found === undefined) throw unknown();
        const { invitation, kept } = found;
        const isNew = !isSame(kept.secretSha256, hash);
        if (isNew) {
          requireOpen(invitation);
          if (!(await setRedeemed(book, jti, { address, subsystems }, hash, now()))) throw used();
        }
        return { isNew, anchor: kept.anchor.toString('utf8') };
      },
      () => false,
    );
    if (isNew) await audit.append({ ...event, outcome: 'done' });
    return { instance: register.instance, anchor, ports: [...ports] };
  } catch (error) {
    // Whoever comes this far holds an invitation that this registry has made.
    if (error instanceof InvitationRefusal) {
      await audit.append({ ...event, outcome: 'refused', code: error.code });
    }
    throw error;
  }
}

/**
 * @param bearer `JTI.SECRET`, as the joining server sends it
 * @throws InvitationRefusal not-authenticated
 */
export async function requireJoiner(book: Book, bearer: string, now: Date): Promise<Invitation> {
  const [, jti = '', secret = ''] = /^([\w-]{22})\.([\w-]{43})$/.exec(bearer) ?? [];
  const found = await findInvitation(book, jti, now);
  if (found === undefined || !isSame(found.kept.secretSha256, digest(secret))) {
    const message = 'the secret of a redeemed invitation is expected as a bearer token';
    throw new InvitationRefusal('not-authenticated', message);
  }
  return found.invitation;
}

async function verify(
  text: string,
  { publicKey }: InvitationKey,
  instance: string,
  now: Date,
): Promise<InvitationClaims> {
  try {
    const claims = await verifyInvitation(text, now, publicKey);
    if (claims.iss !== instance) throw unknown();
    return claims;
  } catch (error) {
    if (!(error instanceof InvitationError)) throw error;
    if (error.code === 'expired') throw new InvitationRefusal('invitation-expired', error.message);
    throw unknown(error);
  }
}

function requireOpen({ state }: Invitation): void {
  if (state === 'used') throw used();
  if (state === 'withdrawn') {
    throw new InvitationRefusal(
      'invitation-withdrawn',
      'the registry has withdrawn this invitation: ask it why',
    );
  }
  if (state === 'expired') {
    throw new InvitationRefusal(
      'invitation-expired',
      'the invitation expired: ask the registry for a new one',
    );
  }
}

function unknown(cause?: unknown): InvitationRefusal {
  const message =
    'this registry made no such invitation: check that it was copied whole, and that it is of this instance';
  return new InvitationRefusal('invitation-unknown', message, { cause });
}

function used(): InvitationRefusal {
  const message =
    'the invitation was redeemed before: if not by you, tell the registry at once; else go on where you began, or ask for a new one';
  return new InvitationRefusal('invitation-used', message);
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function isSame(known: string | undefined, offered: string): boolean {
  return known !== undefined && timingSafeEqual(Buffer.from(known), Buffer.from(offered));
}
