import { Z_FINISH, Z_STREAM_END, ZStream, zlibInflate, zlibInflateInit2 } from 'pako';

/** What stands for `node:zlib` in the judging page. */

/** The largest window, and no header in front. */
const rawWindowBits = -15;

/**
 * As strict as Node, by a port of the same program: sets of codes that are incomplete are refused as well, though the
 * stream may use none that is missing.
 * @returns at most `maxOutputLength` octets
 * @throws when the stream is broken or holds more
 */
export function inflateRawSync(
  bytes: Uint8Array,
  { maxOutputLength }: { readonly maxOutputLength: number },
): Buffer {
  const stream = new ZStream();
  zlibInflateInit2(stream, rawWindowBits);
  stream.input = bytes;
  stream.avail_in = bytes.length;
  // One octet more than allowed: a longer stream is then seen to be longer, and not cut to fit.
  stream.output = new Uint8Array(maxOutputLength + 1);
  stream.avail_out = maxOutputLength + 1;
  const status = zlibInflate(stream, Z_FINISH);
  if (stream.total_out > maxOutputLength) throw new RangeError(`more than ${maxOutputLength} octets`);
  if (status !== Z_STREAM_END) throw new Error(stream.msg || `zlib status ${status}`);
  return Buffer.from(stream.output.buffer, 0, stream.total_out);
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
