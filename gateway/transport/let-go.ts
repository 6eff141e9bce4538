import type { Readable } from 'node:stream';

/**
 * Ends a body that nobody wants any more. The HTTP client reports that as an error of the body; unheard, it would
 * end the process, and a peer could have it end by answering badly.
 */
export function letGo(body: Readable): void {
  body.on('error', ignore);
  body.destroy();
}

function ignore(): void {
  // The body was given up; how it ended is of no interest.
}
