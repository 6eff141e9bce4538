import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { allow, allowAll, linkNext, Problem } from '../../gateway/http/index.ts';
import { JournalError } from '../../gateway/journal/index.ts';
import type { EntrySummary, FoundEntry } from '../history/index.ts';
import type { AdminContext } from './context.ts';

const json = <Schema extends z.ZodType>(schema: Schema) => ({ content: { 'application/json': { schema } } });

const rowSchema = z
  .record(z.string(), z.union([z.string(), z.number(), z.null()]))
  .nullable()
  .describe('by column; octets as hex digits, secrets as their hash; null: there is no row');
const changeSchema = z.object({
  table: z.string(),
  key: z.string(),
  before: rowSchema,
  after: rowSchema,
});
const entrySchema = z
  .object({
    index: z.number().int().describe('place in the history, from 0'),
    at: z.string(),
    by: z.string().openapi({ example: 'user:anna' }),
    why: z.string().optional(),
    kind: z
      .enum(['change', 'statement'])
      .describe('statement: the registry says what it found when the history began, or after an upgrade'),
    schema: z.number().int(),
    changes: z.array(changeSchema),
  })
  .openapi('HistoryEntry');
const summarySchema = entrySchema
  .extend({
    changes: z
      .array(changeSchema)
      .describe('of those that were searched for, or else of all, the first: 20 at most'),
    changeCount: z.number().int().describe('how many changes the entry has; it has them whole'),
  })
  .openapi('HistorySummary');
const provedSchema = entrySchema
  .extend({
    inclusion: z.object({
      text: z.string().describe('what was hashed, to the octet'),
      salt: z.string().describe('base64'),
      leaf: z.string().describe('hash of the leaf, base64'),
      proof: z.array(z.string()).describe('RFC 6962 audit path, base64'),
      checkpoint: z.string().describe('signed note of the tree'),
      verifierKey: z.string(),
    }),
  })
  .openapi('ProvedHistoryEntry');

const instantSchema = z.iso.datetime().transform((text) => Date.parse(text));
const line = z.string().min(1).max(2_000);
const placeSchema = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const querySchema = z.object({
  table: line.optional().openapi({ example: 'member' }),
  key: line
    .optional()
    .describe('of a row: parts of its name with slashes between')
    .openapi({ example: 'GOV/1234' }),
  by: line.optional(),
  from: instantSchema.optional(),
  to: instantSchema.optional(),
  cursor: placeSchema.optional().describe('where to go on, as Link with rel="next" tells it'),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
});

/** Who changed what in the register, when and why, with proofs. */
export function addHistoryRoutes(app: OpenAPIHono, { history }: AdminContext): void {
  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path: '/api/v1/history',
      description: 'Changes of the register, newest first.',
      request: { query: querySchema },
      responses: { 200: { description: 'entries', ...json(z.array(summarySchema)) } },
    }),
    async (context) => {
      const { table, key, by, from, to, cursor, limit } = context.req.valid('query');
      const found = await told(() =>
        history.search({
          ...(table !== undefined && { table }),
          ...(key !== undefined && { key }),
          ...(by !== undefined && { by }),
          ...(from !== undefined && { from }),
          ...(to !== undefined && { to }),
          ...(cursor !== undefined && { before: cursor }),
          limit,
        }),
      );
      const last = found.at(-1);
      if (found.length === limit && last !== undefined && last.index > 0)
        linkNext(context, String(last.index));
      return context.json(found.map(showSummary), 200);
    },
  );
  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path: '/api/v1/history/checkpoint',
      description:
        'A signed checkpoint of the history: kept elsewhere, it shows later that nothing was rewritten. The same kind is published with every configuration.',
      responses: { 200: { description: 'signed note', content: { 'text/plain': { schema: z.string() } } } },
    }),
    async (context) => context.text(await told(() => history.checkpoint()), 200),
  );
  app.openapi(
    createRoute({
      ...allow('auditor', 'system-administrator'),
      method: 'post',
      path: '/api/v1/history/check',
      description: 'Checks the whole history, and that the register is what it says.',
      request: {
        body: { required: true, ...json(z.object({ checkpoints: z.array(z.string().max(10_000)).max(20) })) },
      },
      responses: {
        200: {
          description: 'what was found',
          ...json(
            z.object({
              isClean: z.boolean(),
              verifierKey: z.string(),
              findings: z.array(z.object({ code: z.string(), place: z.string(), text: z.string() })),
            }),
          ),
        },
      },
    }),
    async (context) => {
      const { checkpoints } = context.req.valid('json');
      const held = checkpoints.map((note, index) => ({ name: `checkpoint ${index + 1} of yours`, note }));
      const findings = await told(() => history.check(held));
      const { verifierKey } = history;
      return context.json({ isClean: findings.length === 0, verifierKey, findings: [...findings] }, 200);
    },
  );
  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path: '/api/v1/history/{index}',
      description: 'One entry with all its changes, and the proof that it is in the history.',
      request: { params: z.object({ index: placeSchema }) },
      responses: { 200: { description: 'the entry', ...json(provedSchema) } },
    }),
    async (context) => {
      const { index } = context.req.valid('param');
      const found = await told(() => history.find(index));
      if (found === undefined) throw new Problem(404, 'not-found', `The history has no entry ${index}`);
      const { text, salt, leaf, proof, checkpoint } = found.inclusion;
      const inclusion = {
        ...{ text, checkpoint, verifierKey: history.verifierKey },
        ...{ salt: salt.toString('base64'), leaf: leaf.toString('base64') },
        proof: proof.map((hash) => hash.toString('base64')),
      };
      return context.json({ ...show(found.entry), inclusion }, 200);
    },
  );
  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path: '/api/v1/history/{index}/changes',
      description: 'The changes of one entry, page by page, in the order in which they were made.',
      request: {
        params: z.object({ index: placeSchema }),
        query: querySchema.pick({ cursor: true, limit: true }),
      },
      responses: { 200: { description: 'changes', ...json(z.array(changeSchema)) } },
    }),
    async (context) => {
      const { index } = context.req.valid('param');
      const { cursor = 0, limit } = context.req.valid('query');
      const found = await told(() => history.read(index));
      if (found === undefined) throw new Problem(404, 'not-found', `The history has no entry ${index}`);
      if (found.changes.length > cursor + limit) linkNext(context, String(cursor + limit));
      const shown = found.changes.slice(cursor, cursor + limit);
      return context.json(
        shown.map((change) => ({ ...change })),
        200,
      );
    },
  );
}

function showSummary({ changes, ...entry }: EntrySummary): z.infer<typeof summarySchema> {
  return { ...entry, changes: changes.map((change) => ({ ...change })) };
}

function show({ changes, ...entry }: FoundEntry): z.infer<typeof entrySchema> {
  return { ...entry, changes: changes.map((change) => ({ ...change })) };
}

/** @throws Problem history-damaged, which names the place */
async function told<Answer>(read: () => Answer | Promise<Answer>): Promise<Answer> {
  try {
    return await read();
  } catch (cause) {
    if (!(cause instanceof JournalError)) throw cause;
    throw new Problem(500, `history-${cause.code}`, cause.message, { cause });
  }
}
