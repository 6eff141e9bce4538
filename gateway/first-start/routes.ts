import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { addressOf, allowAll, allowNobodyYet, principalOf } from '../http/index.ts';
import type { FirstStart } from './door.ts';

const path = '/api/v1/session';

const sessionSchema = z
  .object({
    name: z.string(),
    kind: z.string(),
    roles: z.array(z.string()),
    csrfToken: z.string().optional().describe('of a session: changes carry it in x-csrf-token'),
    expiresAt: z.iso.datetime().optional(),
  })
  .openapi('InstallerSession');

/** Coming in with the code of the first start, and going. */
export function addFirstStartRoutes(app: OpenAPIHono, door: FirstStart): void {
  app.openapi(
    createRoute({
      ...allowNobodyYet(),
      method: 'post',
      path,
      description:
        'Opens the first start with the code that the program printed, which is also in the file first-start-code of the data folder. Each code opens once.',
      request: {
        body: { content: { 'application/json': { schema: z.strictObject({ code: z.string().max(100) }) } } },
      },
      responses: { 204: { description: 'open; the cookie says so' } },
    }),
    async (c) => {
      const secret = await door.enter(c.req.valid('json').code, addressOf(c));
      c.header('set-cookie', door.cookie.write(secret));
      return c.body(null, 204);
    },
  );
  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path,
      description: 'Who is asking.',
      responses: {
        200: { description: 'who', content: { 'application/json': { schema: sessionSchema } } },
      },
    }),
    (c) => {
      const { id, kind, roles, session } = principalOf(c);
      const { expiresAt } = door;
      return c.json(
        {
          ...{ name: id, kind, roles: [...roles] },
          ...(session !== undefined && { csrfToken: session.csrfToken }),
          ...(session !== undefined && expiresAt !== undefined && { expiresAt: expiresAt.toISOString() }),
        },
        200,
      );
    },
  );
  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'delete',
      path,
      description: 'Leaves the first start.',
      responses: { 204: { description: 'left' } },
    }),
    (c) => {
      door.leave();
      c.header('set-cookie', door.cookie.clear());
      return c.body(null, 204);
    },
  );
}
