import { type HeldBody, mediaTypeOf, type PartHeaders } from '../transport/index.ts';

export interface SoapToWrite {
  /** Content type that the message had at the other end; its boundary is not used again. */
  readonly contentType: string;
  readonly envelope: Buffer;
  readonly headType: string;
  readonly headHeaders: PartHeaders;
  readonly attachments: readonly { readonly headers: PartHeaders; readonly body: HeldBody }[];
  /** Fresh: no stranger may choose what ends a part. */
  readonly boundary: string;
}

export interface WrittenSoap {
  readonly contentType: string;
  /** Octets of the whole body. */
  readonly length: number;
  readonly body: AsyncIterable<Buffer>;
}

/**
 * A SOAP message for an information system or a service: the envelope alone, or as first part of a multipart with the
 * headers that its parts had.
 */
export function writeSoapMessage(message: SoapToWrite): WrittenSoap {
  const { contentType, envelope, headType, attachments, boundary } = message;
  if (attachments.length === 0 && mediaTypeOf(contentType) !== 'multipart/related') {
    return { contentType: headType, length: envelope.length, body: streamOf([envelope]) };
  }
  const heads = [
    partHead(`--${boundary}\r\n`, [['content-type', headType], ...message.headHeaders]),
    ...attachments.map(({ headers }) => partHead(`\r\n--${boundary}\r\n`, headers)),
  ];
  const bodies = [envelope, ...attachments.map(({ body }) => body)];
  const end = Buffer.from(`\r\n--${boundary}--\r\n`);
  const pieces = [...bodies.flatMap((body, index) => [heads[index] ?? noBytes, body]), end];
  return {
    contentType: relatedType(contentType, headType, boundary),
    length: pieces.reduce((sum, piece) => sum + (Buffer.isBuffer(piece) ? piece.length : piece.size), 0),
    body: streamOf(pieces),
  };
}

const noBytes = Buffer.alloc(0);

async function* streamOf(pieces: readonly (Buffer | HeldBody)[]): AsyncGenerator<Buffer> {
  for (const piece of pieces) {
    if (Buffer.isBuffer(piece)) yield piece;
    else yield* piece.chunks();
  }
}

function partHead(separator: string, headers: PartHeaders): Buffer {
  return Buffer.from(`${separator}${headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`);
}

/** The type that the message had, with another boundary; one that says less than the message has is written anew. */
function relatedType(contentType: string, headType: string, boundary: string): string {
  const isRelated = mediaTypeOf(contentType) === 'multipart/related' && /^[\x20-\x7e]*$/.test(contentType);
  const kept = isRelated
    ? contentType.replace(/;\s*boundary\s*=\s*(?:"[^"]*"|[^\s;"]*)/gi, '')
    : `multipart/related; type="${mediaTypeOf(headType)}"`;
  return `${kept}; boundary="${boundary}"`;
}
