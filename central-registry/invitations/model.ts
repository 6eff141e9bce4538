import type { MemberId } from '../../gateway/identifier/index.ts';
import type { Connection, JoinStep, Redemption } from '../../gateway/joining/index.ts';

/** `open` until it is redeemed, or cannot be any more. */
export type InvitationState = 'open' | 'used' | 'expired' | 'withdrawn';

export interface NewInvitation {
  readonly member: MemberId;
  readonly memberName: string;
  /** Whom to ask about it: a person, an address. */
  readonly contact: string;
  /** Of the server that the member will found. */
  readonly serverCode: string;
  readonly expiresAt: Date;
}

/** Who was invited, and how far the joining went. */
export interface Invitation extends NewInvitation {
  readonly jti: string;
  readonly state: InvitationState;
  readonly createdAt: Date;
  /** Who invited, as the audit log names them. */
  readonly createdBy: string;
  /** What the joining server told when it redeemed the invitation. */
  readonly redeemed?: {
    readonly at: Date;
    readonly address: string;
    readonly subsystems: Redemption['subsystems'];
  };
  /** As the joining server reports: nothing here was checked. */
  readonly progress: readonly JoinStep[];
  /** What the registry itself found. */
  readonly connections: readonly Connection[];
  readonly decision?: InvitationDecision;
}

export interface InvitationDecision {
  readonly outcome: 'approved' | 'declined';
  /** Why it was declined. */
  readonly reason?: string;
  readonly at: Date;
  readonly by: string;
}
