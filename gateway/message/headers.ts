/** Headers as they stand in a message: spelling, order and repetition of the sender kept. */
export type HeaderList = readonly (readonly [name: string, value: string])[];

/**
 * Headers that speak of one connection only, or that the next HTTP client writes anew. They never travel in a
 * message, and a message that holds one is refused.
 */
const hopHeaders: ReadonlySet<string> = new Set([
  'transfer-encoding',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'upgrade',
  'connection',
  'user-agent',
  'host',
  'content-length',
  'server',
  'expect',
]);

export function isHopHeader(name: string): boolean {
  return hopHeaders.has(name.toLowerCase());
}

/**
 * Headers that go on with the message: all but the hop set and `dropped`.
 * @param dropped further names, lower case
 */
export function keptHeaders(
  headers: HeaderList,
  dropped: ReadonlySet<string>,
): (readonly [string, string])[] {
  return headers.filter(([name]) => {
    const lower = name.toLowerCase();
    return !hopHeaders.has(lower) && !dropped.has(lower);
  });
}

/** Value of a header; of repeated ones the last, as every X-Road 7 reader has it. */
export function lastHeader(headers: HeaderList, lowerName: string): string | undefined {
  return headers.findLast(
    ([name]) => name.length === lowerName.length && name.toLowerCase() === lowerName,
  )?.[1];
}

/** Node's flat list of names and values as pairs. */
export function pairHeaders(flat: readonly string[]): (readonly [string, string])[] {
  const pairs: (readonly [string, string])[] = [];
  for (let index = 0; index + 1 < flat.length; index += 2) {
    pairs.push([flat[index] ?? '', flat[index + 1] ?? '']);
  }
  return pairs;
}
