import { z } from '@hono/zod-openapi';

/**
 * Control characters and lone surrogates cannot be written as XML, and break lines of logs and terminals, as the other
 * ends of lines do; what turns the order of letters lets a text read as another.
 */
const strange = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069\uFFFE\uFFFF]/u;

/** Whether a text for people stands on one line, and reads as it is written. */
export function isLine(text: string): boolean {
  return !strange.test(text);
}

/** Names, notices, reasons. @param max UTF-16 units */
export const lineSchema = (max: number) =>
  z.string().max(max).refine(isLine, 'one line of printable characters is expected');
