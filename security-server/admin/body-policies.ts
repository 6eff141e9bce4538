import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { allow, allowAll, Problem } from '../../gateway/http/index.ts';
import type { AdminContext } from './context.ts';

const json = <Schema extends z.ZodType>(schema: Schema) => ({ content: { 'application/json': { schema } } });
const field = '[^:\\s%]|%[0-9A-Fa-f]{2}';
const scopeSchema = z
  .string()
  .max(1_500)
  .regex(
    new RegExp(`^(?:(?:${field})+:){2,5}(?:${field})+$`),
    'expected instance:class:member[:subsystem][:service]',
  )
  .describe('encoded member, subsystem or service, as provider: it and everything under it');
const sideSchema = z
  .enum(['client', 'provider'])
  .describe('messages that this server sends for its clients, or answers for its services');
const policySchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('keep') }),
  z.object({ kind: z.literal('days'), days: z.number().int().min(1).max(36_500) }),
  z.object({ kind: z.literal('digest') }),
]);
const ruleSchema = z
  .object({ scope: scopeSchema, side: sideSchema, policy: policySchema })
  .openapi('BodyPolicy');
const place = z.object({ side: sideSchema, scope: scopeSchema });
const path = '/api/v1/body-policies/{side}/{scope}';

/** What is kept of the contents of messages. */
export function addBodyPolicyRoutes(app: OpenAPIHono, { bodyPolicies }: AdminContext): void {
  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path: '/api/v1/body-policies',
      description:
        'All policies; of two that speak of a service the narrower counts, where none does all is kept.',
      responses: { 200: { description: 'policies', ...json(z.array(ruleSchema)) } },
    }),
    (context) => context.json([...bodyPolicies.list()], 200),
  );
  app.openapi(
    createRoute({
      ...allow('system-administrator'),
      method: 'put',
      path,
      description:
        'Sets what is kept of messages that are recorded from now on. `days`: heads and bodies are erased after so many ' +
        'days. `digest`: bodies are never stored, and of heads what tells who called which service. In both cases the ' +
        'evidence still verifies, up to the digests in the signature, and says so.',
      request: { params: place, body: { required: true, ...json(policySchema) } },
      responses: { 204: { description: 'in force' } },
    }),
    (context) => {
      bodyPolicies.put({ ...context.req.valid('param'), policy: context.req.valid('json') });
      return context.body(null, 204);
    },
  );
  app.openapi(
    createRoute({
      ...allow('system-administrator'),
      method: 'delete',
      path,
      description: 'Removes a policy. What was recorded under it is still erased when it said.',
      request: { params: place },
      responses: { 204: { description: 'removed' } },
    }),
    (context) => {
      const { side, scope } = context.req.valid('param');
      if (!bodyPolicies.remove(scope, side)) {
        throw new Problem(404, 'unknown-policy', `There is no policy for ${scope} on the ${side} side`);
      }
      return context.body(null, 204);
    },
  );
}
