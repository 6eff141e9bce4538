import { Readable } from 'node:stream';
import { Fault } from '../fault/index.ts';
import { MessageAssembler } from './assemble.ts';
import { boundaryOf } from './content-type.ts';
import { type MultipartLimits, MultipartScanner } from './multipart.ts';
import type { ReceivedMessage, ReceiveOptions } from './received-message.ts';

const messageLimits: MultipartLimits = { maxParts: 32, maxHeaderBytes: 16 * 1024 };

/** Bytes and milliseconds for which the rest of a refused request is still read, and thrown away. */
const maxDrainedBytes = 64 * 1024 * 1024;
const maxDrainMs = 30_000;

/**
 * Receives a message of a peer: its parts in their fixed order, hashed and held as they come. Nothing is left
 * held when it throws.
 * @throws RelayedFault when the peer reports one in a response; Fault MimeParsingFailed, InvalidContentType,
 *   InvalidMessage, MissingRest, MissingSignature, NetworkError, or what `onHead` or a sink threw
 * @see X-Road message transport, message parts
 */
export async function receiveMessage(
  source: AsyncIterable<Uint8Array>,
  options: ReceiveOptions,
): Promise<ReceivedMessage> {
  const assembler = new MessageAssembler(options);
  const chunks = iterate(source);
  try {
    const scanner = new MultipartScanner(boundaryOf(options.contentType), messageLimits);
    for (;;) {
      const { done, value } = await nextOf(chunks);
      if (done === true) scanner.end();
      else scanner.feed(value);
      for (let event = scanner.next(); event !== undefined; event = scanner.next()) {
        const waiting = assembler.take(event);
        // Awaited only when there is something to wait for: most messages come in one chunk and need no disk.
        if (waiting !== undefined) await waiting;
      }
      if (done === true) return assembler.finish();
    }
  } catch (error) {
    await chunks.return?.();
    await assembler.abort();
    if (options.direction === 'request') drain(source);
    throw error;
  }
}

/** An iterator that, left early, does not break the connection: our fault still has to go back on it. */
function iterate(source: AsyncIterable<Uint8Array>): AsyncIterator<Uint8Array> {
  if (source instanceof Readable) return source.iterator({ destroyOnReturn: false })[Symbol.asyncIterator]();
  return source[Symbol.asyncIterator]();
}

async function nextOf(chunks: AsyncIterator<Uint8Array>): Promise<IteratorResult<Uint8Array>> {
  try {
    return await chunks.next();
  } catch (cause) {
    if (cause instanceof Fault) throw cause;
    throw new Fault('NetworkError', 'The peer did not send its whole message', { cause });
  }
}

/**
 * Throws away what is still to come of a refused request, within bounds: many HTTP clients read an answer only
 * after they have sent everything.
 */
function drain(source: AsyncIterable<Uint8Array>): void {
  if (!(source instanceof Readable) || source.destroyed || source.readableEnded) return;
  const timer = setTimeout(() => source.destroy(), maxDrainMs);
  timer.unref();
  let left = maxDrainedBytes;
  source.on('error', () => clearTimeout(timer));
  source.on('close', () => clearTimeout(timer));
  source.on('data', (chunk: Uint8Array) => {
    left -= chunk.length;
    if (left < 0) source.destroy();
  });
}
