import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { allowAll } from '../../gateway/http/index.ts';
import { type DiskStatus, explainDisk } from '../disk/index.ts';
import type { PartitionInfo } from '../message-log/index.ts';
import type { AdminContext } from './context.ts';

export const diskLevelSchema = z
  .enum(['unknown', 'ample', 'low', 'tight', 'full'])
  .describe('tight: new exchanges are slowed down and large ones refused; full: new exchanges are refused');
const bytes = z.number();

const diskSchema = z
  .object({
    level: diskLevelSchema,
    detail: z.string().describe('what was found, and what to do'),
    bytesFree: bytes.optional().describe('absent while the file system cannot be asked'),
    bytesTotal: bytes.optional(),
    thresholds: z
      .object({ low: bytes, tight: bytes, full: bytes })
      .optional()
      .describe('bytes free below which each level begins'),
    forecast: z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('not-enough-data'), samples: z.number(), hours: z.number() }),
      z.object({ kind: z.literal('not-filling') }),
      z.object({ kind: z.literal('filling'), days: z.number().describe('until new exchanges are refused') }),
    ]),
    logBytesPerDay: z.number().optional().describe('by the last week; below 0 when the log shrinks'),
    months: z.array(
      z.object({
        name: z.string().openapi({ example: '2026-11' }),
        databaseBytes: bytes,
        bodyBytes: bytes.describe('large bodies, which are files of their own'),
        bytesPerDay: bytes.describe('from the first to the last message of the month'),
      }),
    ),
    exchanges: z.object({
      open: z.number(),
      bytesKept: bytes.describe('room kept for those under way'),
      waiting: z.number().describe('for room'),
    }),
  })
  .openapi('Disk');

/** The disk that the message log grows on. */
export function addDiskRoutes(app: OpenAPIHono, { disk, log }: AdminContext): void {
  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path: '/api/v1/disk',
      description: 'How much room there is, how long it will last, and what grows.',
      responses: {
        200: { description: 'the disk', content: { 'application/json': { schema: diskSchema } } },
      },
    }),
    (context) => context.json(show(disk.status(), log.partitions()), 200),
  );
}

function show(status: DiskStatus, partitions: readonly PartitionInfo[]): z.infer<typeof diskSchema> {
  const { level, free, size, thresholds, forecast, growthPerDay, months, usage } = status;
  return {
    ...{ level, detail: explainDisk(status), forecast },
    ...(free !== undefined && { bytesFree: free }),
    ...(size !== undefined && { bytesTotal: size }),
    ...(thresholds !== undefined && { thresholds: { ...thresholds } }),
    ...(growthPerDay !== undefined && { logBytesPerDay: Math.round(growthPerDay) }),
    months: months.map(({ name, database, bodies }) => {
      const days = daysOf(partitions.find((partition) => partition.name === name));
      const bytesPerDay = Math.round((database + bodies) / days);
      return { name, databaseBytes: database, bodyBytes: bodies, bytesPerDay };
    }),
    exchanges: { open: usage.open, bytesKept: usage.promised, waiting: usage.waiting },
  };
}

/** At least one: an hour of messages says nothing about a day. */
function daysOf(partition: PartitionInfo | undefined): number {
  return partition === undefined ? 1 : Math.max(1, (partition.to - partition.from) / 86_400_000);
}
