import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  asBitString,
  asBoolean,
  asInteger,
  asOid,
  asSequence,
  asText,
  asTime,
  bitString,
  boolean,
  children,
  DerError,
  type DerNode,
  generalizedTime,
  integer,
  oid,
  readDer,
  sequence,
  setOf,
  time,
  tlv,
  utf8String,
} from './index.ts';

function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(' ', ''), 'hex');
}

describe('reading DER', () => {
  it.each([
    ['nothing at all', ''],
    ['a tag without a length', '30'],
    ['an indefinite length', '30 80 02 01 01 00 00'],
    ['a length longer than four octets', '30 85 01 00 00 00 00'],
    ['a length that is not minimal', '30 81 03 02 01 01'],
    ['a two-octet length that fits in one', '30 82 00 03 02 01 01'],
    ['an element longer than its bytes', '30 04 02 01 01'],
    ['bytes behind the element', '30 03 02 01 01 00'],
    ['a multi-octet tag', '1f 81 01 00'],
  ])('refuses %s', (_what, bytes) => {
    expect(() => readDer(hex(bytes))).toThrow(DerError);
  });

  it('refuses a child that is longer than its parent', () => {
    expect(() => children(readDer(hex('30 03 02 02 01')))).toThrow(DerError);
  });

  it('refuses structures nested deeper than 32, without recursion of its own', () => {
    let bytes: Buffer = Buffer.alloc(0);
    for (let level = 0; level < 40; level += 1) bytes = sequence(bytes);
    const descend = () => {
      let node: DerNode | undefined = readDer(bytes);
      while (node !== undefined) node = children(node)[0];
    };
    expect(descend).toThrow(DerError);
  });

  it.each([
    ['02 00', asInteger],
    ['02 02 00 01', asInteger],
    ['02 02 ff 80', asInteger],
    ['01 01 01', asBoolean],
    ['01 02 00 00', asBoolean],
    ['06 00', asOid],
    ['06 02 2a 80', asOid],
    ['06 03 2a 80 01', asOid],
    ['03 00', asBitString],
    ['03 02 08 00', asBitString],
    ['03 02 01 01', asBitString],
    ['03 01 01', asBitString],
    ['0c 01 ff', asText],
    ['1e 01 41', asText],
    ['16 01 80', asText],
    ['17 0b 32 36 31 31 32 33 31 30 31 30 5a', asTime],
    ['18 0f 32 30 32 36 31 33 32 33 31 30 31 30 31 30 5a', asTime],
    ['18 0f 32 30 32 36 30 32 33 30 31 30 31 30 31 30 5a', asTime],
    ['02 01 01', asSequence],
  ])('refuses the value %s', (bytes, read) => {
    expect(() => (read as (node: DerNode) => unknown)(readDer(hex(bytes)))).toThrow(DerError);
  });

  it('raises nothing but a DerError on random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const walk = (node: DerNode): void => {
          if (node.constructed) children(node).forEach(walk);
        };
        try {
          walk(readDer(bytes));
        } catch (error) {
          expect(error).toBeInstanceOf(DerError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('writing DER', () => {
  it('gives back every integer', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(1n << 200n), max: 1n << 200n }), (value) => {
        expect(asInteger(readDer(integer(value)))).toBe(value);
      }),
    );
  });

  it('writes integers minimally, with a sign octet where needed', () => {
    expect([0, 127, 128, -128, -129].map((value) => integer(value).toString('hex'))).toEqual([
      '020100',
      '02017f',
      '02020080',
      '020180',
      '0202ff7f',
    ]);
  });

  it.each(['1.2.840.10045.4.3.4', '2.5.29.15', '2.999.3', '1.3.6.1.4.1.3516.16.2'])(
    'gives back %s',
    (dotted) => {
      expect(asOid(readDer(oid(dotted)))).toBe(dotted);
    },
  );

  it('writes long lengths minimally', () => {
    for (const size of [127, 128, 255, 256, 65535, 65536]) {
      expect(readDer(tlv(0x04, Buffer.alloc(size))).content.length).toBe(size);
    }
  });

  it('sorts the elements of a SET OF', () => {
    expect(setOf(integer(5), integer(1)).toString('hex')).toBe('3106020101020105');
  });

  it('chooses UTCTime until 2049 and GeneralizedTime after', () => {
    for (const text of ['1999-12-31T23:59:59.000Z', '2049-12-31T00:00:00.000Z', '2050-01-01T00:00:00.000Z']) {
      expect(asTime(readDer(time(new Date(text)))).toISOString()).toBe(text);
    }
    expect(time(new Date('2050-01-01T00:00:00Z'))[0]).toBe(0x18);
    expect(asTime(readDer(generalizedTime(new Date('2026-11-23T10:11:12Z')))).toISOString()).toBe(
      '2026-11-23T10:11:12.000Z',
    );
  });

  it('gives back text, truth values and bit strings', () => {
    expect(asText(readDer(utf8String('Väestörekisteri')))).toBe('Väestörekisteri');
    expect(asBoolean(readDer(boolean(true)))).toBe(true);
    expect(asBitString(readDer(bitString(hex('a0'), 5)))).toEqual({ unusedBits: 5, bytes: hex('a0') });
  });
});
