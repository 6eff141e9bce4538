import type { ApiClient } from './api-client.ts';

/** Most items that one answer holds. */
const pageLimit = 1000;

/** A whole list, whatever its length: the API gives it page by page. */
export async function readAll<Item>(api: ApiClient, path: string): Promise<readonly Item[]> {
  const all: Item[] = [];
  let cursor: string | undefined;
  do {
    const query = `limit=${pageLimit}${cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`}`;
    const { items, next } = await api.list<Item>(`${path}${path.includes('?') ? '&' : '?'}${query}`);
    all.push(...items);
    cursor = next;
  } while (cursor !== undefined);
  return all;
}
