import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Fault } from '../fault/index.ts';
import { boundaryOf, mediaTypeOf } from './content-type.ts';
import { MultipartScanner } from './multipart.ts';

interface ScannedPart {
  readonly headers: Record<string, string>;
  readonly body: string;
}

const limits = { maxParts: 10, maxHeaderBytes: 200 };

/** Feeds pieces one by one; a string that is no part list is the code of the fault. */
function scan(pieces: readonly Buffer[], boundary = 'B'): ScannedPart[] | string {
  const scanner = new MultipartScanner(boundary, limits);
  const parts: { headers: Record<string, string>; body: string }[] = [];
  let isClosed = false;
  const drain = () => {
    for (let event = scanner.next(); event !== undefined; event = scanner.next()) {
      if (event.kind === 'part') parts.push({ headers: Object.fromEntries(event.headers), body: '' });
      const part = parts.at(-1);
      if (event.kind === 'data' && part !== undefined) part.body += event.bytes.toString('latin1');
      if (event.kind === 'end') isClosed = true;
    }
  };
  try {
    for (const piece of pieces) {
      scanner.feed(piece);
      drain();
    }
    scanner.end();
    drain();
  } catch (error) {
    if (error instanceof Fault) return error.code;
    throw error;
  }
  return isClosed ? parts : 'not closed';
}

function scanText(text: string): ScannedPart[] | string {
  const bytes = Buffer.from(text, 'latin1');
  const whole = scan([bytes]);
  // How the bytes were cut on their way makes no difference.
  expect(scan(Array.from(bytes, (byte) => Buffer.of(byte)))).toEqual(whole);
  return whole;
}

describe('a multipart body', () => {
  it('is found byte for byte between CR LF boundaries', () => {
    const text =
      '--B\r\nContent-Type: a/b\r\nx:  y \r\n\r\none\r\n\r\n--B\r\ncontent-type:c\r\n\r\n\r\n--B--\r\n';
    expect(scanText(text)).toEqual([
      { headers: { 'content-type': 'a/b', x: 'y' }, body: 'one\r\n' },
      { headers: { 'content-type': 'c' }, body: '' },
    ]);
  });

  it('may end its lines with LF alone', () => {
    expect(scanText('--B\nx:y\n\none\n--B\n\ntwo\n\n--B--')).toEqual([
      { headers: { x: 'y' }, body: 'one' },
      { headers: {}, body: 'two\n' },
    ]);
  });

  it('may begin with one empty line and may have no parts', () => {
    expect(scanText('\n--B\n\none\n--B--\n')).toEqual([{ headers: {}, body: 'one' }]);
    expect(scanText('\r\n--B--')).toEqual([]);
  });

  it.each([
    'a longer boundary: \r\n--Bx\r\n',
    'the end of a longer one: \r\n--B-x',
    'padding: \r\n--B \r\n',
    'a boundary inside a line: --B\r\n',
    'the beginning of one: \r\n--\r\n-\r\n\r\r\n',
    'a CR behind one: \r\n--B\rx',
  ])('has content that is no boundary: %j', (body) => {
    expect(scanText(`--B\r\n\r\n${body}\r\n--B--\r\n`)).toEqual([{ headers: {}, body }]);
  });

  it.each([
    ['nothing', ''],
    ['another boundary', '--C\r\n\r\n--C--'],
    ['a preamble', 'hello\r\n--B\r\n\r\na\r\n--B--'],
    ['two empty lines in front', '\r\n\r\n--B\r\n\r\na\r\n--B--'],
    ['no closing boundary', '--B\r\n\r\nabc\r\n'],
    ['half a closing boundary', '--B\r\n\r\nabc\r\n--B-'],
    ['an end right behind a boundary', '--B\r\n\r\nabc\r\n--B'],
    ['an end inside the headers', '--B\r\nx:y\r\n'],
    ['an epilogue', '--B\r\n\r\na\r\n--B--\r\nmore'],
    ['a header without colon', '--B\r\nnonsense\r\n\r\na\r\n--B--'],
    ['a fold before any header', '--B\r\n folded\r\n\r\na\r\n--B--'],
    ['a control character in a header', '--B\r\nx: y\rz\r\n\r\na\r\n--B--'],
    ['a header twice', '--B\r\nx:y\r\nX:z\r\n\r\na\r\n--B--'],
    ['headers without end', `--B\r\n${'x'.repeat(300)}`],
    ['headers of too many bytes', `--B\r\nx:${'y'.repeat(300)}\r\n\r\na\r\n--B--`],
    ['too many parts', `${'--B\r\n\r\na\r\n'.repeat(11)}--B--`],
  ])('is refused for %s', (_title, text) => {
    expect(scanText(text)).toBe('MimeParsingFailed');
  });

  it('gives back any bodies, however the bytes are cut', () => {
    const body = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.array(fc.constantFrom(0x0d, 0x0a, 0x2d, 0x42, 0x78)).map((bytes) => Uint8Array.from(bytes)),
    );
    fc.assert(
      fc.property(
        fc.array(body, { maxLength: 5 }),
        fc.array(fc.integer({ min: 1, max: 9 })),
        (bodies, cuts) => {
          const texts = bodies.map((bytes) => Buffer.from(bytes).toString('latin1'));
          // A body may hold anything but its own boundary.
          fc.pre(texts.every((text) => !/\n--B(?:\r?\n|--)/.test(`${text}\r\n`)));
          const text = `${texts.map((each) => `--B\r\n\r\n${each}\r\n`).join('')}--B--\r\n`;
          let rest = Buffer.from(text, 'latin1');
          const pieces: Buffer[] = [];
          for (const cut of cuts) {
            pieces.push(rest.subarray(0, cut));
            rest = rest.subarray(cut);
          }
          expect(scan([...pieces, rest])).toEqual(texts.map((each) => ({ headers: {}, body: each })));
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('raises its fault and nothing else for any bytes', () => {
    const noise = fc.array(
      fc.constantFrom('--B', '--', '\r', '\n', '\r\n', '\r\n--B\r\n', ':', 'x', ' ', '\0', '\xff'),
      { maxLength: 20 },
    );
    fc.assert(
      fc.property(noise, (pieces) => {
        const result = scanText(pieces.join(''));
        expect(Array.isArray(result) || result === 'MimeParsingFailed').toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('a content type', () => {
  it('has a media type, whatever its spelling', () => {
    expect(mediaTypeOf(' Multipart/MIXED ; charset=UTF-8')).toBe('multipart/mixed');
    expect(mediaTypeOf('')).toBe('');
  });

  it.each([
    ['multipart/mixed; charset=UTF-8; boundary=xtopABC', 'xtopABC'],
    ['multipart/mixed;BOUNDARY="a b;c"', undefined],
    ['multipart/mixed; boundary="a b:c"; x=y', 'a b:c'],
    ['multipart/mixed', undefined],
    ['multipart/mixed; boundary=', undefined],
    ['multipart/mixed; boundary=a; boundary=b', undefined],
    [`multipart/mixed; boundary=${'a'.repeat(71)}`, undefined],
    ['multipart/mixed; boundary="a "', undefined],
    ['multipart/mixed; boundary="a\r\n"', undefined],
  ])('%j names the boundary %s', (contentType, boundary) => {
    if (boundary !== undefined) expect(boundaryOf(contentType)).toBe(boundary);
    else
      expect(() => boundaryOf(contentType)).toThrow(expect.objectContaining({ code: 'InvalidContentType' }));
  });
});
