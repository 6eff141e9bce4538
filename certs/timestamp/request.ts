import {
  asBoolean,
  asInteger,
  asOctetString,
  asOid,
  asSequence,
  asSmallInteger,
  DerError,
  type DerNode,
  integer,
  nullValue,
  octetString,
  oid,
  readDer,
  sequence,
  tags,
} from '../der/index.ts';
import { type DigestName, digestAlgorithms } from '../key/index.ts';
import { TimestampError } from './error.ts';

/** Digest that is stamped, with the OID of its algorithm. */
export interface MessageImprint {
  readonly digestOid: string;
  readonly digest: Buffer;
}

/** As X-Road asks: no nonce, no policy, no certificate wanted. @see RFC 3161 §2.4.1 */
export function createTimestampRequest(digest: Buffer, digestName: DigestName = 'sha512'): Buffer {
  const digestOid = digestAlgorithms[digestName].oid;
  return sequence(integer(1), writeImprint({ digestOid, digest }));
}

export interface TimestampRequest {
  readonly imprint: MessageImprint;
  readonly policy?: string;
  readonly nonce?: bigint;
  readonly wantsCertificate: boolean;
}

/** @throws TimestampError malformed */
export function parseTimestampRequest(bytes: Uint8Array): TimestampRequest {
  try {
    const [version, imprint, ...optional] = asSequence(readDer(bytes));
    if (asSmallInteger(version) !== 1)
      throw new TimestampError('malformed', 'the request is not of version 1');
    const policy = optional.find(({ tag }) => tag === tags.oid);
    const nonce = optional.find(({ tag }) => tag === tags.integer);
    const certReq = optional.find(({ tag }) => tag === tags.boolean);
    return {
      imprint: readImprint(imprint),
      ...(policy !== undefined && { policy: asOid(policy) }),
      ...(nonce !== undefined && { nonce: asInteger(nonce) }),
      wantsCertificate: certReq !== undefined && asBoolean(certReq),
    };
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    throw new TimestampError('malformed', `not a timestamp request: ${error.message}`, { cause: error });
  }
}

export function writeImprint({ digestOid, digest }: MessageImprint): Buffer {
  return sequence(sequence(oid(digestOid), nullValue()), octetString(digest));
}

export function readImprint(node: DerNode | undefined): MessageImprint {
  const [algorithm, digest] = asSequence(node);
  return { digestOid: asOid(asSequence(algorithm)[0]), digest: asOctetString(digest) };
}
