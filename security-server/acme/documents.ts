import { z } from 'zod';
import { problemSchema } from './problem.ts';

/** What an ACME server answers, as far as it is read. Each length has a limit: all of it comes from outside. */

const url = z.string().max(2_048);
const label = z.string().max(500);

const identifierSchema = z.object({ type: label, value: label });
export type AcmeIdentifier = z.infer<typeof identifierSchema>;

/** @see RFC 8555 §7.1.1, RFC 9773 §3, draft-aaron-acme-profiles */
export const directorySchema = z.object({
  newNonce: url,
  newAccount: url,
  newOrder: url,
  revokeCert: url.optional(),
  renewalInfo: url.optional(),
  meta: z
    .object({
      termsOfService: url.optional(),
      externalAccountRequired: z.boolean().default(false),
      profiles: z.record(label, z.string().max(10_000)).optional(),
    })
    .optional(),
});
export type Directory = z.infer<typeof directorySchema>;

/** @see RFC 8555 §7.1.3 */
export const orderSchema = z.object({
  status: z.enum(['pending', 'ready', 'processing', 'valid', 'invalid']),
  identifiers: z.array(identifierSchema).max(100),
  authorizations: z.array(url).max(100),
  finalize: url,
  certificate: url.optional(),
  error: problemSchema.optional(),
});
export type Order = z.infer<typeof orderSchema>;

/** @see RFC 8555 §8 */
const challengeSchema = z.object({
  type: label,
  url,
  status: z.enum(['pending', 'processing', 'valid', 'invalid']).default('pending'),
  token: label.optional(),
  error: problemSchema.optional(),
});

/** @see RFC 8555 §7.1.4 */
export const authorizationSchema = z.object({
  status: z.enum(['pending', 'valid', 'invalid', 'deactivated', 'expired', 'revoked']),
  identifier: identifierSchema,
  challenges: z.array(challengeSchema).max(50),
});
export type Authorization = z.infer<typeof authorizationSchema>;

const instant = z.iso.datetime({ offset: true }).transform((text) => new Date(text));

/** @see RFC 9773 §4.2 */
export const renewalInfoSchema = z.object({
  suggestedWindow: z.object({ start: instant, end: instant }),
  explanationURL: url.optional(),
});
