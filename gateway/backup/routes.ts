import { Readable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { allow, Problem, page, principalOf, searchQuery } from '../http/index.ts';
import type { Backups } from './backups.ts';
import { BackupError, type BackupErrorCode } from './error.ts';
import { backupName, type KeptBackup, keptSchema } from './kept.ts';
import { programFolders } from './programs.ts';
import { settingsSchema } from './settings.ts';

const json = <Schema extends z.ZodType>(schema: Schema) => ({ content: { 'application/json': { schema } } });
/** Longest wait for a backup to be made before the answer says that it is under way. */
const waitMs = 20_000;
const maxReason = 500;

const backupSchema = keptSchema
  .extend({
    restore: z.string().describe('command that puts it into an empty folder, of a program that is stopped'),
  })
  .openapi('Backup');
const backupSettingsSchema = settingsSchema.openapi('BackupSettings');
const statusSchema = z
  .object({
    isGood: z.boolean(),
    code: z.enum(['good', 'made-elsewhere', 'none-made', 'too-old', 'failed']),
    detail: z.string(),
    newest: z.object({ name: z.string(), createdAt: z.string() }).optional(),
    nextAt: z.string().optional().describe('when the schedule makes the next'),
    making: z.object({ name: z.string(), startedAt: z.string(), by: z.string() }).optional(),
    failure: z
      .object({ at: z.string(), code: z.string(), text: z.string() })
      .optional()
      .describe('of the last attempt, until one succeeds'),
    keyCommand: z.string().describe('command that makes a key for backups, on another machine'),
  })
  .openapi('BackupStatus');
const params = z.object({ name: z.string().regex(backupName) });

/** Backups of the program itself, the same in both programs. Restoring is for a stopped program: its command is told. */
export function addBackupRoutes(app: OpenAPIHono, backups: Backups): void {
  addSettings(app, backups);
  app.openapi(
    createRoute({
      ...allow('system-administrator'),
      method: 'get',
      path: '/api/v1/backups',
      description: 'Backups that are kept on this machine, by name.',
      request: { query: searchQuery.omit({ q: true }) },
      responses: { 200: { description: 'backups', ...json(z.array(backupSchema)) } },
    }),
    async (context) => {
      const all = (await backups.list()).map((one) => shown(backups, one));
      return context.json(
        page(context, all, context.req.valid('query'), ({ name }) => name),
        200,
      );
    },
  );
  app.openapi(
    createRoute({
      ...allow('system-administrator'),
      method: 'post',
      path: '/api/v1/backups',
      description: 'Makes a backup of this program as it is now, while it works, sealed to the recipients.',
      responses: {
        201: { description: 'made', ...json(backupSchema) },
        202: {
          description: 'under way: see backup-status until it is made',
          ...json(z.object({ name: z.string() })),
        },
      },
    }),
    async (context) =>
      told(async () => {
        const { name, done } = await backups.begin(principalOf(context).id);
        const waiting = new AbortController();
        const later = setTimeout(waitMs, undefined, { signal: waiting.signal }).catch(() => undefined);
        const made = await Promise.race([done, later]).finally(() => waiting.abort());
        return made === undefined ? context.json({ name }, 202) : context.json(shown(backups, made), 201);
      }),
  );
  app.openapi(
    createRoute({
      ...allow('system-administrator'),
      method: 'get',
      path: '/api/v1/backups/{name}',
      description: 'What is known of one backup without opening it.',
      request: { params },
      responses: { 200: { description: 'a backup', ...json(backupSchema) } },
    }),
    async (context) =>
      told(async () => {
        const { name } = context.req.valid('param');
        return context.json(shown(backups, await backups.read(name)), 200);
      }),
  );
  app.openapi(
    createRoute({
      ...allow('system-administrator'),
      method: 'delete',
      path: '/api/v1/backups/{name}',
      description: 'Removes one backup from this machine.',
      request: { params },
      responses: { 204: { description: 'removed' } },
    }),
    async (context) =>
      told(async () => {
        const { name } = context.req.valid('param');
        await backups.remove(principalOf(context).id, name, reasonOf(context));
        return context.body(null, 204);
      }),
  );
  app.openapi(
    createRoute({
      ...allow('system-administrator'),
      method: 'get',
      path: '/api/v1/backups/{name}/content',
      description: 'The backup itself, as it was sealed. That somebody takes it away is written down first.',
      request: { params },
      responses: {
        200: { description: 'sealed file', content: { 'application/octet-stream': { schema: z.string() } } },
      },
    }),
    async (context) =>
      told(async () => {
        const { name } = context.req.valid('param');
        const { kept, content } = await backups.open(principalOf(context).id, name);
        return new Response(Readable.toWeb(content) as ReadableStream, {
          headers: attachment(kept),
        }) as never;
      }),
  );
  app.openapi(
    createRoute({
      ...allow('system-administrator'),
      method: 'post',
      path: '/api/v1/backups/{name}/check',
      description:
        'Reads the whole file and compares it with what was written. Whether it opens is seen with its key, which ' +
        'is not on this machine: `backup-check`.',
      request: { params },
      responses: {
        200: { description: 'what was found', ...json(z.object({ isWhole: z.boolean() })) },
      },
    }),
    async (context) =>
      told(async () => {
        const { name } = context.req.valid('param');
        return context.json({ isWhole: await backups.isWhole(name) }, 200);
      }),
  );
}

function addSettings(app: OpenAPIHono, backups: Backups): void {
  app.openapi(
    createRoute({
      ...allow('system-administrator'),
      method: 'get',
      path: '/api/v1/backup-status',
      description: 'Whether there is a backup to come back with, and when the next is made.',
      responses: { 200: { description: 'status', ...json(statusSchema) } },
    }),
    (context) => {
      const keyCommand = `${programFolders[backups.program].command} backup-key --out backup.key`;
      return context.json({ ...backups.status(), keyCommand }, 200);
    },
  );
  const path = '/api/v1/backup-settings';
  app.openapi(
    createRoute({
      ...allow('system-administrator'),
      method: 'get',
      path,
      description: 'Whom backups are sealed to, and when they are made.',
      responses: { 200: { description: 'settings', ...json(backupSettingsSchema) } },
    }),
    (context) => context.json(backups.settings(), 200),
  );
  app.openapi(
    createRoute({
      ...allow('system-administrator'),
      method: 'put',
      path,
      description:
        'Sets whom backups are sealed to: each holder of a secret half opens all of the data folder, sealed keys ' +
        'included. A secret key is refused, and not kept.',
      request: { body: { required: true, ...json(backupSettingsSchema) } },
      responses: { 200: { description: 'settings', ...json(backupSettingsSchema) } },
    }),
    async (context) =>
      told(async () => {
        await backups.change(principalOf(context).id, context.req.valid('json'));
        return context.json(backups.settings(), 200);
      }),
  );
}

function shown({ program }: Backups, kept: KeptBackup): z.infer<typeof backupSchema> {
  const { command } = programFolders[program];
  return { ...kept, restore: `${command} restore ${kept.name} --data NEW-FOLDER --identity-file backup.key` };
}

/** For saving alone, and for no cache. @see RFC 9530 */
function attachment({ name, size, sha256 }: KeptBackup): Record<string, string> {
  return {
    'content-type': 'application/octet-stream',
    'content-length': String(size),
    'content-disposition': `attachment; filename="${name}"`,
    'repr-digest': `sha-256=:${Buffer.from(sha256, 'hex').toString('base64')}:`,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  };
}

/** Why somebody makes a change, where a console asked them. */
function reasonOf(context: Context): string | undefined {
  const given = context.req.header('x-change-reason');
  if (given === undefined || given === '') return undefined;
  try {
    return decodeURIComponent(given).slice(0, maxReason);
  } catch (cause) {
    if (!(cause instanceof URIError)) throw cause;
    throw new Problem(400, 'reason-malformed', 'x-change-reason is UTF-8, percent-encoded', { cause });
  }
}

const statuses = {
  unknown: 404,
  'private-key': 422,
  'wrong-key': 422,
  'no-recipients': 409,
  'too-many': 409,
  busy: 409,
  'no-room': 503,
  stopped: 503,
} as const satisfies Partial<Record<BackupErrorCode, number>>;

/** @throws Problem for the refusals of backups */
async function told<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    if (!(cause instanceof BackupError) || !(cause.code in statuses)) throw cause;
    const status = statuses[cause.code as keyof typeof statuses];
    throw new Problem(status, `backup-${cause.code}`, cause.message, { cause });
  }
}
