import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { allowNobodyYet } from '../http/index.ts';
import { addApiKeyRoutes } from './api-key-routes.ts';
import type { OidcSignIn } from './oidc/oidc-sign-in.ts';
import { addOidcRoutes } from './oidc/routes.ts';
import type { People } from './people.ts';
import { json } from './schemas.ts';
import { addSessionRoutes } from './session-routes.ts';
import { addUserRoutes } from './user-routes.ts';

const methodsSchema = z.object({
  password: z.boolean(),
  oidc: z.boolean().describe('at /sign-in/oidc?return=PATH'),
});

/**
 * Signing in, users and API keys, the same in both programs.
 * @param oidc absent: nobody signs in elsewhere
 */
export function addPeopleRoutes(app: OpenAPIHono, people: People, oidc?: OidcSignIn): void {
  addSessionRoutes(app, people);
  addUserRoutes(app, people);
  addApiKeyRoutes(app, people);
  app.openapi(
    createRoute({
      ...allowNobodyYet(),
      method: 'get',
      path: '/api/v1/sign-in-methods',
      responses: { 200: { description: 'what a page for signing in offers', ...json(methodsSchema) } },
    }),
    (c) => c.json({ password: true, oidc: oidc !== undefined }, 200),
  );
  if (oidc !== undefined) addOidcRoutes(app, people, oidc);
}
