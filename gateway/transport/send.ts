import { createHash } from 'node:crypto';
import type { DigestName } from '../../certs/key/index.ts';
import type { MessagePart } from '../message/index.ts';
import type { PartHeaders } from './multipart.ts';
import type { BodySink, HeldBody } from './spool.ts';

/** What proves a message: the last parts of it. */
interface Evidence {
  readonly signature: Buffer;
  readonly hashChainResult?: Buffer;
  readonly hashChain?: Buffer;
}

/** An attachment of a SOAP message on its way, in the transfer encoding it came with. */
export interface OutgoingAttachment {
  readonly headers: PartHeaders;
  readonly body: AsyncIterable<Uint8Array>;
}

/** What follows the head. No payload, and an empty REST body, are two different messages. */
export type Payload =
  | { readonly kind: 'rest-body'; readonly body: AsyncIterable<Uint8Array> }
  | {
      readonly kind: 'attachments';
      /** Boundary of the multipart that they make inside the message. */
      readonly boundary: string;
      /** Each is taken to its end before the next is asked for. */
      readonly attachments: AsyncIterable<OutgoingAttachment> | Iterable<OutgoingAttachment>;
    };

export interface OutgoingMessage {
  readonly boundary: string;
  /** DER, of the certificates shown in the handshake; none in a response. */
  readonly ocspResponses: readonly Buffer[];
  readonly headType: string;
  /** Further headers of the head part; SOAP only. */
  readonly headHeaders?: PartHeaders;
  readonly head: Buffer;
  readonly payload?: Payload;
  /** Makes the place for our copy of one body. */
  readonly newSink: () => BodySink;
  /** Of all parts; the sinks must hash with it too. */
  readonly digest: DigestName;
  /**
   * Signs and records what was sent. It owns `held`, and is to discard them.
   * @param parts digests of the signed parts, the head's first
   * @param held our copies of the bodies
   */
  readonly finish: (parts: readonly MessagePart[], held: readonly HeldBody[]) => Promise<Evidence>;
}

/** Bytes gathered before they leave: a small message is one write, and its fault may still come alone. */
const gatheredBytes = 64 * 1024;

/**
 * A message on its way to a peer. Bodies stream while they are hashed and copied; the signature comes last, when
 * `finish` has made it.
 * @see X-Road message transport, message parts
 */
export class MessageSender {
  readonly #message: OutgoingMessage;
  readonly #parts: MessagePart[];
  readonly #held: HeldBody[] = [];
  /** The body on its way. */
  #sink: BodySink | undefined;
  #pieces: Buffer[] = [];
  #gathered = 0;
  #separator: string;
  /** Whether the multipart of the attachments is open in what was gathered, and in what has left. */
  #isNested = false;
  #hasLeftNested = false;

  constructor(message: OutgoingMessage) {
    const { head, digest, boundary } = message;
    this.#message = message;
    this.#parts = [{ name: '/message.xml', digest: createHash(digest).update(head).digest() }];
    this.#separator = `--${boundary}\r\n`;
  }

  /**
   * The bytes, to be taken once.
   * @throws what a body or `finish` threw; our copies are gone then
   */
  async *bytes(): AsyncGenerator<Buffer> {
    const { ocspResponses, head, headType, headHeaders = [], payload, finish } = this.#message;
    let isFinished = false;
    try {
      for (const response of ocspResponses)
        this.#part([['content-type', 'application/ocsp-response']], response);
      this.#part([['content-type', headType], ...headHeaders], head);
      if (payload?.kind === 'rest-body') {
        this.#part([['content-type', 'application/x-road-rest-body']]);
        yield* this.#body(payload.body);
      } else if (payload !== undefined) {
        yield* this.#attachments(payload.boundary, payload.attachments);
      }
      const { hashChainResult, hashChain, signature } = await finish(this.#parts, this.#held);
      isFinished = true;
      if (hashChainResult !== undefined)
        this.#part([['content-type', 'application/hash-chain-result']], hashChainResult);
      if (hashChain !== undefined) this.#part([['content-type', 'application/hash-chain']], hashChain);
      this.#part([['content-type', 'signature/bdoc-1.0/ts']], signature);
      this.#gather(Buffer.from(`\r\n--${this.#message.boundary}--\r\n`, 'latin1'));
      yield this.#take();
    } finally {
      // Also when the peer went away and nobody asks for further bytes.
      if (!isFinished) await Promise.all([this.#sink?.abort(), ...this.#held.map((held) => held.discard())]);
    }
  }

  /**
   * The end of a message that failed after some of it left: the fault takes the place of all further parts.
   * @param fault SOAP rendering
   */
  faultPart(fault: string): Buffer {
    const { payload, boundary } = this.#message;
    const nested =
      this.#hasLeftNested && payload?.kind === 'attachments' ? `\r\n--${payload.boundary}--\r\n` : '';
    return Buffer.from(
      `${nested}\r\n--${boundary}\r\ncontent-type: text/xml; charset=UTF-8\r\n\r\n${fault}\r\n--${boundary}--\r\n`,
      'utf8',
    );
  }

  async *#attachments(
    boundary: string,
    attachments: AsyncIterable<OutgoingAttachment> | Iterable<OutgoingAttachment>,
  ): AsyncGenerator<Buffer> {
    const outer = `\r\n--${this.#message.boundary}\r\n`;
    for await (const { headers, body } of attachments) {
      if (!this.#isNested) {
        // Without any attachment there is no such part either.
        this.#part([['content-type', `multipart/mixed; charset=UTF-8; boundary=${boundary}`]]);
        this.#separator = `--${boundary}\r\n`;
        this.#isNested = true;
      }
      this.#part(typeFirst(headers));
      this.#separator = `\r\n--${boundary}\r\n`;
      yield* this.#body(body);
    }
    if (!this.#isNested) return;
    this.#gather(Buffer.from(`\r\n--${boundary}--\r\n`, 'latin1'));
    this.#isNested = false;
    this.#separator = outer;
  }

  async *#body(body: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
    const sink = this.#message.newSink();
    this.#sink = sink;
    for await (const bytes of body) {
      const chunk = asBuffer(bytes);
      const writing = sink.write(chunk);
      if (writing !== undefined) await writing;
      this.#gather(chunk);
      if (this.#gathered >= gatheredBytes) yield this.#take();
    }
    const held = await sink.finish();
    this.#sink = undefined;
    this.#held.push(held);
    this.#parts.push({ name: `/attachment${this.#held.length}`, digest: held.digest });
  }

  #part(headers: PartHeaders, bytes?: Buffer): void {
    const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
    this.#gather(Buffer.from(`${this.#separator}${lines}\r\n`));
    if (bytes !== undefined) this.#gather(bytes);
    this.#separator = `\r\n--${this.#message.boundary}\r\n`;
  }

  #gather(bytes: Buffer): void {
    this.#pieces.push(bytes);
    this.#gathered += bytes.length;
  }

  #take(): Buffer {
    const bytes = Buffer.concat(this.#pieces, this.#gathered);
    this.#pieces = [];
    this.#gathered = 0;
    this.#hasLeftNested = this.#isNested;
    return bytes;
  }
}

/** The content type leads, under its lower-case name; the others keep their order and spelling. */
function typeFirst(headers: PartHeaders): PartHeaders {
  const isType = ([name]: readonly [string, string]) => name.toLowerCase() === 'content-type';
  const type = headers.find(isType)?.[1];
  const others = headers.filter((header) => !isType(header));
  return type === undefined ? others : [['content-type', type], ...others];
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
