import type { OpenAPIHono } from '@hono/zod-openapi';
import { TokenError } from '../../certs/token/index.ts';
import { addBackupRoutes } from '../../gateway/backup/index.ts';
import { type Authenticate, createAdminApi, Problem } from '../../gateway/http/index.ts';
import { IdentifierError } from '../../gateway/identifier/index.ts';
import { addJournalRoutes } from '../../gateway/journal/index.ts';
import { InvitationRefusal, type InvitationRefusalCode } from '../invitations/index.ts';
import { RegisterError, type RegisterErrorCode } from '../register/index.ts';
import { addCertificateProfileRoutes } from './certificate-profile-routes.ts';
import type { AdminContext } from './context.ts';
import { addGroupRoutes } from './group-routes.ts';
import { addHistoryRoutes } from './history-routes.ts';
import { addInvitationRoutes } from './invitation-routes.ts';
import { addKeyRoutes } from './key-routes.ts';
import { addManagementRoutes } from './management-routes.ts';
import { addManagementServiceRoutes } from './management-service-routes.ts';
import { addMemberRoutes } from './member-routes.ts';
import { addOverviewRoutes } from './overview-routes.ts';
import { addServerRoutes } from './server-routes.ts';
import { addSettingsRoutes } from './settings-routes.ts';
import { addTrustServiceRoutes } from './trust-service-routes.ts';
import { addTrustedAnchorRoutes } from './trusted-anchor-routes.ts';

export interface RegistryApiOptions {
  readonly version: string;
  readonly authenticate: Authenticate;
  readonly report: (error: unknown, reference: string) => void;
}

/** The administration API of a central registry. Every change is durable when it is answered, and published at once. */
export function createRegistryApi(context: AdminContext, options: RegistryApiOptions): OpenAPIHono {
  const app = createAdminApi({
    ...options,
    title: `Central registry of ${context.register.instance}`,
    description: 'Members, security servers, trust services and configuration keys of one instance.',
    explain,
    audit: context.journal,
  });
  addOverviewRoutes(app, context);
  addMemberRoutes(app, context);
  addServerRoutes(app, context);
  addGroupRoutes(app, context);
  addTrustServiceRoutes(app, context);
  addCertificateProfileRoutes(app, context);
  addTrustedAnchorRoutes(app, context);
  addSettingsRoutes(app, context);
  addKeyRoutes(app, context);
  addManagementServiceRoutes(app, context);
  addManagementRoutes(app, context);
  addInvitationRoutes(app, context);
  addHistoryRoutes(app, context);
  addBackupRoutes(app, context.backups);
  addJournalRoutes(app, context.journal);
  return app;
}

const statuses = {
  'not-found': 404,
  exists: 409,
  'in-use': 409,
  invalid: 422,
} as const satisfies Record<RegisterErrorCode, number>;

const invitationStatuses = {
  'invitation-unknown': 404,
  'invitation-expired': 409,
  'invitation-withdrawn': 409,
  'invitation-used': 409,
  'not-redeemed': 409,
  'decided-before': 409,
  'not-configured': 409,
  'authority-failed': 503,
  'not-authenticated': 403,
  'too-often': 503,
} as const satisfies Record<InvitationRefusalCode, number>;

/** Refusals of the rooms behind the API; their messages name identifiers, never secrets. */
function explain(error: unknown): Problem | undefined {
  if (error instanceof RegisterError) {
    return new Problem(statuses[error.code], error.code, error.message, { cause: error });
  }
  if (error instanceof InvitationRefusal) {
    return new Problem(invitationStatuses[error.code], error.code, error.message, { cause: error });
  }
  if (error instanceof IdentifierError) {
    return new Problem(422, 'invalid-identifier', error.message, { cause: error });
  }
  if (error instanceof TokenError && error.code === 'not-active') {
    const detail = 'The token is locked: start the registry with its PIN, then try again';
    return new Problem(503, 'token-not-active', detail, { cause: error });
  }
  return undefined;
}
