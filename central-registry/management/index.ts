export {
  type AutomaticApproval,
  readAutomaticApproval,
  writeAutomaticApproval,
} from './approval-kinds.ts';
export { approveRequest, declineRequest, revokeRequest } from './decide.ts';
export { listEntries, listEntriesOfServer, type ManagementEntry, readEntry } from './entries.ts';
export { proofChecks } from './evidence.ts';
export { createManagementListener, serveOverTls } from './listener.ts';
export { ensureRegistrationCertificate, registrationContext } from './registration-certificate.ts';
