import { z } from '@hono/zod-openapi';
import { lineSchema } from '../../gateway/http/index.ts';
import { parseEncodedClient, printEncoded } from '../../gateway/identifier/index.ts';

/** Nothing that could break a line of the journal, or of a terminal. */
const line = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .refine((text) => !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text), 'control characters are not expected');

/** Milliseconds since the epoch. */
const instantSchema = z
  .string()
  .max(40)
  .describe('instant such as 2026-11-23T14:05:00Z, or a day in UTC such as 2026-11-23, which is its midnight')
  .openapi({ example: '2026-11-01' })
  .transform((text, context) => {
    const isInstant =
      /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2}))?$/.test(text);
    const at = isInstant ? Date.parse(text) : Number.NaN;
    if (!Number.isNaN(at) && at >= 0) return at;
    context.addIssue({
      code: 'custom',
      message: 'an instant such as 2026-11-23T14:05:00Z or a day is expected',
    });
    return z.NEVER;
  });

/** Longer than any identifier that X-Road takes, encoded. */
const maxIdentifier = 2_000;
const maxText = 1_024;

const partySchema = z
  .string()
  .max(maxIdentifier)
  .describe('encoded member or subsystem: it and everything under it')
  .openapi({ example: 'PILOT:GOV:1001' })
  .transform((text) => printEncoded(parseEncodedClient(text)));

const serviceSchema = line(maxIdentifier)
  .describe('encoded service, or what is above it')
  .openapi({ example: 'PILOT:GOV:1001:population:register' });

export const messageIdSchema = line(maxText).describe('message id, X-Road-Id');

const purposeSchema = lineSchema(500)
  .min(1)
  .refine((text) => text.trim() !== '', 'tell why you need it')
  .describe('why this is read; it stands in the journal')
  .openapi({ example: 'complaint 2026/117 of a citizen' });

export const reasonSchema = lineSchema(500)
  .min(1)
  .refine((text) => text.trim() !== '', 'tell why it is done')
  .describe('why this is done; it stands in the journal')
  .openapi({ example: 'request for erasure 2026/31 of a citizen' });

export const searchSchema = z.object({
  from: instantSchema.optional(),
  to: instantSchema.optional().describe('first instant that no longer belongs to the period'),
  party: partySchema.optional().describe('as client or as provider'),
  client: partySchema.optional(),
  service: serviceSchema.optional(),
  queryId: messageIdSchema.optional(),
  requestId: line(maxText).optional(),
  userId: line(maxText).optional(),
  issue: line(maxText).optional(),
  direction: z.enum(['request', 'response']).optional(),
  side: z.enum(['client', 'provider']).optional().describe('which role this server had'),
  outcome: z.enum(['succeeded', 'failed']).optional().describe('of responses: status below 400, or not'),
  cursor: z.string().max(100).optional().describe('`next` of the answer before'),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
});

export const periodSchema = z.object({
  from: instantSchema.optional(),
  to: instantSchema.optional(),
  party: partySchema.optional(),
});

export const statisticsSchema = periodSchema.extend({
  client: partySchema.optional(),
  service: serviceSchema.optional(),
  per: z.enum(['pair', 'service', 'day']).default('service').describe('what one row is for'),
  limit: z.coerce.number().int().min(1).max(10_000).default(1000),
});

export const exportSchema = z.strictObject({
  scope: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('exchange'), queryId: messageIdSchema }),
    z.strictObject({ kind: z.literal('party'), party: partySchema, from: instantSchema, to: instantSchema }),
    z.strictObject({
      kind: z.literal('case'),
      title: line(maxText),
      queryIds: z.array(messageIdSchema).min(1).max(1000),
    }),
  ]),
  purpose: purposeSchema,
  includeBodies: z.boolean().default(false).describe('else digests prove what bodies were'),
  includeNeighbours: z
    .boolean()
    .default(true)
    .describe(
      'of an exchange or a case: for a request without response, what the log notes of the responses to others at that time, which proves that there was none; no message of theirs',
    ),
  heldSizes: z
    .array(z.number().int().min(1).max(Number.MAX_SAFE_INTEGER))
    .max(100)
    .default([])
    .describe('sizes of checkpoints that were kept: it is proved that the log only grew since'),
});

export const bodySchema = z.strictObject({
  position: z.number().int().min(0).max(1000).describe('1 for the first body; 0 for the message itself'),
  purpose: purposeSchema,
});

export const checkSchema = z.strictObject({
  heldCheckpoints: z
    .array(z.strictObject({ name: line(200), note: z.string().max(10_000) }))
    .max(100)
    .default([])
    .describe('signed checkpoints of this log that were kept elsewhere'),
});
