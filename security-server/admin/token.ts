import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { allow, allowAll } from '../../gateway/http/index.ts';
import { saveSigningMode, signingModes } from '../signer/index.ts';
import type { AdminContext } from './context.ts';

const json = <Schema extends z.ZodType>(schema: Schema) => ({ content: { 'application/json': { schema } } });
const done = { 204: { description: 'in force' } } as const;

const signingSchema = z
  .enum(signingModes)
  .describe(
    'single: a signature for each message; batch: one for all that wait for the key; automatic: batches when the ' +
      'token is slow enough for them to pay',
  );
const tokenSchema = z
  .object({ id: z.string(), label: z.string(), isActive: z.boolean(), signing: signingSchema })
  .openapi('Token');

/** The token that holds the keys of this server: its PIN, and how it signs. */
export function addTokenRoutes(app: OpenAPIHono, context: AdminContext): void {
  const { token, signer, settings } = context;

  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path: '/api/v1/token',
      responses: { 200: { description: 'the token of this server', ...json(tokenSchema) } },
    }),
    (c) => {
      const { id, label } = token;
      return c.json({ id, label, isActive: token.isActive(), signing: signer.signingMode(id) }, 200);
    },
  );

  app.openapi(
    createRoute({
      ...allow('security-officer', 'system-administrator'),
      method: 'put',
      path: '/api/v1/token',
      description: 'Sets how messages are signed, from the next message on.',
      request: { body: { required: true, ...json(z.strictObject({ signing: signingSchema })) } },
      responses: done,
    }),
    async (c) => {
      const { signing } = c.req.valid('json');
      await saveSigningMode(settings.db, token.id, signing);
      signer.setSigningMode(token.id, signing);
      return c.body(null, 204);
    },
  );

  app.openapi(
    createRoute({
      ...allow('security-officer', 'system-administrator'),
      method: 'post',
      path: '/api/v1/token/activation',
      description: 'Enters the PIN, so that the server can sign.',
      request: { body: { required: true, ...json(z.object({ pin: z.string() })) } },
      responses: done,
    }),
    async (c) => {
      await token.activate(c.req.valid('json').pin);
      await context.reloadCertificates();
      return c.body(null, 204);
    },
  );

  app.openapi(
    createRoute({
      ...allow('security-officer', 'system-administrator'),
      method: 'delete',
      path: '/api/v1/token/activation',
      responses: done,
    }),
    async (c) => {
      token.deactivate();
      await context.reloadCertificates();
      return c.body(null, 204);
    },
  );
}
