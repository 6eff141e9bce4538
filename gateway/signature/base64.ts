import { Fault } from '../fault/index.ts';

/**
 * Base64 as it stands in XML signatures: lines may end anywhere, with CR, LF or both.
 * @param what names the value in the fault
 * @throws Fault MalformedSignature for anything that is not base64, or nothing at all
 */
export function decodeBase64(text: string, what: string): Buffer {
  const compact = /[\s]/.test(text) ? text.replace(/[\r\n\t ]+/g, '') : text;
  const bytes = Buffer.from(compact, 'base64');
  // Node skips what it does not know; two texts for one value would let a signature be altered unnoticed.
  if (bytes.length === 0 || bytes.toString('base64') !== compact) {
    throw new Fault('MalformedSignature', `${what} is not base64`);
  }
  return bytes;
}
