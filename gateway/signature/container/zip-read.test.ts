import { describe, expect, it } from 'vitest';
import { ZipError } from './zip-error.ts';
import { readZip } from './zip-read.ts';
import { writeZip } from './zip-write.ts';

describe('a zip file from a stranger', () => {
  const limits = { maxEntries: 10, maxOctets: 100_000 };
  const one = (name: string, text = 'content') => ({ name, data: Buffer.from(text) });
  const end = (zip: Buffer) => zip.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  const central = (zip: Buffer) => zip.readUInt32LE(end(zip) + 16);

  const withEnd = (zip: Buffer, count: number) => {
    for (const at of [8, 10]) zip.writeUInt16LE(count, end(zip) + at);
    return zip;
  };

  it.each<[string, () => Buffer]>([
    ['an entry twice', () => writeZip([one('a'), one('a')])],
    ['a name that leads out', () => writeZip([one('../a')])],
    ['an absolute name', () => writeZip([one('/a')])],
    ['a name with a backslash', () => writeZip([one('a\\b')])],
    ['a name with a control character', () => writeZip([one('a\n')])],
    ['an endless name', () => writeZip([one('a'.repeat(256))])],
    ['a folder with content', () => writeZip([one('a/')])],
    ['too many entries', () => writeZip(Array.from({ length: 11 }, (_, index) => one(`a${index}`)))],
    ['more than it may hold', () => writeZip([one('a', 'x'.repeat(100_001))])],
    [
      'a size that lies, small for large',
      () => {
        const zip = writeZip([one('a', 'x'.repeat(90_000))]);
        zip.writeUInt32LE(10, central(zip) + 24);
        return zip;
      },
    ],
    [
      'a size that lies, large for small',
      () => {
        const zip = writeZip([one('a')]);
        zip.writeUInt32LE(90_000, central(zip) + 24);
        return zip;
      },
    ],
    [
      'two names for one entry',
      () => {
        const zip = writeZip([one('abc')]);
        zip.write('xyz', central(zip) + 46, 'latin1');
        return zip;
      },
    ],
    [
      'two entries that share their data',
      () => {
        const zip = writeZip([one('a'), one('b')]);
        zip.writeUInt32LE(0, end(zip) - 47 + 42);
        return zip;
      },
    ],
    [
      'an encrypted entry',
      () => {
        const zip = writeZip([one('a')]);
        zip.writeUInt16LE(1, central(zip) + 8);
        return zip;
      },
    ],
    [
      'two entries of which one lies in the other',
      () => {
        const inner = writeZip([one('b')]);
        const zip = writeZip([one('a', inner.toString('latin1')), one('b')], { isStored: true });
        zip.writeUInt32LE(31, end(zip) - 47 + 42);
        return zip;
      },
    ],
    [
      'an entry with a second name beside its first',
      () => {
        const zip = writeZip([one('a')]);
        const extra = Buffer.from([0x75, 0x70, 2, 0, 1, 0]);
        const longer = Buffer.concat([zip.subarray(0, end(zip)), extra, zip.subarray(end(zip))]);
        longer.writeUInt16LE(extra.length, central(zip) + 30);
        longer.writeUInt32LE(47 + extra.length, end(longer) + 12);
        return longer;
      },
    ],
    [
      'a size that stands elsewhere',
      () => {
        const zip = writeZip([one('a')]);
        zip.writeUInt32LE(0xffffffff, central(zip) + 24);
        return zip;
      },
    ],
    [
      'an entry on another disk',
      () => {
        const zip = writeZip([one('a')]);
        zip.writeUInt16LE(1, central(zip) + 34);
        return zip;
      },
    ],
    [
      'a name that is not said to be UTF-8',
      () => {
        const zip = writeZip([one('ä')]);
        for (const at of [6, central(zip) + 8]) zip.writeUInt16LE(0, at);
        return zip;
      },
    ],
    [
      'a name that is not UTF-8',
      () => {
        const zip = writeZip([one('ä')]);
        for (const at of [31, central(zip) + 47]) zip.writeUInt8(0x20, at);
        return zip;
      },
    ],
    ['a directory that is not all read', () => withEnd(writeZip([one('a'), one('b')]), 1)],
    ['more entries than its directory has', () => withEnd(writeZip([one('a')]), 2)],
    [
      'sizes of its own in a local header',
      () => {
        const zip = writeZip([one('a')]);
        zip.writeUInt32LE(1, 22);
        return zip;
      },
    ],
    [
      'an unknown compression',
      () => {
        const zip = writeZip([one('a')]);
        zip.writeUInt16LE(12, central(zip) + 10);
        zip.writeUInt16LE(12, 8);
        return zip;
      },
    ],
    ['a comment that goes on', () => Buffer.concat([writeZip([one('a')]), Buffer.from('x')])],
    ['half of it', () => writeZip([one('a')]).subarray(0, 40)],
    ['nothing', () => Buffer.alloc(0)],
  ])('with %s is refused', (_what, make) => {
    expect(() => readZip(make(), limits)).toThrow(ZipError);
  });

  it('with one bit changed is refused, or the same as before', async () => {
    const zip = writeZip([one('a', 'some content that is not very long')]);
    const before = readZip(zip, limits);
    for (let at = 0; at < zip.length * 8; at += 1) {
      const damaged = Buffer.from(zip);
      damaged[at >> 3] = (damaged[at >> 3] ?? 0) ^ (1 << (at & 7));
      try {
        expect([...readZip(damaged, limits).values()]).toEqual([...before.values()]);
      } catch (error) {
        expect(error).toBeInstanceOf(ZipError);
      }
    }
  });
});
