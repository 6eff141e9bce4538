import { readSignature } from '../read.ts';
import { malformed } from '../shape.ts';

const insertionPoint = /<xades:UnsignedSignatureProperties(?:\s[^<>]*)?>/g;

/**
 * Puts a timestamp of the signature value into a signature, as the first of its unsigned properties. Every other
 * byte stays, so that what was signed stays signed.
 * @param document signature XML as it is stored
 * @param token DER TimeStampToken
 * @throws Fault MalformedSignature
 */
export function addTimestamp(document: Buffer, token: Buffer): Buffer {
  const { timestampTokens } = readSignature(document);
  if (timestampTokens.length > 0) throw malformed('The signature has a timestamp already');
  // Latin-1 gives each octet a character of its own, so that places in the text are places in the bytes.
  const text = document.toString('latin1');
  const places = [...text.matchAll(insertionPoint)];
  const [place] = places;
  // The same text inside a comment would hide the timestamp.
  if (place === undefined || places.length !== 1 || place[0].endsWith('/>')) {
    throw malformed('The signature has no one place for a timestamp');
  }
  const at = place.index + place[0].length;
  const element =
    '<xades:SignatureTimeStamp><xades:EncapsulatedTimeStamp>' +
    `${token.toString('base64')}</xades:EncapsulatedTimeStamp></xades:SignatureTimeStamp>`;
  const stamped = Buffer.concat([document.subarray(0, at), Buffer.from(element), document.subarray(at)]);
  const [added] = readSignature(stamped).timestampTokens;
  if (added === undefined || !added.equals(token))
    throw malformed('The signature has no place for a timestamp');
  return stamped;
}
