import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { allow } from '../../gateway/http/index.ts';
import { reportGaps, searchRecords, showExchange, tellingLanguages } from '../auditor/index.ts';
import { requireAuditor } from './auditor-access.ts';
import type { AdminContext } from './context.ts';
import {
  gapReportSchema,
  pageSchema,
  shownExchangeSchema,
  statisticsAnswerSchema,
} from './evidence-answers.ts';
import { addEvidenceContentRoutes } from './evidence-content.ts';
import { addEvidenceLogRoutes } from './evidence-log.ts';
import { messageIdSchema, periodSchema, searchSchema, statisticsSchema } from './evidence-schemas.ts';

const json = <Schema extends z.ZodType>(schema: Schema) => ({ content: { 'application/json': { schema } } });

/** What an auditor may ask of the message log. Who asks is written down before the answer leaves. */
export function addEvidenceRoutes(app: OpenAPIHono, context: AdminContext): void {
  const { log, configurations, now } = context;

  app.openapi(
    createRoute({
      ...allow('auditor'),
      method: 'get',
      path: '/api/v1/evidence/records',
      description: 'Messages by what the log knows of them without opening them, newest first.',
      request: { query: searchSchema },
      responses: { 200: { description: 'one page', ...json(pageSchema) } },
    }),
    async (c) => {
      const question = given(c.req.valid('query'));
      await requireAuditor(c, context, { action: 'evidence.search', target: 'messages', detail: question });
      const { records, next } = await searchRecords(log, question);
      const shown = records.map((record) => ({ ...record, at: new Date(record.at).toISOString() }));
      return c.json({ records: shown, next }, 200);
    },
  );

  app.openapi(
    createRoute({
      ...allow('auditor'),
      method: 'get',
      path: '/api/v1/evidence/exchanges/{queryId}',
      description: 'All that the log has under one message id, told step by step and judged.',
      request: {
        params: z.object({ queryId: messageIdSchema }),
        query: z.object({ language: z.enum(tellingLanguages).default('en').describe('of the sentences') }),
      },
      responses: { 200: { description: 'exchanges and verdict', ...json(shownExchangeSchema) } },
    }),
    async (c) => {
      const { queryId } = c.req.valid('param');
      await requireAuditor(c, context, { action: 'evidence.show', target: queryId });
      const { language } = c.req.valid('query');
      return c.json(await showExchange(log, configurations, queryId, now(), language), 200);
    },
  );

  app.openapi(
    createRoute({
      ...allow('auditor'),
      method: 'get',
      path: '/api/v1/evidence/gaps',
      description: 'Numbers that are missing in a period, between the tallies of the log around it.',
      request: { query: periodSchema },
      responses: { 200: { description: 'what is missing, if anything', ...json(gapReportSchema) } },
    }),
    async (c) => {
      const { from = 0, to = now().getTime(), party } = c.req.valid('query');
      const question = given({ from, to, party });
      await requireAuditor(c, context, {
        ...{ action: 'evidence.gaps', target: party ?? 'all parties', detail: question },
      });
      return c.json(await reportGaps(log, { ...question, from, to }), 200);
    },
  );

  app.openapi(
    createRoute({
      ...allow('auditor'),
      method: 'get',
      path: '/api/v1/evidence/statistics',
      description: 'Who asks whom for what: sums of whole days in UTC.',
      request: { query: statisticsSchema },
      responses: { 200: { description: 'sums, most messages first', ...json(statisticsAnswerSchema) } },
    }),
    async (c) => {
      const { limit, per, ...filter } = c.req.valid('query');
      const query = { per, ...given(filter) };
      await requireAuditor(c, context, { action: 'evidence.statistics', target: 'messages', detail: query });
      const { rows, omitted } = log.statistics(query, limit);
      const shown = rows.map((row) => ({ ...row, firstDay: day(row.firstDay), lastDay: day(row.lastDay) }));
      return c.json({ rows: shown, omitted }, 200);
    },
  );

  addEvidenceContentRoutes(app, context);
  addEvidenceLogRoutes(app, context);
}

type Given<Fields> = { [Name in keyof Fields]: Exclude<Fields[Name], undefined> };

/** Fields that are undefined are left out, so that one may spread them. */
function given<Fields extends object>(fields: Fields): Given<Fields> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  ) as Given<Fields>;
}

function day(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}
