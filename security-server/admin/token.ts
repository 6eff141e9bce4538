import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { allow, allowAll, confirmQuery, Problem, requireConfirmed } from '../../gateway/http/index.ts';
import { saveSigningMode, signingModes } from '../signer/index.ts';
import type { KnownToken } from '../tokens/index.ts';
import type { AdminContext } from './context.ts';
import { requireToken } from './keys.ts';

const json = <Schema extends z.ZodType>(schema: Schema) => ({ content: { 'application/json': { schema } } });
const done = { 204: { description: 'in force' } } as const;
const place = z.object({ token: z.string().max(200).describe('id of a token, or `software`') });

const signingSchema = z
  .enum(signingModes)
  .describe(
    'single: a signature for each message; batch: one for all that wait for the key; automatic: batches when the ' +
      'token is slow enough for them to pay',
  );
const tokenSchema = z
  .object({
    id: z.string().optional().describe('absent while its device was not found since the start'),
    kind: z.enum(['software', 'device']),
    name: z.string().describe('as the settings name it'),
    label: z.string().optional(),
    isActive: z.boolean().describe('whether its PIN was entered, and it answers'),
    state: z
      .enum(['signed-in', 'signed-out', 'away', 'locked-here', 'locked-by-device'])
      .describe(
        'away: its device is not there; locked-here: after wrong PINs nothing more is sent to it until one more try ' +
          'is allowed; locked-by-device: it takes none, and its maker says how to open it',
      ),
    signing: signingSchema.optional(),
    trouble: z.string().optional().describe('why it cannot be used'),
  })
  .openapi('Token');
const pinSchema = z.object({ pin: z.string().max(256) });

/** The tokens that hold the keys of this server: their PINs, and how they sign. */
export function addTokenRoutes(app: OpenAPIHono, context: AdminContext): void {
  const { tokens, signer, settings } = context;
  const show = (known: KnownToken): z.infer<typeof tokenSchema> => {
    const { token, kind, name, trouble } = known;
    return {
      ...{ kind, name, isActive: token?.isActive() ?? false, state: stateOf(known) },
      ...(token !== undefined && { id: token.id, label: token.label, signing: signer.signingMode(token.id) }),
      ...(trouble !== undefined && { trouble }),
    };
  };

  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path: '/api/v1/tokens',
      description: 'The token in the folder of the server, then the devices that the settings name.',
      responses: { 200: { description: 'tokens of this server', ...json(z.array(tokenSchema)) } },
    }),
    (c) => c.json(tokens.all().map(show), 200),
  );

  app.openapi(
    createRoute({
      ...allow('security-officer', 'system-administrator'),
      method: 'put',
      path: '/api/v1/tokens/{token}',
      description: 'Sets how messages are signed, from the next message on.',
      request: {
        params: place,
        body: { required: true, ...json(z.strictObject({ signing: signingSchema })) },
      },
      responses: done,
    }),
    async (c) => {
      const { signing } = c.req.valid('json');
      const { id } = requireToken(context, c.req.valid('param').token);
      await saveSigningMode(settings.db, id, signing);
      signer.setSigningMode(id, signing);
      return c.body(null, 204);
    },
  );

  app.openapi(
    createRoute({
      ...allow('security-officer', 'system-administrator'),
      method: 'post',
      path: '/api/v1/tokens/{token}/activation',
      description: 'Enters the PIN, so that the server can sign.',
      request: { params: place, body: { required: true, ...json(pinSchema) } },
      responses: done,
    }),
    async (c) => {
      const token = requireToken(context, c.req.valid('param').token);
      await token.activate(c.req.valid('json').pin);
      await context.reloadCertificates();
      return c.body(null, 204);
    },
  );

  app.openapi(
    createRoute({
      ...allow('security-officer', 'system-administrator'),
      method: 'delete',
      path: '/api/v1/tokens/{token}/activation',
      request: { params: place },
      responses: done,
    }),
    async (c) => {
      requireToken(context, c.req.valid('param').token).deactivate();
      await context.reloadCertificates();
      return c.body(null, 204);
    },
  );

  app.openapi(
    createRoute({
      ...allow('security-officer'),
      method: 'put',
      path: '/api/v1/tokens/{token}/pin',
      description: 'Changes the PIN. Whatever enters it when the server starts has to know the new one.',
      request: {
        params: place,
        body: { required: true, ...json(pinSchema.extend({ newPin: z.string().max(256) })) },
      },
      responses: done,
    }),
    async (c) => {
      const { pin, newPin } = c.req.valid('json');
      await requireToken(context, c.req.valid('param').token).changePin(pin, newPin);
      return c.body(null, 204);
    },
  );

  app.openapi(
    createRoute({
      ...allow('security-officer'),
      method: 'delete',
      path: '/api/v1/tokens/{token}/pin-lock',
      description:
        'Allows one more PIN by hand after wrong ones, be it the last that the device takes before it locks itself.',
      request: { params: place, query: confirmQuery },
      responses: done,
    }),
    async (c) => {
      const { token } = c.req.valid('param');
      const text =
        'When the next PIN is wrong, the device may lock itself, and its keys may be lost for ever.';
      requireConfirmed(c.req.valid('query').confirm, [{ code: 'device-may-lock', text }]);
      if (await tokens.releasePin(token)) return c.body(null, 204);
      throw new Problem(404, 'unknown-token', `There is no device ${token} here now`);
    },
  );
}

function stateOf({ token, isAway, pin = 'open' }: KnownToken): z.infer<typeof tokenSchema>['state'] {
  if (token === undefined || isAway) return 'away';
  if (token.isActive()) return 'signed-in';
  return pin === 'open' ? 'signed-out' : pin;
}
