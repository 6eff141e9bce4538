import type { OpenAPIHono } from '@hono/zod-openapi';
import { TokenError, type TokenErrorCode } from '../../certs/token/index.ts';
import { CertificateError } from '../../certs/x509/index.ts';
import { addBackupRoutes } from '../../gateway/backup/index.ts';
import { Fault, spellCode } from '../../gateway/fault/index.ts';
import { type Authenticate, createAdminApi, Problem } from '../../gateway/http/index.ts';
import { IdentifierError } from '../../gateway/identifier/index.ts';
import { addJournalRoutes } from '../../gateway/journal/index.ts';
import { ArchivingError } from '../archive/index.ts';
import { EvidenceAccessError, type EvidenceAccessErrorCode } from '../auditor/index.ts';
import { CatalogueError } from '../catalogue/index.ts';
import { MessageLogError } from '../message-log/index.ts';
import { NoticeSettingsError } from '../notices/index.ts';
import { OpenApiError } from '../openapi/index.ts';
import { SettingsConflict } from '../settings/index.ts';
import { TrialError } from '../trial/index.ts';
import { WsdlError } from '../wsdl/index.ts';
import { addAccessRightRoutes } from './access-rights.ts';
import { addArchiveRoutes } from './archives.ts';
import { addBodyPolicyRoutes } from './body-policies.ts';
import { addCatalogueRoutes } from './catalogue.ts';
import { addCertificateOrderRoutes } from './certificate-orders.ts';
import { addCertificateRoutes } from './certificates.ts';
import { addCertificationServiceRoutes } from './certification-services.ts';
import { addClientRoutes } from './clients.ts';
import type { AdminContext } from './context.ts';
import { addDiagnosticsRoutes } from './diagnostics.ts';
import { addDiskRoutes } from './disk.ts';
import { addErasureRoutes } from './erasures.ts';
import { addEvidenceRoutes } from './evidence.ts';
import { addExpiryRoutes } from './expiries.ts';
import { addExplanationRoutes } from './explanations.ts';
import { addInternalTlsRoutes } from './internal-tls.ts';
import { addJoinRoutes, explainJoining } from './join.ts';
import { addKeyRequestRoutes } from './key-requests.ts';
import { addKeyRoutes } from './keys.ts';
import { addLimitRoutes } from './limits.ts';
import { addLocalGroupRoutes } from './local-groups.ts';
import { addManagementRoutes } from './management.ts';
import { addNoticeRoutes } from './notices.ts';
import { addOpenApiRoutes } from './open-api.ts';
import { addOperationRoutes } from './operation.ts';
import { addRegistryHistoryRoutes } from './registry-history.ts';
import { addRenewalRoutes } from './renewals.ts';
import { addServiceDescriptionRoutes } from './service-descriptions.ts';
import { addServiceRoutes } from './services.ts';
import { addSettingsExportRoutes } from './settings-export.ts';
import { addSubjectRoutes } from './subjects.ts';
import { addTokenRoutes } from './token.ts';
import { addTrafficRoutes } from './traffic.ts';
import { addTrialRoutes } from './trials.ts';

export interface ServerAdminOptions {
  readonly version: string;
  readonly authenticate: Authenticate;
  readonly report: (error: unknown, reference: string) => void;
}

/** The administration API of a security server. */
export function createServerAdmin(context: AdminContext, options: ServerAdminOptions): OpenAPIHono {
  const app = createAdminApi({
    title: 'Waygate security server',
    description: 'Clients, services, access rights, keys and certificates of one security server.',
    explain,
    audit: context.journal,
    ...options,
  });
  addOperationRoutes(app, context);
  addClientRoutes(app, context);
  addLocalGroupRoutes(app, context);
  addServiceRoutes(app, context);
  addLimitRoutes(app, context);
  addExplanationRoutes(app, context);
  addTrialRoutes(app, context);
  addCatalogueRoutes(app, context);
  addServiceDescriptionRoutes(app, context);
  addOpenApiRoutes(app, context);
  addAccessRightRoutes(app, context);
  addSubjectRoutes(app, context);
  addTokenRoutes(app, context);
  addKeyRoutes(app, context);
  addKeyRequestRoutes(app, context);
  addCertificateRoutes(app, context);
  addCertificationServiceRoutes(app, context);
  addInternalTlsRoutes(app, context);
  addCertificateOrderRoutes(app, context);
  addRenewalRoutes(app, context);
  addExpiryRoutes(app, context);
  addNoticeRoutes(app, context);
  addManagementRoutes(app, context);
  addEvidenceRoutes(app, context);
  addErasureRoutes(app, context);
  addArchiveRoutes(app, context);
  addDiskRoutes(app, context);
  addDiagnosticsRoutes(app, context);
  addTrafficRoutes(app, context);
  addRegistryHistoryRoutes(app, context);
  addBodyPolicyRoutes(app, context);
  addSettingsExportRoutes(app, context);
  if (context.join !== undefined) addJoinRoutes(app, context.join);
  addBackupRoutes(app, context.backups);
  addJournalRoutes(app, context.journal);
  return app;
}

const tokenStatus: Readonly<Record<TokenErrorCode, 403 | 404 | 409 | 422 | 500>> = {
  'pin-incorrect': 403,
  'pin-locked': 403,
  'pin-last-try': 403,
  'pin-policy': 422,
  'not-active': 409,
  'already-active': 409,
  'not-initialized': 409,
  'key-not-found': 404,
  damaged: 500,
  'device-lost': 409,
  'device-refused': 409,
  'not-supported': 409,
};

const evidenceStatus: Readonly<Record<EvidenceAccessErrorCode, 404 | 409 | 413 | 422 | 503>> = {
  'export-too-large': 413,
  'export-busy': 503,
  'exchange-not-found': 404,
  'record-not-found': 404,
  'body-not-found': 404,
  'log-older-than-held': 409,
  'period-empty': 422,
  'period-not-begun': 422,
  'period-too-long': 413,
  'cursor-unreadable': 422,
};

/** Refusals of the rooms behind the API, in its words. */
function explain(error: unknown): Problem | undefined {
  if (error instanceof TokenError) return new Problem(tokenStatus[error.code], error.code, error.message);
  if (error instanceof IdentifierError) return new Problem(422, 'invalid-identifier', error.message);
  if (error instanceof CertificateError) return new Problem(422, `certificate-${error.code}`, error.message);
  if (error instanceof EvidenceAccessError) {
    return new Problem(evidenceStatus[error.code], error.code, error.message);
  }
  if (error instanceof ArchivingError) {
    return new Problem(error.code === 'archive-off' ? 409 : 503, error.code, error.message);
  }
  if (error instanceof MessageLogError) {
    return new Problem(error.code === 'damaged' ? 500 : 409, `log-${error.code}`, error.message);
  }
  if (error instanceof OpenApiError) {
    const status = error.code === 'too-large' ? 413 : error.code === 'busy' ? 429 : 422;
    const wait = error.code === 'busy' ? { retryAfterSeconds: 10 } : {};
    return new Problem(status, `openapi-${error.code}`, error.message, wait);
  }
  if (error instanceof NoticeSettingsError) return new Problem(422, error.code, error.message);
  if (error instanceof CatalogueError) return new Problem(429, error.code, error.message);
  if (error instanceof TrialError) return new Problem(422, error.code, error.message);
  if (error instanceof WsdlError) return new Problem(422, `wsdl-${error.code}`, error.message);
  if (error instanceof SettingsConflict) {
    return new Problem(error.code.startsWith('unknown') ? 404 : 409, error.code, error.message);
  }
  const joining = explainJoining(error);
  if (joining !== undefined) return joining;
  if (error instanceof Fault) return new Problem(409, spellCode(error).replaceAll('_', '-'), error.message);
  return undefined;
}
