import { z } from '@hono/zod-openapi';
import { type Grant, validityState } from '../settings/index.ts';
import { endpointSchema, subjectSchema } from './schemas.ts';

const instantSchema = z.iso
  .datetime({ offset: true, error: 'an instant such as 2026-03-01T08:00:00Z is expected' })
  .openapi({ example: '2026-03-01T08:00:00Z' });

const boundedSchema = endpointSchema.extend({
  validFrom: instantSchema.optional().describe('absent: at once'),
  validUntil: instantSchema
    .optional()
    .describe('first instant at which it does not hold; absent: without end'),
});

const isInOrder = ({
  validFrom,
  validUntil,
}: Pick<z.infer<typeof boundedSchema>, 'validFrom' | 'validUntil'>) =>
  validFrom === undefined || validUntil === undefined || Date.parse(validFrom) < Date.parse(validUntil);
const order = { path: ['validUntil'], error: 'it must be after validFrom' };

/** An endpoint, and how long it is given. */
export const grantSchema = boundedSchema.refine(isInOrder, order);

/** The same, and to whom. */
export const grantToSchema = boundedSchema.extend({ subject: subjectSchema }).refine(isInOrder, order);

export const shownGrantSchema = boundedSchema
  .extend({ state: z.enum(['to-begin', 'in-force', 'ended']).describe('at the instant of this answer') })
  .openapi('Grant');

export function readGrant({ method, path, validFrom, validUntil }: z.infer<typeof grantSchema>): Grant {
  return {
    method,
    path,
    ...(validFrom !== undefined && { validFrom: new Date(validFrom) }),
    ...(validUntil !== undefined && { validUntil: new Date(validUntil) }),
  };
}

export function showGrant(grant: Grant, at: Date): z.infer<typeof shownGrantSchema> {
  const { method, path, validFrom, validUntil } = grant;
  return {
    method,
    path,
    ...(validFrom !== undefined && { validFrom: validFrom.toISOString() }),
    ...(validUntil !== undefined && { validUntil: validUntil.toISOString() }),
    state: validityState(grant, at),
  };
}
