export { type Book, requireOwn } from './book.ts';
export {
  listOwnProfiles,
  type OwnProfile,
  putOwnProfile,
  removeOwnProfile,
} from './certificate-profiles.ts';
export { checkRegister, type RegisterReport, registerFile } from './check-register.ts';
export { clientColumns, clientOf } from './client-columns.ts';
export { RegisterError, type RegisterErrorCode } from './error.ts';
export {
  addGroupMember,
  listGroups,
  putGroup,
  removeGroup,
  removeGroupMember,
} from './groups.ts';
export { activateKey, addKey, listKeys, removeKey } from './keys.ts';
export {
  countEntries,
  listServerCertificates,
  membersBehind,
  type RegisterCounts,
  serversBehind,
  subsystemsBehind,
  withCertificatesAndClients,
} from './listing.ts';
export {
  addMember,
  addSubsystem,
  checkMemberClass,
  findMember,
  findMemberClass,
  findSubsystem,
  isRegistered,
  listMemberClasses,
  putMemberClass,
  removeMember,
  removeMemberClass,
  removeSubsystem,
  renameMember,
  renameSubsystem,
} from './members.ts';
export type {
  Authority,
  CertificationService,
  ConfigurationSource,
  GlobalSettings,
  GroupEntry,
  Kept,
  Member,
  MemberClass,
  RegisterContent,
  SecurityServer,
  ServerEntry,
  Subsystem,
  TimestampingService,
  TrustedAnchor,
} from './model.ts';
export { Register } from './register.ts';
export type { RegisterTables } from './schema.ts';
export { changeServerOwner, clientState, setClientEnabled } from './server-clients.ts';
export {
  addAuthenticationCertificate,
  addServer,
  addServerClient,
  changeServer,
  findServer,
  isServer,
  listServers,
  removeAuthenticationCertificate,
  removeServer,
  removeServerClient,
  serverOfCertificate,
} from './servers.ts';
export {
  readRegistrationCertificate,
  readSettings,
  writeRegistrationCertificate,
  writeSettings,
} from './settings.ts';
export {
  addCertificationService,
  addTimestampingService,
  changeCertificationService,
  changeTimestampingService,
  listCertificationServices,
  listTimestampingServices,
  removeCertificationService,
  removeTimestampingService,
} from './trust-services.ts';
export { listTrustedAnchors, putTrustedAnchor, removeTrustedAnchor } from './trusted-anchors.ts';
export { checkAddress, checkCode, checkName, readCertificate } from './values.ts';
