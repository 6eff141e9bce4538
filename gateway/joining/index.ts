export { tryConnection } from './connect.ts';
export {
  type InvitationClaims,
  InvitationError,
  invitationAlgorithm,
  invitationType,
  readInvitation,
  verifyInvitation,
} from './invitation.ts';
export {
  type AwaitedParty,
  type JoinStep,
  type JoinStepCode,
  joinStepCodes,
  joinStepSchema,
  joinSteps,
  joinStepTitles,
} from './steps.ts';
export {
  type Connection,
  type ConnectionOutcome,
  connectionSchema,
  connectionTestSchema,
  type JoiningStatus,
  joiningPath,
  joiningRefusalSchema,
  joiningStatusSchema,
  progressSchema,
  type Redeemed,
  type Redemption,
  redeemedSchema,
  redemptionSchema,
} from './wire.ts';
