export {
  readManagementRequest,
  readManagementResponse,
  writeManagementBody,
  writeManagementResponse,
} from './body.ts';
export { type DetachedSignature, signDetached, verifyDetached } from './detached.ts';
export {
  composeMultipart,
  composePlain,
  composeRegistration,
  readManagementMessage,
  type SignedManagementMessage,
} from './message.ts';
export {
  carriageOf,
  type ManagementKind,
  type ManagementRequest,
  managementKinds,
  signerOf,
} from './requests.ts';
