import type { ServerResponse } from 'node:http';
import { Fault } from '../fault/index.ts';
import { writeChunk } from '../transport/index.ts';

/**
 * Writes a body to an information system as fast as it takes it.
 * @throws Fault IOError when it went away
 */
export async function returnBody(
  chunks: AsyncIterable<Buffer>,
  outgoing: ServerResponse,
  what: string,
): Promise<void> {
  const gone = () =>
    new Fault('IOError', `The information system did not take the whole answer of '${what}'`);
  for await (const chunk of chunks) await writeChunk(outgoing, chunk, gone);
  outgoing.end();
}
