import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { allow, allowAll, Problem } from '../../gateway/http/index.ts';
import { TransparencyError } from '../../gateway/transparency/index.ts';
import { type HistoryTrouble, historyTroubleCodes, RegistryHistoryError } from '../registry-history/index.ts';
import type { AdminContext } from './context.ts';

const json = <Schema extends z.ZodType>(schema: Schema) => ({ content: { 'application/json': { schema } } });

const troubleSchema = z
  .object({
    code: z.enum(historyTroubleCodes),
    text: z.string(),
    at: z.string().describe('since when'),
    checkpoint: z.string().optional().describe('the one that was refused'),
  })
  .openapi('RegistryHistoryTrouble');
const historySchema = z
  .object({
    checkpoint: z
      .string()
      .optional()
      .describe('signed note, the last that was found good; absent: the registry commits to no history'),
    verifierKey: z.string().optional(),
    since: z.string().optional().describe('when a checkpoint of this history was first kept'),
    keptAt: z.string().optional().describe('when this one was'),
    trouble: troubleSchema.optional().describe('what is wrong now'),
    conflict: troubleSchema
      .optional()
      .describe('the last checkpoint that contradicted the kept one, also when none does any more'),
    comparisons: z
      .object({
        same: z.number().int(),
        consistent: z.number().int(),
        ahead: z.number().int().describe('the other server had seen more, and compared ours'),
        forked: z.number().int(),
        unclear: z.number().int().describe('of another key, or without a proof that could be had'),
        unanswered: z.number().int().describe('servers that could not be asked'),
        lastAt: z.string().optional(),
      })
      .describe(
        'what servers of this program found by showing each other their checkpoints, since the start',
      ),
  })
  .openapi('RegistryHistory');
const comparisonSchema = z
  .object({
    verdict: z
      .enum(['same', 'consistent', 'forked', 'ahead'])
      .describe(
        'forked: the registry tells different servers different things; ahead: the other server has seen more, so compare ours there',
      ),
    theirs: z.number().int().describe('changes of the register in their checkpoint'),
    ours: z.number().int(),
  })
  .openapi('RegistryHistoryComparison');

/** What history of its register the registry has committed to, as this server saw it. */
export function addRegistryHistoryRoutes(
  app: OpenAPIHono,
  { registryHistory, checkpoints, refreshConfiguration }: AdminContext,
): void {
  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path: '/api/v1/registry-history',
      description: 'The last checkpoint of the registry that was found good, and what was wrong with others.',
      responses: { 200: { description: 'what is kept', ...json(historySchema) } },
    }),
    (context) => {
      const { kept, trouble, conflict } = registryHistory.state();
      return context.json(
        {
          ...(kept !== undefined && {
            ...{ checkpoint: kept.checkpoint, verifierKey: kept.verifierKey },
            ...{ since: kept.since, keptAt: kept.keptAt },
          }),
          ...(trouble !== undefined && { trouble: show(trouble) }),
          ...(conflict !== undefined && { conflict: show(conflict) }),
          comparisons: checkpoints.figures(),
        },
        200,
      );
    },
  );
  app.openapi(
    createRoute({
      ...allow('security-officer', 'system-administrator', 'auditor'),
      method: 'post',
      path: '/api/v1/registry-history/compare',
      description:
        'Compares a checkpoint that another security server keeps: a registry that tells servers different things cannot make both fit.',
      request: { body: { required: true, ...json(z.object({ checkpoint: z.string().min(1).max(10_000) })) } },
      responses: { 200: { description: 'how they compare', ...json(comparisonSchema) } },
    }),
    async (context) => {
      const { checkpoint } = context.req.valid('json');
      try {
        let answer = await registryHistory.compare(checkpoint);
        if (answer.verdict === 'ahead') {
          // Our last poll may be a minute ago. One that fails is reported where it does; what is kept answers then.
          await refreshConfiguration().catch(() => undefined);
          answer = await registryHistory.compare(checkpoint);
        }
        return context.json(answer, 200);
      } catch (cause) {
        throw explain(cause);
      }
    },
  );
  app.openapi(
    createRoute({
      ...allow('security-officer'),
      method: 'post',
      path: '/api/v1/registry-history/forget',
      description:
        'Forgets the kept checkpoint; the next is taken on trust. Only after the operator of the registry has said that it was restored from a backup.',
      responses: { 204: { description: 'forgotten' } },
    }),
    async (context) => {
      await registryHistory.forget();
      return context.body(null, 204);
    },
  );
}

function show({ code, text, at, checkpoint }: HistoryTrouble): z.infer<typeof troubleSchema> {
  return { code, text, at, ...(checkpoint !== undefined && { checkpoint }) };
}

function explain(cause: unknown): unknown {
  if (cause instanceof TransparencyError) {
    const detail = `This is no checkpoint of the history that is kept here: ${cause.message}`;
    return new Problem(422, 'checkpoint-not-of-this-history', detail, { cause });
  }
  if (!(cause instanceof RegistryHistoryError)) return cause;
  const status = cause.code === 'registry-history-absent' ? 409 : 503;
  return new Problem(status, cause.code, cause.message, { cause });
}
