import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCheckpoint, writeCheckpoint } from './checkpoint.ts';
import { TransparencyError } from './error.ts';
import { emptyRoot } from './hash.ts';

const root = emptyRoot.toString('base64');

describe('a checkpoint', () => {
  it('comes back as it was written', () => {
    const origins = fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => !text.includes('\n'));
    const roots = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(origins, fc.maxSafeNat(), roots, (origin, size, root) => {
        expect(parseCheckpoint(writeCheckpoint({ origin, size, root }))).toEqual({ origin, size, root });
      }),
    );
  });

  it('is three lines', () => {
    const text = writeCheckpoint({ origin: 'example.org/log', size: 20852163, root: emptyRoot });
    expect(text).toBe(`example.org/log\n20852163\n${root}\n`);
  });

  it('may have more lines, which are let be', () => {
    expect(parseCheckpoint(`log\n1\n${root}\nmore\nand more\n`).size).toBe(1);
  });

  it('is not written without a name, or with a name of two lines', () => {
    for (const origin of ['', 'a\nb']) {
      expect(() => writeCheckpoint({ origin, size: 0, root: emptyRoot })).toThrow(RangeError);
    }
  });

  it.each([
    ['nothing', ''],
    ['no name', `\n1\n${root}\n`],
    ['two lines', 'log\n1\n'],
    ['no end of its last line', `log\n1\n${root}`],
    ['no size', `log\n\n${root}\n`],
    ['a leading zero', `log\n01\n${root}\n`],
    ['two zeros', `log\n00\n${root}\n`],
    ['a sign', `log\n+1\n${root}\n`],
    ['a negative size', `log\n-1\n${root}\n`],
    ['a space', `log\n1 \n${root}\n`],
    ['hexadecimal', `log\n0x1\n${root}\n`],
    ['an exponent', `log\n1e3\n${root}\n`],
    ['a fraction', `log\n1.0\n${root}\n`],
    ['a size above 2^53', `log\n9007199254740992\n${root}\n`],
    ['a size of many digits', `log\n${'9'.repeat(40)}\n${root}\n`],
    ['digits of another script', `log\n\u0661\n${root}\n`],
    ['a root too short', `log\n1\n${Buffer.alloc(31).toString('base64')}\n`],
    ['a root too long', `log\n1\n${Buffer.alloc(33).toString('base64')}\n`],
    ['no root', 'log\n1\n\n'],
    ['a root without its padding', `log\n1\n${root.replace('=', '')}\n`],
    ['bits behind the end of its root', `log\n1\n${root.replace(/.=$/, 'V=')}\n`],
    ['a space behind its root', `log\n1\n${root} \n`],
    ['an empty line behind', `log\n1\n${root}\n\n`],
    ['an empty line between extensions', `log\n1\n${root}\nmore\n\nmore\n`],
    ['carriage returns', `log\r\n1\r\n${root}\r\n`],
  ])('is refused with %s', (_name, hostile) => {
    let code = 'accepted';
    try {
      parseCheckpoint(hostile);
    } catch (error) {
      if (!(error instanceof TransparencyError)) throw error;
      code = error.code;
    }
    expect(code).toBe('checkpoint-malformed');
  });
});
