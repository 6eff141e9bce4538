import { Readable } from 'node:stream';
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { allow, allowAll } from '../../gateway/http/index.ts';
import { readJudgingPage } from '../../gateway/judging-page/index.ts';
import { EvidenceAccessError, Exporter } from '../auditor/index.ts';
import type { FoundRecord } from '../message-log/index.ts';
import { requireAuditor } from './auditor-access.ts';
import type { AdminContext } from './context.ts';
import { bodySchema, exportSchema } from './evidence-schemas.ts';

const json = <Schema extends z.ZodType>(schema: Schema) => ({ content: { 'application/json': { schema } } });
const octets = (description: string) => ({
  200: { description, content: { 'application/octet-stream': { schema: z.string() } } },
});

/** What lets contents leave the log: each time for a purpose that is written down first. */
export function addEvidenceContentRoutes(app: OpenAPIHono, context: AdminContext): void {
  const { log, configurations, now } = context;
  const exporter = new Exporter(log, configurations);

  app.openapi(
    createRoute({
      ...allow('auditor'),
      method: 'post',
      path: '/api/v1/evidence/exports',
      description:
        'Evidence of one exchange, of a party in a period, or of a case, in one file that proves itself: ' +
        'judge it with `waygate audit verify`. Of a period it proves that nothing is missing, or what is.',
      request: { body: { required: true, ...json(exportSchema) } },
      responses: octets('an *.evidence.zip'),
    }),
    async (c) => {
      const { scope, purpose, includeBodies, includeNeighbours, heldSizes } = c.req.valid('json');
      const target = { exchange: 'queryId', party: 'party', case: 'title' }[scope.kind];
      await requireAuditor(c, context, {
        ...{ action: 'evidence.export', purpose, detail: { scope, includeBodies, includeNeighbours } },
        target: String((scope as Readonly<Record<string, unknown>>)[target]),
      });
      const exported = await exporter.export({
        scope,
        includeBodies,
        includeNeighbours,
        heldSizes,
        now: now(),
      });
      const { bytes, records, gaps } = exported;
      return new Response(new Uint8Array(bytes), {
        headers: {
          ...attachment(`${fileNameOf(scope)}.evidence.zip`, 'application/zip', bytes.length),
          'waygate-evidence-records': String(records),
          ...(gaps !== null && { 'waygate-evidence-gaps': String(gaps.gaps.length + gaps.omitted) }),
          ...(exported.scope.kind === 'party' && {
            'waygate-evidence-period': `${exported.scope.from}/${exported.scope.to}`,
          }),
        },
      }) as never;
    },
  );

  app.openapi(
    createRoute({
      ...allow('auditor'),
      method: 'post',
      path: '/api/v1/evidence/records/{index}/body',
      description:
        'Opens a body of one message, or the message itself, for a purpose that the journal tells.',
      request: {
        params: z.object({ index: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER) }),
        body: { required: true, ...json(bodySchema) },
      },
      responses: octets('the octets as they were sent'),
    }),
    async (c) => {
      const { index } = c.req.valid('param');
      const { position, purpose } = c.req.valid('json');
      const part = partOf(log, index, position);
      await requireAuditor(c, context, {
        ...{ action: 'evidence.body-read', target: `record ${index}`, purpose },
        detail: { queryId: part.queryId, part: part.name },
      });
      return new Response(Readable.toWeb(Readable.from(part.content)) as ReadableStream, {
        headers: attachment(`record-${index}-${part.name}`, 'application/octet-stream', part.size),
      }) as never;
    },
  );

  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path: '/api/v1/evidence/judging-page',
      description:
        'The page that judges evidence: one file, which works from disk in a browser without network. The header ' +
        '`waygate-sha256` is its fingerprint.',
      responses: octets('judge.html'),
    }),
    async () => {
      const { html, sha256 } = await readJudgingPage();
      const headers = attachment('judge.html', 'text/html; charset=utf-8', html.length);
      return new Response(new Uint8Array(html), {
        headers: { ...headers, 'waygate-sha256': sha256 },
      }) as never;
    },
  );
}

interface Part {
  readonly name: string;
  readonly queryId: string;
  readonly size: number;
  readonly content: AsyncIterable<Buffer>;
}

/**
 * @param position 0 for the message itself
 * @throws EvidenceAccessError record-not-found, body-not-found
 */
function partOf(log: AdminContext['log'], index: number, position: number): Part {
  const record = log.read(index);
  if (record === undefined) {
    throw new EvidenceAccessError('record-not-found', `The log has no message at ${index}`);
  }
  const { queryId } = record;
  if (position === 0) {
    const { head } = record;
    if (head === undefined) throw notKept(index, 'The message itself');
    return { name: 'message.xml', queryId, size: head.length, content: Readable.from([head]) };
  }
  const size = sizeOf(record, position);
  const content = log.openBody(index, position);
  if (content === undefined) throw notKept(index, `Body ${position}`);
  return { name: `attachment${position}`, queryId, size, content };
}

function sizeOf({ index, bodies }: FoundRecord, position: number): number {
  const body = bodies.find((candidate) => candidate.position === position);
  if (body !== undefined) return body.size;
  const reason = `The message at ${index} has ${bodies.length} bodies, and none at ${position}`;
  throw new EvidenceAccessError('body-not-found', reason);
}

function notKept(index: number, what: string): EvidenceAccessError {
  const reason = `${what} of record ${index} was erased: only its digest is left, which the evidence still proves`;
  return new EvidenceAccessError('body-not-found', reason);
}

/** For saving alone: what strangers sent must never be shown by a browser. */
function attachment(name: string, type: string, length: number): Record<string, string> {
  return {
    'content-type': type,
    'content-length': String(length),
    'content-disposition': `attachment; filename="${name}"`,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  };
}

type Scope = z.infer<typeof exportSchema>['scope'];

/** Of characters that every file system and every header takes. */
function fileNameOf(scope: Scope): string {
  const name = {
    exchange: () => (scope.kind === 'exchange' ? `exchange-${scope.queryId}` : ''),
    party: () => (scope.kind === 'party' ? `party-${scope.party}` : ''),
    case: () => (scope.kind === 'case' ? `case-${scope.title}` : ''),
  }[scope.kind]();
  return name.replaceAll(/[^A-Za-z0-9-]+/g, '-').slice(0, 100);
}
