import { Buffer as PortableBuffer } from 'buffer/';

/** What stands for `node:buffer` in the judging page. */
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const { toString: print, equals } = PortableBuffer.prototype;
Object.assign(PortableBuffer.prototype, {
  /** Octets that are not UTF-8 become as many replacement characters as Node makes of them. */
  toString(this: PortableBuffer, encoding?: string, start?: number, end?: number): string {
    const isUtf8Wanted = encoding === undefined || encoding === 'utf8' || encoding === 'utf-8';
    if (isUtf8Wanted) return utf8.decode(this.subarray(start, end));
    return print.call(this, encoding, start, end);
  },
  /** Also with an array that is no buffer, as in Node. */
  equals(this: PortableBuffer, other: Uint8Array): boolean {
    return equals.call(this, PortableBuffer.isBuffer(other) ? other : PortableBuffer.from(other));
  },
});

export function isUtf8(bytes: Uint8Array): boolean {
  try {
    strictUtf8.decode(bytes);
    return true;
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
}

export { PortableBuffer as Buffer };
