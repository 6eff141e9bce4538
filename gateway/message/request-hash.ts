import { createHash } from 'node:crypto';
import { Fault } from '../fault/index.ts';

/** One part of a message that its signature covers. The digests of a message stand in order, its head first. */
export interface MessagePart {
  readonly name: '/message.xml' | `/attachment${number}`;
  /** Of the part's bytes as they were sent. */
  readonly digest: Buffer;
}

/**
 * The hash by which a response names its request, base64.
 * @param headDigest SHA-512 of the request head
 * @param bodyDigest SHA-512 of the request body; undefined when the message has no body part, which is not the
 *   same as an empty one
 * @throws Fault InternalError when there is no head, which no message lacks
 * @see X-Road message protocol for REST, x-road-request-hash
 */
export function requestHash(headDigest: Buffer | undefined, bodyDigest?: Buffer): string {
  if (headDigest === undefined)
    throw new Fault('InternalError', 'A message without head has no request hash');
  if (bodyDigest === undefined) return headDigest.toString('base64');
  // Over the two digests, not over the bytes: a signature's parts are all that is needed to check it.
  return createHash('sha512').update(headDigest).update(bodyDigest).digest('base64');
}
