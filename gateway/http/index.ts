export { createAdminApi } from './admin-api.ts';
export { type ApiKeyCheck, apiKeyCheck, loadOrCreateApiKey } from './api-key.ts';
export type { AuditedRequest, AuditTrail } from './audit-trail.ts';
export { type Listening, listen, PortError, serverOf } from './listen.ts';
export { Problem } from './problem.ts';
export { readSecret } from './read-secret.ts';
export { loadSettings, SettingsError } from './settings-file.ts';
