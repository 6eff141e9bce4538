import { type CipherGCMTypes, createCipheriv, createDecipheriv } from 'node:crypto';
import type { RandomPool } from './random.ts';

const cipher: CipherGCMTypes = 'aes-256-gcm';
const nonceBytes = 12;
const tagBytes = 16;
const keyBytes = 32;

/** What a record key seals: each under a nonce of its own, for the key serves one record only. */
export const sealedParts = { evidence: 0, head: 1, body: 2 } as const;

/** Seals the parts of one record under a key that no other record has. */
export interface RecordSeal {
  /** The record key under the period's key: nonce, key, tag; 60 octets. */
  readonly wrappedKey: Buffer;
  /** @param part `sealedParts`; bodies count on from `body` by their position */
  seal(part: number, plain: Uint8Array): Buffer;
}

/** @param recordId binds the key to the record's place in the log */
export function createRecordSeal(periodKey: Buffer, recordId: number, pool: RandomPool): RecordSeal {
  const random = pool.take(keyBytes + nonceBytes);
  const key = random.subarray(0, keyBytes);
  const nonce = random.subarray(keyBytes);
  return {
    wrappedKey: Buffer.concat([nonce, sealUnder(periodKey, nonce, key, purposeOf(recordId))]),
    seal: (part, plain) => sealUnder(key, partNonce(part), plain),
  };
}

export type OpenPart = (part: number, sealed: Buffer) => Buffer;

/** @throws Error when the key does not open, or the octets were changed */
export function openRecordSeal(periodKey: Buffer, recordId: number, wrappedKey: Buffer): OpenPart {
  const nonce = wrappedKey.subarray(0, nonceBytes);
  const key = openUnder(periodKey, nonce, wrappedKey.subarray(nonceBytes), purposeOf(recordId));
  return (part, sealed) => openUnder(key, partNonce(part), sealed);
}

function sealUnder(key: Buffer, nonce: Buffer, plain: Uint8Array, purpose?: Buffer): Buffer {
  const sealing = createCipheriv(cipher, key, nonce);
  if (purpose !== undefined) sealing.setAAD(purpose);
  const sealed = sealing.update(plain);
  sealing.final();
  return Buffer.concat([sealed, sealing.getAuthTag()]);
}

function openUnder(key: Buffer, nonce: Buffer, sealed: Buffer, purpose?: Buffer): Buffer {
  if (sealed.length < tagBytes) throw new Error('what is sealed is too short');
  const opening = createDecipheriv(cipher, key, nonce, { authTagLength: tagBytes });
  if (purpose !== undefined) opening.setAAD(purpose);
  opening.setAuthTag(sealed.subarray(sealed.length - tagBytes));
  const plain = opening.update(sealed.subarray(0, sealed.length - tagBytes));
  opening.final();
  return plain;
}

function partNonce(part: number): Buffer {
  const nonce = Buffer.alloc(nonceBytes);
  nonce.writeUInt32BE(part, nonceBytes - 4);
  return nonce;
}

function purposeOf(recordId: number): Buffer {
  return Buffer.from(`record ${recordId}`);
}
