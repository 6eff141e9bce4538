import { createHash, randomBytes } from 'node:crypto';
import { exportJWK, SignJWT } from 'jose';
import { printShort } from '../../gateway/identifier/index.ts';
import { type InvitationClaims, invitationAlgorithm, invitationType } from '../../gateway/joining/index.ts';
import type { Anchor } from '../publication/index.ts';
import {
  type Book,
  checkCode,
  checkName,
  findMember,
  findServer,
  listMemberClasses,
  type Register,
  RegisterError,
  readRegistrationCertificate,
  readSettings,
} from '../register/index.ts';
import { type EnrolmentAuthority, openEnrolment } from './enrolment.ts';
import { InvitationRefusal } from './error.ts';
import type { InvitationKey } from './key.ts';
import type { NewInvitation } from './model.ts';
import { insertInvitation } from './table.ts';

export interface InvitingContext {
  readonly register: Register;
  readonly key: InvitationKey;
  readonly now: () => Date;
  /** @throws RegisterError not-found while the source has no key */
  readonly anchor: (source: 'internal') => Promise<Anchor>;
  /** Absent: whoever joins brings certificates by hand. */
  readonly authority?: EnrolmentAuthority;
}

export interface SignedInvitation {
  readonly jti: string;
  /** Kept nowhere: whoever holds it may redeem it. */
  readonly text: string;
}

/** Longest life of an invitation. Milliseconds. */
const maxLifeMs = 30 * 86_400_000;

/**
 * Invites an administration to join with a server of its own. A member that is registered is invited by its
 * registered name.
 * @param by who invites, as the audit log names them
 * @throws RegisterError invalid, not-found, exists; InvitationRefusal not-configured, authority-failed
 */
export async function invite(
  context: InvitingContext,
  wanted: NewInvitation,
  by: string,
): Promise<SignedInvitation> {
  const { register, now, key } = context;
  const at = now();
  const life = wanted.expiresAt.getTime() - at.getTime();
  if (!(life > 0 && life <= maxLifeMs)) {
    throw new RegisterError('invalid', 'an invitation expires within the next 30 days');
  }
  const { registrationUrl, certificate, memberName } = await register.read((book) => check(book, wanted));
  const anchor = await context.anchor('internal');
  const invitation = { ...wanted, memberName, jti: newInvitationId() };
  const { authority } = context;
  const enrolment =
    authority === undefined
      ? undefined
      : { url: `${authority.url}/enrol`, token: await openEnrolment(authority, invitation) };
  const { memberClass, memberCode } = wanted.member;
  const claims: InvitationClaims = {
    jti: invitation.jti,
    iss: register.instance,
    iat: Math.floor(at.getTime() / 1000),
    exp: Math.floor(wanted.expiresAt.getTime() / 1000),
    member: { memberClass, memberCode, name: memberName },
    serverCode: wanted.serverCode,
    configurationUrl: anchor.downloadUrl,
    anchorSha256: sha256(anchor.xml),
    registrationUrl,
    registrationCertificateSha256: sha256(certificate),
    ...(enrolment !== undefined && { enrolment }),
  };
  const text = await new SignJWT({ ...claims })
    .setProtectedHeader({
      alg: invitationAlgorithm,
      typ: invitationType,
      jwk: await exportJWK(key.publicKey),
    })
    .sign(key.privateKey);
  await register.change(
    { by },
    (book) => insertInvitation(book, { ...invitation, anchor: anchor.xml, createdAt: at, createdBy: by }),
    () => false,
  );
  return { jti: invitation.jti, text };
}

/** 127 random bits, 22 characters; the first is a letter, for people write it behind a command, where `-` begins an option. */
export function newInvitationId(): string {
  const bytes = randomBytes(16);
  bytes[0] = (bytes[0] ?? 0) & 0x7f;
  return bytes.toString('base64url');
}

/** What an invitation promises must be there when it is redeemed. */
async function check(book: Book, { member, memberName, contact, serverCode }: NewInvitation) {
  checkCode(member.memberCode);
  checkCode(serverCode);
  checkName(memberName, 'The name of a member');
  checkName(contact, 'The contact');
  const { memberClass } = member;
  if (!(await listMemberClasses(book)).some(({ code }) => code === memberClass)) {
    throw new RegisterError('not-found', `there is no member class ${memberClass}: add it first`);
  }
  const serverId = { ...member, kind: 'SERVER', serverCode } as const;
  if ((await findServer(book, serverId)) !== undefined) {
    throw new RegisterError('exists', `${printShort(serverId)} is registered: choose another server code`);
  }
  const { managementServiceAddress: registrationUrl, managementServiceProvider } = await readSettings(book);
  const certificate = await readRegistrationCertificate(book);
  if (registrationUrl === undefined || certificate === undefined) {
    const message =
      'servers cannot be registered yet: start the registration service, and set its address under management services';
    throw new InvitationRefusal('not-configured', message);
  }
  if (managementServiceProvider === undefined) {
    const message =
      'subsystems cannot be registered yet: name the subsystem that takes management requests under management services; the first server of its member will take them';
    throw new InvitationRefusal('not-configured', message);
  }
  const known = await findMember(book, member);
  return { registrationUrl, certificate, memberName: known?.name ?? memberName };
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
