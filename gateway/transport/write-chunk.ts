import type { ServerResponse } from 'node:http';

/**
 * Writes a piece of an answer as fast as whoever asked takes it.
 * @param gone what is thrown when they went away
 */
export async function writeChunk(outgoing: ServerResponse, chunk: Buffer, gone: () => Error): Promise<void> {
  // Whoever went away between two pieces says so no more: nobody must wait to hear it.
  if (outgoing.destroyed) throw gone();
  if (outgoing.write(chunk)) return;
  await new Promise<void>((resolve, reject) => {
    const settle = () => {
      outgoing.off('drain', settle);
      outgoing.off('close', settle);
      if (outgoing.destroyed) reject(gone());
      else resolve();
    };
    outgoing.once('drain', settle);
    outgoing.once('close', settle);
    if (outgoing.destroyed) settle();
  });
}
