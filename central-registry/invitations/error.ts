/**
 * `invitation-unknown`: not of this registry, damaged, or withdrawn. `invitation-used`: somebody else redeemed it.
 * `not-configured`: the registry lacks what an invitation must tell. `not-authenticated`: not the joining server.
 */
export type InvitationRefusalCode =
  | 'invitation-unknown'
  | 'invitation-expired'
  | 'invitation-withdrawn'
  | 'invitation-used'
  | 'not-redeemed'
  | 'decided-before'
  | 'not-configured'
  | 'authority-failed'
  | 'not-authenticated'
  | 'too-often';

/** What an invitation does not allow; nothing of it was done. The message goes to who asked. */
export class InvitationRefusal extends Error {
  override readonly name = 'InvitationRefusal';
  readonly code: InvitationRefusalCode;

  constructor(code: InvitationRefusalCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
