export type { Book } from './book.ts';
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
  addMember,
  addSubsystem,
  listMemberClasses,
  listMembers,
  listSubsystems,
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
  Member,
  RegisterContent,
  ServerEntry,
  Subsystem,
} from './model.ts';
export { Register } from './register.ts';
export {
  addAuthenticationCertificate,
  addServer,
  addServerClient,
  changeServer,
  listServers,
  removeAuthenticationCertificate,
  removeServer,
  removeServerClient,
} from './servers.ts';
export { readSettings, writeSettings } from './settings.ts';
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
