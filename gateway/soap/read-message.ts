import { Fault } from '../fault/index.ts';
import {
  boundaryOf,
  type MultipartEvent,
  type MultipartLimits,
  MultipartScanner,
  mediaTypeOf,
  type OutgoingAttachment,
  type PartHeaders,
} from '../transport/index.ts';

/** A SOAP message as an information system or a service sends it over HTTP. */
export interface SoapHttpMessage {
  /** Bytes of the envelope, byte-order mark and all. */
  readonly envelope: Buffer;
  /** Content type of the envelope, or of its part. */
  readonly headType: string;
  /** Further headers of the envelope's part; none when it came alone. */
  readonly headHeaders: PartHeaders;
  /** In their order and transfer encoding, to be taken once, each to its end. */
  readonly attachments: AsyncIterable<OutgoingAttachment>;
}

const maxEnvelopeBytes = 10 * 1024 * 1024;
const limits: MultipartLimits = { maxParts: 257, maxHeaderBytes: 16 * 1024 };
const envelopeTypes = new Set(['text/xml', 'application/xop+xml']);

/**
 * Reads a SOAP message as far as its envelope; attachments stream on demand.
 * @throws Fault InvalidRequest without content type, InvalidContentType, MimeParsingFailed, MissingSoap, InvalidMessage,
 *   or what `source` throws
 * @see SOAP Messages with Attachments; X-Road message protocol 4.0, attachments
 */
export async function readSoapMessage(
  source: AsyncIterable<Uint8Array>,
  contentType: string | undefined,
): Promise<SoapHttpMessage> {
  if (contentType === undefined || contentType === '') {
    throw new Fault('InvalidRequest', 'A SOAP message comes with a Content-Type, this one has none');
  }
  const type = mediaTypeOf(contentType);
  if (envelopeTypes.has(type)) {
    const envelope = await collect(source);
    return { envelope, headType: contentType, headHeaders: [], attachments: noAttachments };
  }
  if (type !== 'multipart/related') {
    const expected = [...envelopeTypes, 'multipart/related'].join(', ');
    throw new Fault('InvalidContentType', `Content type '${type.slice(0, 80)}' is none of ${expected}`);
  }
  const reader = new RelatedReader(source, boundaryOf(contentType));
  const { headers, lines } = await reader.firstPart();
  const headType = headers.get('content-type') ?? '';
  if (!envelopeTypes.has(mediaTypeOf(headType))) {
    const message = `The first part of a SOAP message is its envelope, this is '${mediaTypeOf(headType).slice(0, 80)}'`;
    throw new Fault('InvalidContentType', message);
  }
  const envelope = await collect(reader.body());
  const headHeaders = lines.filter(([name]) => name.toLowerCase() !== 'content-type');
  return { envelope, headType, headHeaders, attachments: reader.attachments() };
}

const noAttachments: AsyncIterable<OutgoingAttachment> = {
  async *[Symbol.asyncIterator]() {
    // An envelope alone has none.
  },
};

async function collect(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of source) {
    size += piece.length;
    if (size > maxEnvelopeBytes) {
      throw new Fault(
        'InvalidMessage',
        `An envelope of more than ${maxEnvelopeBytes} bytes is not taken here`,
      );
    }
    pieces.push(piece);
  }
  return Buffer.concat(pieces, size);
}

/** Parts of a multipart message, one behind the other, as their bytes come. */
class RelatedReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #scanner: MultipartScanner;
  #isAtEnd = false;

  constructor(source: AsyncIterable<Uint8Array>, boundary: string) {
    this.#chunks = source[Symbol.asyncIterator]();
    this.#scanner = new MultipartScanner(boundary, limits);
  }

  async firstPart(): Promise<Extract<MultipartEvent, { kind: 'part' }>> {
    const event = await this.#next();
    if (event?.kind !== 'part') throw new Fault('MissingSoap', 'The multipart message has no part');
    return event;
  }

  /** Content of the part that began last. */
  async *body(): AsyncGenerator<Buffer> {
    for (let event = await this.#next(); event?.kind === 'data'; event = await this.#next())
      yield event.bytes;
  }

  async *attachments(): AsyncGenerator<OutgoingAttachment> {
    for (;;) {
      const event = await this.#next();
      if (event === undefined) return;
      if (event.kind === 'part') yield { headers: event.lines, body: this.body() };
    }
  }

  /** @returns undefined when the source, too, has ended */
  async #next(): Promise<MultipartEvent | undefined> {
    for (;;) {
      const event = this.#scanner.next();
      if (event !== undefined) return event;
      if (this.#isAtEnd) return undefined;
      const { done, value } = await this.#chunks.next();
      if (done === true) {
        this.#isAtEnd = true;
        this.#scanner.end();
      } else {
        this.#scanner.feed(value);
      }
    }
  }
}
