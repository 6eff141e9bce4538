export { approveJoining, declineJoining, joiningStatus, withdrawInvitation } from './decide.ts';
export type { EnrolmentAuthority } from './enrolment.ts';
export { InvitationRefusal, type InvitationRefusalCode } from './error.ts';
export { type InvitingContext, invite } from './invite.ts';
export { createJoinerEndpoint, type JoinerEndpoint } from './joiner-endpoint.ts';
export { loadOrMakeInvitationKey } from './key.ts';
export type { Invitation } from './model.ts';
export type { ReachSettings } from './reach.ts';
export { listInvitations, readInvitationEntry } from './table.ts';
