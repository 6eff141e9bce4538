import { createHash } from 'node:crypto';
import type { DigestName } from '../../certs/key/index.ts';
import type { MessagePart } from '../message/index.ts';
import type { BodySink, HeldBody } from './spool.ts';

/** What proves a message: the last parts of it. */
interface Evidence {
  readonly signature: Buffer;
  readonly hashChainResult?: Buffer;
  readonly hashChain?: Buffer;
}

interface Sending {
  readonly boundary: string;
  /** DER, of the certificates shown in the handshake; none in a response. */
  readonly ocspResponses: readonly Buffer[];
  readonly headType: string;
  readonly head: Buffer;
  /** Of all parts; the sink must hash with it too. */
  readonly digest: DigestName;
  /**
   * Signs and records what was sent. It owns `held`, and is to discard it.
   * @param parts digests of the signed parts, the head's first
   * @param held our copy of the body
   */
  readonly finish: (parts: readonly MessagePart[], held?: HeldBody) => Promise<Evidence>;
}

/** With a body, which may be empty, or without one: these are two different messages. */
type Body =
  | { readonly body: AsyncIterable<Uint8Array>; readonly sink: BodySink }
  | { readonly body?: undefined; readonly sink?: undefined };

/** Bytes gathered before they leave: a small message is one write, and its fault may still come alone. */
const gatheredBytes = 64 * 1024;

/**
 * The bytes of a message, ready for a peer. The body streams while it is hashed and copied to `sink`; the
 * signature comes last, when `finish` has made it.
 * @throws what the body or `finish` threw; our copy of the body is gone then
 * @see X-Road message transport, message parts
 */
export async function* sendMessage(message: Sending & Body): AsyncGenerator<Buffer> {
  const { boundary, head, digest, sink } = message;
  const parts: MessagePart[] = [{ name: '/message.xml', digest: createHash(digest).update(head).digest() }];
  let pieces: Buffer[] = [];
  let gathered = 0;
  const gather = (...more: Buffer[]) => {
    pieces.push(...more);
    for (const { length } of more) gathered += length;
  };
  let separator = `--${boundary}\r\n`;
  const gatherPart = (type: string, ...bytes: Buffer[]) => {
    gather(Buffer.from(`${separator}content-type: ${type}\r\n\r\n`, 'latin1'), ...bytes);
    separator = `\r\n--${boundary}\r\n`;
  };

  let held: HeldBody | undefined;
  let isFinished = false;
  try {
    for (const response of message.ocspResponses) gatherPart('application/ocsp-response', response);
    gatherPart(message.headType, head);
    if (message.body !== undefined) {
      gatherPart('application/x-road-rest-body');
      for await (const bytes of message.body) {
        const chunk = asBuffer(bytes);
        const writing = message.sink.write(chunk);
        if (writing !== undefined) await writing;
        gather(chunk);
        if (gathered < gatheredBytes) continue;
        yield Buffer.concat(pieces, gathered);
        pieces = [];
        gathered = 0;
      }
      held = await message.sink.finish();
      parts.push({ name: '/attachment1', digest: held.digest });
    }
    const { hashChainResult, hashChain, signature } = await message.finish(parts, held);
    isFinished = true;
    if (hashChainResult !== undefined) gatherPart('application/hash-chain-result', hashChainResult);
    if (hashChain !== undefined) gatherPart('application/hash-chain', hashChain);
    gatherPart('signature/bdoc-1.0/ts', signature);
    gather(Buffer.from(`\r\n--${boundary}--\r\n`, 'latin1'));
    yield Buffer.concat(pieces, gathered);
  } finally {
    // Also when the peer went away and nobody asks for further bytes.
    if (!isFinished) await (held === undefined ? sink?.abort() : held.discard());
  }
}

/**
 * The end of a message whose sender failed after it began: the fault takes the place of all further parts.
 * @param fault SOAP rendering
 */
export function faultPart(boundary: string, fault: string): Buffer {
  const type = 'text/xml; charset=UTF-8';
  return Buffer.from(
    `\r\n--${boundary}\r\ncontent-type: ${type}\r\n\r\n${fault}\r\n--${boundary}--\r\n`,
    'utf8',
  );
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
