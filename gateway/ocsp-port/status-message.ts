import { Fault } from '../fault/index.ts';
import { boundaryOf, MultipartScanner, mediaTypeOf } from '../transport/index.ts';

/** What one request may ask for: a chain is far shorter. */
export const maxStatuses = 16;
/** One response with the certificates in it. */
const maxStatusBytes = 64 * 1024;
const maxPartHeaderBytes = 4 * 1024;
/** Of a whole answer. */
export const maxAnswerBytes = maxStatuses * (maxStatusBytes + maxPartHeaderBytes);

const partType = 'application/ocsp-response';

/** `Content-Type` of an answer, spelled as Java servers spell it. */
export function statusContentType(boundary: string): string {
  return `multipart/related; type="${partType}"; charset=UTF-8; boundary=${boundary}`;
}

/**
 * Body of an answer: one part per response, in their order.
 * @param responses DER
 */
export function writeStatuses(responses: readonly Buffer[], boundary: string): Buffer {
  const parts = responses.flatMap((response, index) => [
    Buffer.from(`${index === 0 ? '' : '\r\n'}--${boundary}\r\ncontent-type: ${partType}\r\n\r\n`, 'latin1'),
    response,
  ]);
  return Buffer.concat([...parts, Buffer.from(`\r\n--${boundary}--\r\n`, 'latin1')]);
}

/**
 * Reads the body of an answer.
 * @param bytes at most `maxAnswerBytes`
 * @returns DER, in the order of the parts
 * @throws Fault MimeParsingFailed, InvalidContentType
 */
export function readStatuses(contentType: string, bytes: Buffer): Buffer[] {
  if (mediaTypeOf(contentType) !== 'multipart/related') {
    throw new Fault('InvalidContentType', `Statuses come as multipart/related; this is '${contentType}'`);
  }
  const limits = { maxParts: maxStatuses, maxHeaderBytes: maxPartHeaderBytes };
  const scanner = new MultipartScanner(boundaryOf(contentType), limits);
  scanner.feed(bytes);
  scanner.end();
  const responses: Buffer[] = [];
  let pieces: Buffer[] = [];
  for (let event = scanner.next(); event !== undefined; event = scanner.next()) {
    switch (event.kind) {
      case 'part': {
        const type = event.headers.get('content-type') ?? '';
        if (mediaTypeOf(type) !== partType) {
          throw new Fault('InvalidContentType', `A status comes as ${partType}; this part is '${type}'`);
        }
        pieces = [];
        break;
      }
      case 'data':
        pieces.push(event.bytes);
        break;
      case 'part-end': {
        const response = Buffer.concat(pieces);
        if (response.length > maxStatusBytes) {
          throw new Fault('MimeParsingFailed', `A status has more than ${maxStatusBytes} bytes`);
        }
        responses.push(response);
        break;
      }
    }
  }
  return responses;
}
