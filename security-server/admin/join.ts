import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { allow, allowAll, Problem } from '../../gateway/http/index.ts';
import { InvitationError, joinStepSchema } from '../../gateway/joining/index.ts';
import { type JoinDesk, JoinError } from '../join/index.ts';

const json = <Schema extends z.ZodType>(schema: Schema) => ({ content: { 'application/json': { schema } } });

const beginSchema = z
  .strictObject({
    invitation: z.string().max(8192),
    address: z.string().min(1).max(255).describe('at which other servers will reach this one'),
    subsystems: z
      .array(z.strictObject({ code: z.string().min(1).max(255), name: z.string().max(255).optional() }))
      .min(1)
      .max(20),
  })
  .openapi('JoinBegin');

const viewSchema = z
  .object({
    result: z.enum(['none', 'joining', 'joined', 'declined']),
    reason: z.string().optional().describe('why the registration officer declined'),
    isRunning: z.boolean().describe('whether the steps are worked on now'),
    trouble: z.string().optional().describe('why the last run ended before its time'),
    steps: z.array(joinStepSchema),
  })
  .openapi('Join');

/** Joining an instance with an invitation, for as long as this server has not joined. */
export function addJoinRoutes(app: OpenAPIHono, desk: JoinDesk): void {
  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path: '/api/v1/join',
      responses: { 200: { description: 'how far the joining is, and who is awaited', ...json(viewSchema) } },
    }),
    async (c) => {
      const { steps, ...view } = await desk.view();
      return c.json({ ...view, steps: [...steps] }, 200);
    },
  );

  app.openapi(
    createRoute({
      ...allow('registration-officer', 'system-administrator'),
      method: 'post',
      path: '/api/v1/join',
      description: 'Begins with an invitation; without a body, goes on with what was begun.',
      request: { body: { required: false, ...json(beginSchema) } },
      responses: { 202: { description: 'under way' } },
    }),
    async (c) => {
      const isGiven = c.req.header('content-type') !== undefined;
      await desk.begin(isGiven ? beginOf(c.req.valid('json')) : undefined);
      return c.body(null, 202);
    },
  );
}

function beginOf({ subsystems, ...begin }: z.infer<typeof beginSchema>) {
  return {
    ...begin,
    subsystems: subsystems.map(({ code, name }) => ({ code, ...(name !== undefined && { name }) })),
  };
}

/** Refusals of joining, in its words. */
export function explainJoining(error: unknown): Problem | undefined {
  if (error instanceof InvitationError) return new Problem(422, `invitation-${error.code}`, error.message);
  if (error instanceof JoinError) {
    return new Problem(
      409,
      error.code === 'wrong-use' ? 'not-joinable' : `join-${error.code}`,
      error.message,
    );
  }
  return undefined;
}
