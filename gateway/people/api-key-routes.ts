import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { allowAll, matches, page, principalOf, searchQuery } from '../http/index.ts';
import type { ShownApiKey } from './key-ring.ts';
import type { People } from './people.ts';
import { apiKeySchema, body, json, labelSchema, rolesSchema } from './schemas.ts';

const path = '/api/v1/api-keys';

/** API keys: each makes and revokes their own, system administrators see and revoke all. */
export function addApiKeyRoutes(app: OpenAPIHono, { keys }: People): void {
  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path,
      description: 'One’s own API keys; those of all for system administrators.',
      request: { query: searchQuery },
      responses: { 200: { description: 'without their secrets', ...json(z.array(apiKeySchema)) } },
    }),
    (c) => {
      const { q, ...wanted } = c.req.valid('query');
      const found = keys.list(principalOf(c)).filter(({ label, creator }) => matches(q, label, creator));
      return c.json(page(c, found, wanted, ({ id }) => String(id).padStart(16, '0')).map(print), 200);
    },
  );
  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'post',
      path,
      description: 'Makes an API key, with roles of one’s own alone; it loses those that its creator loses.',
      request: body(
        z.object({ label: labelSchema, roles: rolesSchema, expiresAt: z.iso.datetime() }).strict(),
      ),
      responses: {
        201: {
          description: 'the key, which is shown this once',
          ...json(z.object({ id: z.number().int(), key: z.string() })),
        },
      },
    }),
    (c) => {
      const { label, roles, expiresAt } = c.req.valid('json');
      const made = keys.create(principalOf(c), { label, roles, expiresAt: new Date(expiresAt) });
      return c.json({ ...made }, 201);
    },
  );
  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'delete',
      path: `${path}/{id}`,
      description: 'Revokes an API key, at once.',
      request: { params: z.object({ id: z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER) }) },
      responses: { 204: { description: 'revoked' } },
    }),
    (c) => {
      keys.revoke(principalOf(c), c.req.valid('param').id);
      return c.body(null, 204);
    },
  );
}

function print(key: ShownApiKey) {
  return {
    ...{ id: key.id, label: key.label, roles: [...key.roles], effectiveRoles: [...key.effectiveRoles] },
    ...(key.creator !== undefined && { creator: key.creator }),
    createdAt: key.createdAt.toISOString(),
    expiresAt: key.expiresAt.toISOString(),
    ...(key.usedAt !== undefined && { usedAt: key.usedAt.toISOString() }),
  };
}
