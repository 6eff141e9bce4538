import { z } from '@hono/zod-openapi';
import { Problem, type ProblemWarning } from './problem.ts';

/** Query of an operation that asks back before it does harm. */
export const confirmQuery = z.object({
  confirm: z
    .string()
    .max(1_000)
    .optional()
    .describe('codes of the warnings that were read and accepted, separated by commas'),
});

/**
 * Stops at what the caller may not have meant, until they say so by the codes they were told.
 * @param confirmed as the query `confirm` has it
 * @throws Problem confirmation-needed, with the warnings that were not
 */
export function requireConfirmed(confirmed: string | undefined, warnings: readonly ProblemWarning[]): void {
  const accepted = new Set((confirmed ?? '').split(','));
  const open = warnings.filter(({ code }) => !accepted.has(code));
  if (open.length === 0) return;
  const codes = warnings.map(({ code }) => code).join(',');
  const detail = `${open.map(({ text }) => text).join(' ')} If that is meant, repeat it with ?confirm=${codes}`;
  throw new Problem(409, 'confirmation-needed', detail, { warnings: open });
}
