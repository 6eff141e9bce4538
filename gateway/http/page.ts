import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { Problem } from './problem.ts';

/**
 * Longest place in a list, as its cursor spells it: room for the identifier of a subsystem or server whose four codes
 * have 255 characters, each written as an escape. It leaves most of the 16 KiB that the head of a request may have.
 */
export const maxCursorLength = 6_000;

/** Query of a list that is answered page by page. */
const pageQuery = z.object({
  cursor: z
    .string()
    .max(maxCursorLength)
    .optional()
    .describe('where to go on, as Link with rel="next" tells it'),
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

/** A list that its store gives part by part. */
interface StoredList<Item> {
  /** At most `count` items behind a key, in the order of their keys; fewer when there are no more. */
  readonly read: (after: string | undefined, count: number) => Promise<readonly Item[]>;
  /** Which of them are wanted; all unless told. */
  readonly isWanted?: (item: Item) => boolean;
  /** Unique within the list. */
  readonly keyOf: (item: Item) => string;
}

/** Items that are read at once while few of them are wanted. */
const readAtOnce = 2_000;

/**
 * One page of a list that is too long to be read whole, with the same promise as `page`.
 * @throws Problem cursor-unreadable; what `read` throws
 */
export async function pageOfStored<Item>(
  context: Context,
  { cursor, limit }: z.infer<typeof pageQuery>,
  { read, isWanted, keyOf }: StoredList<Item>,
): Promise<Item[]> {
  const shown: Item[] = [];
  let after = cursor === undefined ? undefined : readCursor(cursor);
  const atOnce = isWanted === undefined ? limit + 1 : readAtOnce;
  for (let isOver = false; !isOver && shown.length <= limit; ) {
    const items = await read(after, atOnce);
    isOver = items.length < atOnce;
    const last = items.at(-1);
    if (last !== undefined) after = keyOf(last);
    shown.push(...(isWanted === undefined ? items : items.filter(isWanted)));
  }
  const last = shown[limit - 1];
  if (shown.length > limit && last !== undefined) linkNext(context, writeCursor(keyOf(last)));
  return shown.slice(0, limit);
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
  throw cursorUnreadable();
}

/** For a cursor that is no place in the list it came to. */
export function cursorUnreadable(cause?: unknown): Problem {
  const detail = 'This cursor is none of ours: leave it out to begin anew, or take it as Link tells it';
  return new Problem(422, 'cursor-unreadable', detail, { cause });
}
