import { isUtf8 as isUtf8InNode } from 'node:buffer';
import { createHash as createHashInNode } from 'node:crypto';
import { deflateRawSync, inflateRawSync as inflateInNode } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isUtf8, Buffer as PortableBuffer } from './buffer.ts';
import { createHash, hash } from './hashes.ts';
import { crc32, inflateRawSync } from './zlib.ts';

const bytes = fc.uint8Array({ maxLength: 300 });

describe('what stands for node:zlib', () => {
  it('inflates what was deflated, and no octet more than allowed', () => {
    fc.assert(
      fc.property(bytes, fc.integer({ min: 0, max: 9 }), (data, level) => {
        const deflated = deflateRawSync(data, { level });
        const maxOutputLength = Math.max(data.length, 1);
        expect(inflateRawSync(deflated, { maxOutputLength })).toEqual(Buffer.from(data));
        if (data.length < 2) return;
        expect(() => inflateRawSync(deflated, { maxOutputLength: data.length - 1 })).toThrow();
      }),
    );
  });

  it.each<[string, Buffer]>([
    ['with the codes of the standard', Buffer.from('evidence '.repeat(40))],
    ['with codes of its own', Buffer.from(createHashInNode('sha512').update('a').digest('hex'))],
  ])('takes no stream for good that Node does not inflate to the same octets: one %s', (_, data) => {
    const deflated = deflateRawSync(data);
    for (let bit = 0; bit < deflated.length * 8; bit += 1) {
      const changed = Buffer.from(deflated);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const [here, inNode] = [inflateRawSync, inflateInNode].map((inflate) => {
        try {
          return crc32(inflate(changed, { maxOutputLength: data.length }));
        } catch {
          return undefined;
        }
      });
      // A reader of zip files compares the checksum: only good octets count.
      const wanted = crc32(data);
      expect(here === wanted, `bit ${bit}`).toBe(inNode === wanted);
    }
  });

  it('has the checksum of zip files', () => {
    expect(crc32(Buffer.from('123456789'))).toBe(0xcbf43926);
    expect(crc32(Buffer.alloc(0))).toBe(0);
  });
});

describe('what stands for node:crypto', () => {
  it.each(['sha1', 'sha224', 'sha256', 'sha384', 'sha512'])('has the digests of Node: %s', (name) => {
    fc.assert(
      fc.property(bytes, bytes, fc.string(), (one, two, text) => {
        const here = createHash(name).update(one).update(text).update(two).digest('hex');
        expect(here).toBe(createHashInNode(name).update(one).update(text).update(two).digest('hex'));
        expect(hash(name, one, 'base64')).toBe(createHashInNode(name).update(one).digest('base64'));
      }),
      { numRuns: 30 },
    );
  });

  it('has no digest that is broken or not known', () => {
    expect(() => createHash('md5')).toThrow();
  });
});

describe('what stands for node:buffer', () => {
  it('reads text as Node does, also where it is no UTF-8', () => {
    fc.assert(
      fc.property(bytes, (octets) => {
        const [here, inNode] = [PortableBuffer.from(octets), Buffer.from(octets)];
        expect(here.toString()).toBe(inNode.toString());
        for (const encoding of ['utf8', 'latin1', 'hex', 'base64'] as const) {
          expect(here.toString(encoding)).toBe(inNode.toString(encoding));
        }
        expect(isUtf8(octets)).toBe(isUtf8InNode(octets));
      }),
    );
  });

  it('writes text as Node does, also halves of characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        for (const encoding of ['utf8', 'latin1'] as const) {
          expect([...PortableBuffer.from(text, encoding)]).toEqual([...Buffer.from(text, encoding)]);
        }
      }),
    );
  });

  it('reads base64 as Node does, also careless base64', () => {
    const careless = fc.string({ unit: fc.constantFrom(...'AQgw9+/-_= \n.') });
    fc.assert(
      fc.property(careless, (text) => {
        expect([...PortableBuffer.from(text, 'base64')]).toEqual([...Buffer.from(text, 'base64')]);
      }),
    );
  });

  it('compares with arrays that are no buffers', () => {
    const [one, other] = [Uint8Array.of(1, 2), Uint8Array.of(1, 3)] as unknown as [
      PortableBuffer,
      PortableBuffer,
    ];
    expect(PortableBuffer.from([1, 2]).equals(one)).toBe(true);
    expect(PortableBuffer.from([1, 2]).equals(other)).toBe(false);
  });
});
