import { Readable } from 'node:stream';
import type { DigestName } from '../../certs/key/index.ts';
import { Fault } from '../fault/index.ts';
import type { MessagePart } from '../message/index.ts';
import { MessageAssembler } from './assemble.ts';
import { boundaryOf } from './content-type.ts';
import { type MultipartLimits, MultipartScanner } from './multipart.ts';
import type { BodySink, HeldBody } from './spool.ts';

/** A message whose parts arrived whole and in order; its signature is still to be verified. */
export interface ReceivedMessage {
  readonly protocol: 'rest' | 'soap';
  /** Bytes of `/message.xml` exactly as sent. */
  readonly head: Buffer;
  /** Content type of the head part. Not signed: nothing that matters may be decided by it. */
  readonly headType: string;
  /** DER, unchecked. */
  readonly ocspResponses: readonly Buffer[];
  /** Digests of the signed parts, the head's first. */
  readonly parts: readonly MessagePart[];
  /** Bodies in order of their parts. The receiver must discard them. */
  readonly attachments: readonly HeldBody[];
  readonly hashChainResult?: Buffer;
  readonly hashChain?: Buffer;
  readonly signature: Buffer;
}

/** What arrived first, shown before any body is taken. */
export interface ReceivedHead {
  readonly head: Buffer;
  readonly headType: string;
  readonly ocspResponses: readonly Buffer[];
}

export interface ReceiveOptions {
  /** `Content-Type` of the HTTP message. */
  readonly contentType: string;
  /** Digest of all parts, from `x-hash-algorithm`. */
  readonly digest: DigestName;
  readonly direction: 'request' | 'response';
  /** Makes the place for one body; it must hash with `digest`. */
  readonly newSink: () => BodySink;
  /** Called once, before any body is taken; what it throws ends the message. */
  readonly onHead?: (received: ReceivedHead) => Promise<void> | void;
}

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
