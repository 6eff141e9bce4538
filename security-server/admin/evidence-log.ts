import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { allow, Problem } from '../../gateway/http/index.ts';
import { readTile, tilePath, tileWidth } from '../../gateway/transparency/index.ts';
import { readEntryBundle } from '../auditor/index.ts';
import { requireAuditor } from './auditor-access.ts';
import type { AdminContext } from './context.ts';
import { checkReportSchema } from './evidence-answers.ts';
import { checkSchema } from './evidence-schemas.ts';

const json = <Schema extends z.ZodType>(schema: Schema) => ({ content: { 'application/json': { schema } } });
const base = '/api/v1/evidence/log';

/** The log as checkers know it: signed checkpoints, and tiles of hashes. @see C2SP tlog-checkpoint, tlog-tiles */
export function addEvidenceLogRoutes(app: OpenAPIHono, context: AdminContext): void {
  const { log } = context;

  app.openapi(
    createRoute({
      ...allow('auditor'),
      method: 'get',
      path: `${base}/checkpoint`,
      description:
        'Signed note over all that is recorded. Keep one now and then where whoever keeps the log cannot reach it: ' +
        'then a log that was changed, cut or set back shows.',
      responses: {
        200: { description: 'C2SP checkpoint', content: { 'text/plain': { schema: z.string() } } },
      },
    }),
    async (c) => {
      const note = await log.checkpoint();
      return c.text(note, 200, { 'cache-control': 'no-store' });
    },
  );

  app.get(`${base}/tile/*`, allow('auditor').middleware, (c) => {
    const tile = tileAt(log, c.req.path.slice(`${base}/`.length));
    const headers = { 'content-type': 'application/octet-stream', 'content-length': String(tile.length) };
    return c.body(new Uint8Array(tile), 200, headers);
  });

  let checking = false;
  app.openapi(
    createRoute({
      ...allow('auditor'),
      method: 'post',
      path: `${base}/check`,
      description: 'Checks the whole log: every record, every content, every timestamp. Takes a while.',
      request: { body: { required: true, ...json(checkSchema) } },
      responses: { 200: { description: 'clean, or what was found', ...json(checkReportSchema) } },
    }),
    async (c) => {
      const { heldCheckpoints } = c.req.valid('json');
      await requireAuditor(c, context, { action: 'evidence.check', target: 'log' });
      if (checking) {
        throw new Problem(503, 'check-busy', 'The log is being checked already: ask again when that is done');
      }
      checking = true;
      try {
        return c.json(await log.check(heldCheckpoints), 200);
      } finally {
        checking = false;
      }
    },
  );
}

const tilePattern = /^tile\/(entries|0|[1-9]\d?)\/((?:x\d{3}\/){0,5}\d{3})(?:\.p\/([1-9]\d{0,2}))?$/;

/** @throws Problem tile-not-found also for paths of another form than the one that `tilePath` gives */
function tileAt(log: AdminContext['log'], path: string): Buffer {
  const [, levelText, groups = '', widthText] = tilePattern.exec(path) ?? [];
  const level = levelText === 'entries' ? levelText : Number(levelText);
  const index = Number(groups.replaceAll(/[x/]/g, ''));
  const width = widthText === undefined ? tileWidth : Number(widthText);
  try {
    // There is one path for each tile: any other is refused, not understood.
    const isOwnPath = levelText !== undefined && tilePath(level, index, width) === path;
    const tile = !isOwnPath
      ? undefined
      : level === 'entries'
        ? readEntryBundle(log, index, width)
        : readTile(log.tree, log.tree.size, level, index, width);
    if (tile !== undefined) return tile;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  throw new Problem(404, 'tile-not-found', `A log of ${log.tree.size} records has no such tile`);
}
