import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { Fault } from '../fault/index.ts';

/**
 * Writes a body to an information system as fast as it takes it.
 * @throws Fault IOError when it went away
 */
export async function returnBody(
  chunks: AsyncIterable<Buffer>,
  outgoing: ServerResponse,
  what: string,
): Promise<void> {
  for await (const chunk of chunks) {
    if (!outgoing.write(chunk)) await drained(outgoing, what);
  }
  outgoing.end();
}

async function drained(outgoing: ServerResponse, what: string): Promise<void> {
  const gone = new AbortController();
  const stop = () => gone.abort();
  outgoing.once('close', stop);
  try {
    await once(outgoing, 'drain', { signal: gone.signal });
  } catch (cause) {
    throw new Fault('IOError', `The information system did not take the whole answer of '${what}'`, {
      cause,
    });
  } finally {
    outgoing.off('close', stop);
  }
}
