import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { writeFileDurably } from '../../gateway/store/index.ts';

/**
 * Where a renewal stands; each is written down before it is acted on, and done again after a crash does no harm:
 * - `waiting`: not due yet;
 * - `ordering`: a new key is made, and a certificate for it ordered and taken in, switched off;
 * - `registering`: of certificates for authentication, until the configuration shows it;
 * - `spreading`: until no server may use a configuration any longer that does not show it;
 * - `activating`: switched on as soon as its status is good;
 * - `retiring`: the new one serves, and the old one is switched off;
 * - `grace`: the old one is kept for a while;
 * - `deregistering`: of certificates for authentication, until the configuration no longer shows the old one;
 * - `removing`: the old one goes, and its key;
 * - `done`.
 */
export const stages = [
  'waiting',
  'ordering',
  'registering',
  'spreading',
  'activating',
  'retiring',
  'grace',
  'deregistering',
  'removing',
  'done',
] as const;

const instant = z.iso.datetime().transform((text) => new Date(text));

const renewalSchema = z.object({
  /** SHA-256 of the one that is replaced, hex. */
  certificate: z.string(),
  use: z.enum(['signing', 'authentication']),
  stage: z.enum(stages),
  dueAt: instant,
  /** Who says so: the authority (RFC 9773), its age, or somebody who asked for it. */
  dueBy: z.enum(['authority', 'age', 'request']),
  /** As the authority named it last: another one has another instant chosen in it. */
  window: z.object({ startAt: instant, endAt: instant }).optional(),
  /** When the authority is asked again. */
  askAt: instant.optional(),
  /** When somebody asked for it last. */
  requestedAt: instant.optional(),
  /** SHA-256 of the one that takes its place, once that is taken in, hex. */
  replacement: z.string().optional(),
  /** In `spreading` and `grace`: the end of it. */
  until: instant.optional(),
  /** Nothing is done before. */
  nextAt: instant.optional(),
  /** In a row, of this stage. */
  failures: z.number().int().default(0),
  /** Why the last attempt failed. */
  trouble: z
    .object({ code: z.string(), text: z.string(), remedy: z.string().optional(), at: instant })
    .optional(),
  /** Since when it is in this stage. */
  since: instant,
});

/** The renewal of one certificate. */
export type Renewal = z.infer<typeof renewalSchema>;

const fileSchema = z.object({ version: z.literal(1), renewals: z.array(renewalSchema) });

/** @throws Error for a file that is damaged */
export async function readRenewals(path: string): Promise<Renewal[]> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return [];
  try {
    return fileSchema.parse(JSON.parse(text)).renewals;
  } catch (cause) {
    const remedy = 'restore it from a backup; or remove it, and renewals begin anew';
    throw new Error(`${path} is damaged: ${remedy}`, { cause });
  }
}

export function writeRenewals(path: string, renewals: readonly Renewal[]): Promise<void> {
  return writeFileDurably(path, JSON.stringify({ version: 1, renewals }, undefined, 2));
}
