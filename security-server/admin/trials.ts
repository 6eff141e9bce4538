import { randomUUID } from 'node:crypto';
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { allow, Problem } from '../../gateway/http/index.ts';
import { serviceIdOf } from '../settings/index.ts';
import { tryCall } from '../trial/index.ts';
import { requireJournal } from './auditor-access.ts';
import type { AdminContext } from './context.ts';
import { clientIdSchema, readClientId, requireClient } from './schemas.ts';

const json = <Schema extends z.ZodType>(schema: Schema) => ({ content: { 'application/json': { schema } } });

const line = (max: number) =>
  z
    .string()
    .max(max)
    .regex(/^[ -~]*$/, 'printable ASCII on one line is expected');

const trialSchema = z
  .strictObject({
    client: clientIdSchema.max(2_000),
    provider: clientIdSchema.max(2_000),
    serviceCode: z.string().min(1).max(255),
    method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS']).default('GET'),
    path: z
      .string()
      .max(4_000)
      .default('')
      .describe('behind the service code, with its query, as it is sent')
      .openapi({ example: '/persons/P-1001' }),
    contentType: line(200).optional(),
    body: z.string().max(256_000).optional(),
    issue: line(200).optional().describe('X-Road-Issue'),
  })
  .openapi('Trial');

const answerSchema = z
  .object({
    messageId: z.string().describe('under which both servers keep the evidence'),
    status: z.number().int(),
    errorCode: z.string().optional().describe('of the road’s refusal; absent when the service answered'),
    contentType: z.string(),
    body: z.string().describe('base64'),
    durationMs: z.number(),
  })
  .openapi('TrialAnswer');

/** Real exchanges, made from the console. */
export function addTrialRoutes(app: OpenAPIHono, context: AdminContext): void {
  const { settings, loopback } = context;
  app.openapi(
    createRoute({
      ...allow('service-administrator'),
      method: 'post',
      path: '/api/v1/trials',
      description:
        'Calls a REST service for a client of this server: a real exchange, signed, recorded and counted like any other.',
      request: { body: { required: true, ...json(trialSchema) } },
      responses: { 200: { description: 'how it was answered', ...json(answerSchema) } },
    }),
    async (c) => {
      const { client, provider, serviceCode, method, path, contentType, body, issue } = c.req.valid('json');
      const { id } = requireClient(settings.current().content.clients, client);
      if (body !== undefined && body !== '' && (method === 'GET' || method === 'HEAD')) {
        throw new Problem(422, 'body-unexpected', `${method} takes no body`);
      }
      const messageId = randomUUID();
      // The message that leaves is the member's: who sent it stands here, before it does.
      await requireJournal(c, context, {
        ...{ action: 'trial.call', target: messageId },
        detail: { client, provider, serviceCode, method },
      });
      const answer = await tryCall(
        {
          messageId,
          ...{ client: id, service: serviceIdOf(readClientId(provider), serviceCode), method, path },
          ...(contentType !== undefined && { contentType }),
          ...(body !== undefined && { body }),
          ...(issue !== undefined && issue !== '' && { issue }),
        },
        loopback(),
      );
      return c.json({ messageId, ...answer, body: answer.body.toString('base64') }, 200);
    },
  );
}
