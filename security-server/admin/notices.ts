import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { allow } from '../../gateway/http/index.ts';
import { givenSettingsSchema, noticeSettingsSchema } from '../notices/index.ts';
import type { AdminContext } from './context.ts';

const json = <Schema extends z.ZodType>(schema: Schema) => ({ content: { 'application/json': { schema } } });
const settingsSchema = noticeSettingsSchema.openapi('NoticeSettings');
const receiver = z.string().describe('webhook, or mail and the address of one mail box');
const problem = { code: z.string(), text: z.string(), remedy: z.string() };

const noticesSchema = z
  .object({
    receivers: z.array(
      z.object({
        receiver,
        waiting: z.number().int(),
        failure: z
          .object({
            ...problem,
            at: z.iso.datetime(),
            count: z.number().int().describe('in a row'),
            nextAttemptAt: z.iso.datetime(),
          })
          .optional()
          .describe('of the last attempt, until one succeeds'),
      }),
    ),
    sent: z
      .array(
        z.object({
          ...{ receiver, days: z.number().int().describe('before its end') },
          expiry: z.string().describe('kind, SHA-256 and owner of the certificate'),
          notAfter: z.iso.datetime(),
          at: z.iso.datetime(),
        }),
      )
      .describe('newest first, two hundred at most'),
  })
  .openapi('Notices');

const testSchema = z
  .array(z.object({ receiver, isSent: z.boolean(), problem: z.object(problem).optional() }))
  .openapi('NoticeTest');

const path = '/api/v1/notice-settings';

/** Who is told, 60, 30, 7 and 1 days before, of what ends. */
export function addNoticeRoutes(app: OpenAPIHono, { notices }: AdminContext): void {
  app.openapi(
    createRoute({
      ...allow('system-administrator'),
      method: 'get',
      path,
      description: 'Who is told of what ends, and how. Without the password and the secret.',
      responses: { 200: { description: 'settings', ...json(settingsSchema) } },
    }),
    (c) => c.json(notices.settings(), 200),
  );
  app.openapi(
    createRoute({
      ...allow('system-administrator'),
      method: 'put',
      path,
      description:
        'Sets who is told of what ends, by mail and at a webhook. Password and secret are sealed by the token.',
      request: { body: { required: true, ...json(givenSettingsSchema) } },
      responses: { 200: { description: 'settings', ...json(settingsSchema) } },
    }),
    async (c) => {
      await notices.change(c.req.valid('json'));
      return c.json(notices.settings(), 200);
    },
  );
  app.openapi(
    createRoute({
      ...allow('system-administrator'),
      method: 'get',
      path: '/api/v1/notices',
      description: 'What was told to whom, what waits, and why.',
      responses: { 200: { description: 'notices', ...json(noticesSchema) } },
    }),
    async (c) => {
      const [states, sent] = await Promise.all([notices.states(), notices.sent()]);
      return c.json(
        {
          receivers: states.map(({ channel, waiting, failure }) => ({
            ...{ receiver: channel, waiting },
            ...(failure !== undefined && {
              failure: {
                ...failure,
                at: failure.at.toISOString(),
                nextAttemptAt: failure.nextAttemptAt.toISOString(),
              },
            }),
          })),
          sent: sent.map(({ channel, days, expiry, notAfter, at }) => ({
            ...{ receiver: channel, days, expiry },
            ...{ notAfter: notAfter.toISOString(), at: at.toISOString() },
          })),
        },
        200,
      );
    },
  );
  app.openapi(
    createRoute({
      ...allow('system-administrator'),
      method: 'post',
      path: '/api/v1/notice-tests',
      description: 'Sends a message that says it is a test, now, to every receiver of one kind.',
      request: {
        body: { required: true, ...json(z.strictObject({ kind: z.enum(['mail', 'webhook']) })) },
      },
      responses: { 200: { description: 'what came of it', ...json(testSchema) } },
    }),
    async (c) => {
      const outcomes = await notices.test(c.req.valid('json').kind);
      return c.json(
        outcomes.map(({ channel, error }) => ({
          ...{ receiver: channel, isSent: error === undefined },
          ...(error !== undefined && {
            problem: { code: error.code, text: error.message, remedy: error.remedy },
          }),
        })),
        200,
      );
    },
  );
}
