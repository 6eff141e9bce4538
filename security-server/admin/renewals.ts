import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { allow, allowAll, Problem } from '../../gateway/http/index.ts';
import { type Renewal, RenewalError, stages } from '../renewal/index.ts';
import type { AdminContext } from './context.ts';

const json = <Schema extends z.ZodType>(schema: Schema) => ({ content: { 'application/json': { schema } } });

const renewalSchema = z
  .object({
    certificate: z.string().describe('SHA-256 of the one that is replaced'),
    use: z.enum(['signing', 'authentication']),
    state: z
      .enum(stages)
      .describe(
        'waiting: not due; ordering, registering, spreading, activating: the old one serves; retiring, grace, ' +
          'deregistering, removing: the new one serves; done: the old one is gone',
      ),
    since: z.iso.datetime().describe('in this state'),
    dueAt: z.iso.datetime(),
    dueBy: z
      .enum(['authority', 'age', 'request'])
      .describe('who says when: the authority, two thirds of its life, or somebody who asked for it'),
    replacement: z.string().optional().describe('SHA-256 of the new one, once it is here'),
    until: z.iso.datetime().optional().describe('end of spreading, or of grace'),
    nextAttemptAt: z.iso.datetime().optional().describe('after a failure'),
    failures: z.number().int().describe('of this state, in a row'),
    trouble: z
      .object({
        code: z.string(),
        text: z.string(),
        remedy: z.string().optional(),
        at: z.iso.datetime(),
      })
      .optional()
      .describe('why the last attempt failed'),
  })
  .openapi('Renewal');

/** Certificates that renew themselves. */
export function addRenewalRoutes(app: OpenAPIHono, context: AdminContext): void {
  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path: '/api/v1/renewals',
      description: 'Renewals that wait, that are under way, and the last that are done.',
      responses: { 200: { description: 'one for each certificate', ...json(z.array(renewalSchema)) } },
    }),
    (c) => c.json(context.renewals.list().map(show), 200),
  );

  app.openapi(
    createRoute({
      ...allow('security-officer'),
      method: 'post',
      path: '/api/v1/renewals',
      description:
        'Renews one certificate now, as a rehearsal or because it has to be; one whose renewal is under way goes on ' +
        'without the pause after its last failure.',
      request: {
        body: { required: true, ...json(z.strictObject({ certificate: z.string().max(64) })) },
      },
      responses: { 202: { description: 'begun', ...json(renewalSchema) } },
    }),
    async (c) => {
      try {
        return c.json(show(await context.renewals.request(c.req.valid('json').certificate)), 202);
      } catch (error) {
        if (!(error instanceof RenewalError)) throw error;
        const remedy = error.remedy === undefined ? '' : `: ${error.remedy}`;
        const status = error.code === 'unknown-certificate' ? 404 : 409;
        throw new Problem(status, error.code, `${error.message}${remedy}`);
      }
    },
  );
}

function show(renewal: Renewal): z.infer<typeof renewalSchema> {
  const { certificate, use, stage, since, dueAt, dueBy, replacement, until, nextAt, failures, trouble } =
    renewal;
  return {
    ...{
      certificate,
      use,
      state: stage,
      since: since.toISOString(),
      dueAt: dueAt.toISOString(),
      dueBy,
      failures,
    },
    ...(replacement !== undefined && { replacement }),
    ...(until !== undefined && { until: until.toISOString() }),
    ...(nextAt !== undefined && { nextAttemptAt: nextAt.toISOString() }),
    ...(trouble !== undefined && {
      trouble: {
        ...{ code: trouble.code, text: trouble.text, at: trouble.at.toISOString() },
        ...(trouble.remedy !== undefined && { remedy: trouble.remedy }),
      },
    }),
  };
}
