import { readFile } from 'node:fs/promises';
import { z } from '@hono/zod-openapi';
import { writeFileDurably } from '../store/index.ts';
import { BackupError } from './error.ts';

const maxRecipients = 10;
/** A key of X25519 has 62 characters; those that a quantum computer does not break have two thousand. */
const maxRecipientLength = 4_000;

/** How a running program makes backups. */
export const settingsSchema = z.strictObject({
  recipients: z
    .array(z.string().min(1).max(maxRecipientLength))
    .max(maxRecipients)
    .refine((all) => new Set(all).size === all.length, 'each key once')
    .describe('public keys of age, age1…: the holder of any of their secret halves opens the backups'),
  everyHours: z
    .int()
    .min(1)
    .max(8_760)
    .optional()
    .describe('a backup is made when the newest is as old as this; absent: only when somebody asks'),
  keepLast: z
    .int()
    .min(1)
    .max(100)
    .describe('of those that were made by the schedule; older ones are removed'),
  madeElsewhere: z
    .boolean()
    .describe(
      'backups are made with the command line or by other means: that there are none here is no fault',
    ),
});
export type BackupSettings = z.infer<typeof settingsSchema>;

const unset: BackupSettings = { recipients: [], keepLast: 14, madeElsewhere: false };

/** @throws BackupError damaged when the file does not say what it should */
export async function readSettings(path: string): Promise<BackupSettings> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return unset;
    throw error;
  }
  const read = settingsSchema.safeParse(parseJson(text));
  if (read.success) return read.data;
  throw new BackupError('damaged', `${path} does not say how backups are made: remove it, and say so anew`);
}

export async function writeSettings(path: string, settings: BackupSettings): Promise<void> {
  await writeFileDurably(path, `${JSON.stringify(settings, null, 2)}\n`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
