import { createHash } from 'node:crypto';
import { Fault, readSoapFault } from '../fault/index.ts';
import type { MessagePart } from '../message/index.ts';
import { boundaryOf, mediaTypeOf } from './content-type.ts';
import {
  type MultipartEvent,
  type MultipartLimits,
  MultipartScanner,
  type PartHeaders,
} from './multipart.ts';
import type { ReceivedMessage, ReceiveOptions } from './received-message.ts';
import type { BodySink, HeldBody } from './spool.ts';

/** Places of the parts in a message. Only OCSP responses repeat; any but the head and signature may be absent. */
const order = {
  start: 0,
  ocsp: 1,
  head: 2,
  body: 3,
  hashChainResult: 4,
  hashChain: 5,
  signature: 6,
} as const;

const maxOcspResponses = 16;
/** Bytes of parts that are held in memory as one. */
const maxOcspBytes = 64 * 1024;
const maxRestHeadBytes = 256 * 1024;
const maxEnvelopeBytes = 10 * 1024 * 1024;
const maxDocumentBytes = 1024 * 1024;
const attachmentLimits: MultipartLimits = { maxParts: 256, maxHeaderBytes: 16 * 1024 };

interface Head {
  readonly protocol: 'rest' | 'soap';
  readonly type: string;
  readonly headers: PartHeaders;
  readonly bytes: Buffer;
}

/** Takes the body of one part. */
interface PartReader {
  data(bytes: Buffer): Promise<void> | void;
  end(): Promise<void> | void;
}

/**
 * Puts a message together from its parts, which must come in their order: OCSP responses, head, body or
 * attachments, hash chain result, hash chain, signature, and nothing behind it.
 * @see X-Road message transport, message parts
 */
export class MessageAssembler {
  readonly #options: ReceiveOptions;
  readonly #ocspResponses: Buffer[] = [];
  readonly #parts: MessagePart[] = [];
  readonly #attachments: HeldBody[] = [];
  readonly #attachmentHeaders: PartHeaders[] = [];
  /** Digests of bodies by the algorithm that was announced, when that is not SHA-512. */
  readonly #announced = new Map<string, Buffer>();
  #place: number = order.start;
  #head: Head | undefined;
  #hashChainResult: Buffer | undefined;
  #hashChain: Buffer | undefined;
  #signature: Buffer | undefined;
  #reader: PartReader | undefined;
  /** The body on its way. */
  #sink: BodySink | undefined;

  constructor(options: ReceiveOptions) {
    this.#options = options;
  }

  /** A promise must be awaited before the next event is given. */
  take(event: MultipartEvent): Promise<void> | void {
    switch (event.kind) {
      case 'part':
        this.#reader = this.#open(event.headers.get('content-type') ?? '', event.lines);
        return;
      case 'data':
        return this.#reader?.data(event.bytes);
      case 'part-end':
        return this.#reader?.end();
      case 'end':
        return;
    }
  }

  /** @throws Fault MissingRest, MissingSignature */
  finish(): ReceivedMessage {
    if (this.#head === undefined) throw new Fault('MissingRest', 'The message has no head');
    if (this.#signature === undefined) throw new Fault('MissingSignature', 'The message has no signature');
    const { protocol, type, headers, bytes } = this.#head;
    return {
      protocol,
      head: bytes,
      headType: type,
      headHeaders: headers,
      ocspResponses: this.#ocspResponses,
      parts: this.#parts,
      attachments: this.#attachments,
      attachmentHeaders: this.#attachmentHeaders,
      ...(this.#hashChainResult !== undefined && { hashChainResult: this.#hashChainResult }),
      ...(this.#hashChain !== undefined && { hashChain: this.#hashChain }),
      signature: this.#signature,
      ...(this.#options.digest !== 'sha512' && {
        digestOfPart: (name, digest) =>
          digest === this.#options.digest ? this.#announced.get(name) : undefined,
      }),
    };
  }

  /** Lets go of every body. */
  async abort(): Promise<void> {
    // What made the message fail is worth telling; a spool file that could not be removed is not.
    await Promise.allSettled([this.#sink?.abort(), ...this.#attachments.map((held) => held.discard())]);
  }

  #open(contentType: string, lines: PartHeaders): PartReader {
    if (this.#place === order.signature) {
      throw new Fault('InvalidMessage', 'A part follows the signature, where the message should end');
    }
    const type = mediaTypeOf(contentType);
    switch (type) {
      case 'application/ocsp-response':
        this.#advance(order.ocsp, type);
        if (this.#ocspResponses.length >= maxOcspResponses) {
          throw new Fault('InvalidMessage', `A message has more than ${maxOcspResponses} OCSP responses`);
        }
        return collect(maxOcspBytes, (bytes) => {
          this.#ocspResponses.push(bytes);
        });
      case `application/x-road-rest-${this.#options.direction}`:
        return this.#openHead('rest', contentType, lines, maxRestHeadBytes);
      case 'application/xop+xml':
        return this.#openHead('soap', contentType, lines, maxEnvelopeBytes);
      case 'text/xml':
        if (this.#head !== undefined) return this.#openFault();
        return this.#openHead('soap', contentType, lines, maxEnvelopeBytes);
      case 'application/x-road-rest-body':
        this.#requireHead('rest', type);
        this.#advance(order.body, type);
        return this.#openBody();
      case 'multipart/mixed':
        this.#requireHead('soap', type);
        this.#advance(order.body, type);
        return this.#openAttachments(boundaryOf(contentType));
      case 'application/hash-chain-result':
        this.#advance(order.hashChainResult, type);
        return collect(maxDocumentBytes, (bytes) => {
          this.#hashChainResult = bytes;
        });
      case 'application/hash-chain':
        this.#advance(order.hashChain, type);
        return collect(maxDocumentBytes, (bytes) => {
          this.#hashChain = bytes;
        });
      case 'signature/bdoc-1.0/ts':
        this.#advance(order.signature, type);
        return collect(maxDocumentBytes, (bytes) => {
          this.#signature = bytes;
        });
      default:
        throw unexpected(type);
    }
  }

  #openHead(protocol: 'rest' | 'soap', contentType: string, lines: PartHeaders, limit: number): PartReader {
    const type = mediaTypeOf(contentType);
    this.#advance(order.head, type);
    return collect(limit, (bytes) => {
      if (type === 'text/xml' && this.#options.direction === 'response') {
        const fault = readSoapFault(bytes);
        if (fault !== undefined) throw fault;
      }
      const headers = withoutType(lines);
      this.#head = { protocol, type: contentType, headers, bytes };
      const digest = createHash('sha512').update(bytes).digest();
      this.#parts.push({ name: '/message.xml', digest });
      return this.#options.onHead?.({
        protocol,
        head: bytes,
        headType: contentType,
        ocspResponses: this.#ocspResponses,
      });
    });
  }

  /** The peer failed half-way: its fault stands in place of all parts that should have followed. */
  #openFault(): PartReader {
    if (this.#options.direction === 'request') {
      throw new Fault('MissingSignature', 'A fault stands where the parts of a request should follow');
    }
    return collect(maxDocumentBytes, (bytes) => {
      throw (
        readSoapFault(bytes) ??
        new Fault('InvalidMessage', 'A part of text/xml behind the head is not a fault')
      );
    });
  }

  #openBody(): PartReader {
    const sink = this.#options.newSink();
    this.#sink = sink;
    const { digest } = this.#options;
    const announced = digest === 'sha512' ? undefined : createHash(digest);
    return {
      data: (bytes) => {
        announced?.update(bytes);
        return sink.write(bytes);
      },
      end: async () => {
        const held = await sink.finish();
        this.#sink = undefined;
        this.#attachments.push(held);
        const name = `/attachment${this.#attachments.length}` as const;
        this.#parts.push({ name, digest: held.digest });
        if (announced !== undefined) this.#announced.set(name, announced.digest());
      },
    };
  }

  /** The attachments of a SOAP message: a multipart of their own inside one part. */
  #openAttachments(boundary: string): PartReader {
    const scanner = new MultipartScanner(boundary, attachmentLimits);
    let inner: PartReader | undefined;
    const pump = async () => {
      for (let event = scanner.next(); event !== undefined; event = scanner.next()) {
        if (event.kind === 'part') {
          this.#attachmentHeaders.push(event.lines);
          inner = this.#openBody();
        }
        if (event.kind === 'data') await inner?.data(event.bytes);
        if (event.kind === 'part-end') await inner?.end();
      }
    };
    return {
      data: (bytes) => {
        scanner.feed(bytes);
        return pump();
      },
      end: () => {
        scanner.end();
        return pump();
      },
    };
  }

  #advance(place: number, type: string): void {
    const isRepeatedOcsp = place === order.ocsp && this.#place === order.ocsp;
    const isAfterHead = place <= order.head || this.#head !== undefined;
    if ((place <= this.#place && !isRepeatedOcsp) || !isAfterHead) throw unexpected(type);
    this.#place = place;
  }

  #requireHead(protocol: 'rest' | 'soap', type: string): void {
    if (this.#head?.protocol !== protocol) throw unexpected(type);
  }
}

/** Holds a small part as a whole and hands it on when it ends. */
function collect(limit: number, done: (bytes: Buffer) => Promise<void> | void): PartReader {
  const pieces: Buffer[] = [];
  let size = 0;
  return {
    data(bytes) {
      size += bytes.length;
      if (size > limit)
        throw new Fault('InvalidMessage', `A part of the message has more than ${limit} bytes`);
      pieces.push(bytes);
    },
    end() {
      const [only] = pieces;
      return done(only !== undefined && pieces.length === 1 ? only : Buffer.concat(pieces));
    },
  };
}

function withoutType(lines: PartHeaders): PartHeaders {
  return lines.filter(([name]) => name.toLowerCase() !== 'content-type');
}

function unexpected(type: string): Fault {
  const shown = type.slice(0, 80).replace(/[^\x20-\x7e]/g, '?');
  return new Fault('InvalidContentType', `A part of type '${shown}' has no place here in a message`);
}
