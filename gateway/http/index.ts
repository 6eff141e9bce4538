export { addressOf } from './address.ts';
export { createAdminApi } from './admin-api.ts';
export { loadOrCreateApiKey } from './api-key.ts';
export {
  type AdminMethod,
  accessOf,
  askAdmin,
  listFromAdmin,
  sendToAdmin,
} from './ask-admin.ts';
export type { AuditedRequest, AuditTrail } from './audit-trail.ts';
export { confirmQuery, requireConfirmed } from './confirmation.ts';
export { type Fetch, onlyForHosts } from './host-guard.ts';
export { KeyedQueue } from './keyed-queue.ts';
export { isLine, lineSchema } from './line.ts';
export { type Listening, listen, PortError, serverOf } from './listen.ts';
export { takesUpTo } from './operations.ts';
export {
  cursorUnreadable,
  linkNext,
  matches,
  maxCursorLength,
  page,
  pageOfStored,
  searchQuery,
} from './page.ts';
export {
  type Allowance,
  type AskedBy,
  type Authenticate,
  allow,
  allowAll,
  allowNobodyYet,
  anyOf,
  bearerOf,
  fileKeyAuthentication,
  type Principal,
  principalOf,
  type Role,
  roles,
} from './principal.ts';
export { Problem } from './problem.ts';
export { behindProxies, proxiesSchema } from './proxies.ts';
export { readGivenSecret, readSecret, readSecretPlace } from './read-secret.ts';
export { loadSettings, SettingsError } from './settings-file.ts';
export { type ListenerInTurns, listenInTurns } from './turns.ts';
export { versionTag } from './versions.ts';
