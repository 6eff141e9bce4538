import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { Problem } from './problem.ts';

/** Query of a list that is answered page by page. */
const pageQuery = z.object({
  cursor: z.string().max(2_000).optional().describe('where to go on, as Link with rel="next" tells it'),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
});

/** Query of one that can be searched. */
export const searchQuery = pageQuery.extend({
  q: z.string().max(200).optional().describe('part of an identifier or a name, in whatever case'),
});

/**
 * One page of a list, in the order of its keys; the next one is told in Link. What is added or removed meanwhile
 * moves nothing: a page goes on behind the last key, whether that is still there or not.
 * @param keyOf unique within the list
 * @throws Problem cursor-unreadable
 */
export function page<Item>(
  context: Context,
  items: readonly Item[],
  { cursor, limit }: z.infer<typeof pageQuery>,
  keyOf: (item: Item) => string,
): Item[] {
  const after = cursor === undefined ? undefined : readCursor(cursor);
  const rest = items
    .map((item) => ({ item, key: keyOf(item) }))
    .filter(({ key }) => after === undefined || key > after)
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  const shown = rest.slice(0, limit);
  const last = shown.at(-1);
  if (rest.length > limit && last !== undefined) linkNext(context, writeCursor(last.key));
  return shown.map(({ item }) => item);
}

/** Tells where the list goes on: the same query, from another place. */
export function linkNext(context: Context, cursor: string, parameter = 'cursor'): void {
  const next = new URL(context.req.url);
  next.searchParams.set(parameter, cursor);
  context.header('link', `<${next.pathname}${next.search}>; rel="next"`);
}

/** Whether a search finds something by any of its texts. */
export function matches(q: string | undefined, ...texts: readonly (string | undefined)[]): boolean {
  if (q === undefined) return true;
  const wanted = q.toLowerCase();
  return texts.some((text) => text?.toLowerCase().includes(wanted) === true);
}

function writeCursor(key: string): string {
  return Buffer.from(key, 'utf8').toString('base64url');
}

function readCursor(cursor: string): string {
  const key = Buffer.from(cursor, 'base64url').toString('utf8');
  if (writeCursor(key) === cursor && cursor !== '') return key;
  const detail = 'This cursor is none of ours: leave it out to begin anew, or take it as Link tells it';
  throw new Problem(422, 'cursor-unreadable', detail);
}
