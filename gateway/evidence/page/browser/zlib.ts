import { inflateSync } from 'fflate';

/** What stands for `node:zlib` in the judging page. */

/**
 * @returns at most `maxOutputLength` octets
 * @throws when the stream is broken or holds more
 */
export function inflateRawSync(
  bytes: Uint8Array,
  { maxOutputLength }: { readonly maxOutputLength: number },
): Buffer {
  // One octet more than allowed: a longer stream is then seen to be longer, and not cut to fit.
  const room = new Uint8Array(maxOutputLength + 1);
  const inflated = inflateSync(bytes, { out: room });
  if (inflated.length > maxOutputLength) throw new RangeError(`more than ${maxOutputLength} octets`);
  return Buffer.from(inflated.buffer, inflated.byteOffset, inflated.byteLength);
}

const table = Uint32Array.from({ length: 256 }, (_, octet) => {
  let value = octet;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/** CRC-32 as zip files have it. */
export function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const octet of bytes) crc = (crc >>> 8) ^ (table[(crc ^ octet) & 0xff] ?? 0);
  return (crc ^ 0xffffffff) >>> 0;
}
