import type { OpenAPIHono } from '@hono/zod-openapi';
import { addApiKeyRoutes } from './api-key-routes.ts';
import type { People } from './people.ts';
import { addSessionRoutes } from './session-routes.ts';
import { addUserRoutes } from './user-routes.ts';

/** Signing in, users and API keys, the same in both programs. */
export function addPeopleRoutes(app: OpenAPIHono, people: People): void {
  addSessionRoutes(app, people);
  addUserRoutes(app, people);
  addApiKeyRoutes(app, people);
}
