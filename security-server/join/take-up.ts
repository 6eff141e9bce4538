import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type InvitationClaims, joinStepCodes, readInvitation } from '../../gateway/joining/index.ts';
import type { PreparedPerson } from '../../gateway/people/index.ts';
import { checkAddress, checkSigningToken, checkSubsystem } from './check-begin.ts';
import { JoinError } from './error.ts';
import { isThere } from './prepare-steps.ts';
import { type JoinState, readJoinState, writeJoinState } from './state.ts';
import type { JoinPlaces } from './step.ts';

export interface JoiningBegin {
  readonly invitation: string;
  /** Host name or IP address at which other servers will reach this one. */
  readonly address: string;
  /** To register on it; one at least. */
  readonly subsystems: readonly { readonly code: string; readonly name?: string }[];
  /** Name of the device in which the key for signing is made; absent: the token of the server. */
  readonly signingToken?: string;
  /** Who administers the server that is to be founded. */
  readonly administrator?: PreparedPerson;
}

export interface TakenUp {
  /** On disk already. */
  readonly state: JoinState;
  readonly claims: InvitationClaims;
}

/**
 * Finds the joining that was begun in a folder, or begins one. After one that was declined another may begin, with
 * the server and the keys that are there.
 * @throws JoinError wrong-use; InvitationError malformed, expired
 */
export async function takeUp(
  { data, devices }: Pick<JoinPlaces, 'data' | 'devices'>,
  begin: JoiningBegin | undefined,
  now: Date,
): Promise<TakenUp> {
  const former = await readJoinState(data);
  const invitation = begin?.invitation.trim() ?? former?.invitation;
  if (invitation === undefined) throw noneToGoOn(former);
  // An invitation that was redeemed in time serves to the end, however long others take.
  const isRedeemed = former?.invitation === invitation && former.anchor !== undefined;
  const claims = await readInvitation(invitation, isRedeemed ? new Date(0) : now);
  if (former?.invitation === invitation && (begin === undefined || isBound(former))) {
    return { state: former, claims };
  }
  if (begin === undefined) throw noneToGoOn(former);
  checkBegin(begin, devices);
  if (former !== undefined && isBound(former) && former.outcome?.result !== 'declined') {
    const message = `${data} holds a joining that has begun: go on without naming an invitation, or take another folder`;
    throw new JoinError('wrong-use', message);
  }
  const isFounded = await isThere(join(data, 'settings.sqlite'));
  if (former === undefined && isFounded) {
    const message = `${data} holds a server that was founded without an invitation: take another folder`;
    throw new JoinError('wrong-use', message);
  }
  const { iss, member, serverCode } = claims;
  const server = [iss, member.memberClass, member.memberCode, serverCode].join('/');
  if (former !== undefined && isFounded && former.server !== server) {
    const message = `${data} holds server ${former.server}, the invitation is for ${server}: take another folder`;
    throw new JoinError('wrong-use', message);
  }
  const { signingToken = former?.signingToken } = begin;
  if (former?.keys !== undefined && signingToken !== former.signingToken) {
    const where = former.signingToken ?? 'the token of the server';
    throw new JoinError('wrong-use', `the keys of this server were made, the one for signing in ${where}`);
  }
  await mkdir(data, { recursive: true, mode: 0o700 });
  const { address, subsystems, administrator } = begin;
  const state: JoinState = {
    ...{ version: 1, server, invitation, address, subsystems: subsystems.map((one) => ({ ...one })) },
    // The registry may have heard it already, though its answer was lost.
    secret: (former?.invitation === invitation && former.secret) || randomBytes(32).toString('base64url'),
    steps: joinStepCodes.map((code) => ({ code, state: 'pending' })),
    ...(signingToken !== undefined && { signingToken }),
    ...(former?.keys !== undefined && { keys: former.keys }),
    ...(administrator !== undefined && !isFounded && { administrator }),
  };
  await writeJoinState(data, state);
  return { state, claims };
}

/** Whether the registry knows this joining, with its address and subsystems: then it cannot be another one. */
function isBound({ anchor, steps }: JoinState): boolean {
  const redemption = steps.find(({ code }) => code === 'redemption')?.state;
  return anchor !== undefined || redemption === 'running';
}

/** What the registry would refuse later. @throws JoinError wrong-use */
function checkBegin(
  { address, subsystems, signingToken }: JoiningBegin,
  devices: JoinPlaces['devices'],
): void {
  checkAddress(address);
  if (subsystems.length === 0) throw new JoinError('wrong-use', 'one subsystem at least is expected');
  for (const { code } of subsystems) checkSubsystem(code);
  if (signingToken !== undefined) checkSigningToken(signingToken, devices);
}

function noneToGoOn(former: JoinState | undefined): JoinError {
  const message =
    former?.outcome === undefined
      ? 'no joining was begun in this folder: name an invitation'
      : `the joining in this folder has ended: ${former.outcome.result}`;
  return new JoinError('wrong-use', message);
}
