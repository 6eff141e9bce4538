import { Fault } from '../fault/index.ts';

/** Headers of a part in their order, names as spelled, values trimmed. */
export type PartHeaders = readonly (readonly [name: string, value: string])[];

/** What a scanner found, in order of the bytes. */
export type MultipartEvent =
  /** A part begins. Names in `headers` are lower-case; `lines` are the same headers as they were written. */
  | { readonly kind: 'part'; readonly headers: ReadonlyMap<string, string>; readonly lines: PartHeaders }
  /** Bytes of the part's body, exactly as sent; a view of what was fed. */
  | { readonly kind: 'data'; readonly bytes: Buffer }
  | { readonly kind: 'part-end' }
  /** The closing boundary. */
  | { readonly kind: 'end' };

export interface MultipartLimits {
  readonly maxParts: number;
  /** Of one part, in bytes. */
  readonly maxHeaderBytes: number;
}

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const dash = 0x2d;
const noBytes = Buffer.alloc(0);

/**
 * Finds the parts of a multipart body in bytes that come in pieces of any size. It never waits and holds back
 * only what may yet turn out to be a boundary: feed it, then take events until there are none.
 *
 * Line ends are CR LF or LF alone; the one before a boundary belongs to the boundary. A boundary line is exactly
 * the boundary: a longer line that begins with it is content.
 * @see RFC 2046 §5.1
 */
export class MultipartScanner {
  readonly #needle: Buffer;
  readonly #limits: MultipartLimits;
  #bytes: Buffer = noBytes;
  #state: 'start' | 'headers' | 'body' | 'part-end' | 'epilogue' = 'start';
  #closing = false;
  #isAtEnd = false;
  #parts = 0;

  constructor(boundary: string, limits: MultipartLimits) {
    this.#needle = Buffer.from(`\n--${boundary}`, 'latin1');
    this.#limits = limits;
  }

  feed(bytes: Uint8Array): void {
    const chunk = Buffer.isBuffer(bytes)
      ? bytes
      : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
  }

  /** No further bytes will come: what is incomplete now is an error of the next event. */
  end(): void {
    this.#isAtEnd = true;
  }

  /**
   * @returns undefined when more bytes are needed, or all was told
   * @throws Fault MimeParsingFailed
   */
  next(): MultipartEvent | undefined {
    switch (this.#state) {
      case 'start':
        return this.#begin();
      case 'headers':
        return this.#readHeaders();
      case 'body':
        return this.#readBody();
      case 'part-end':
        this.#state = this.#closing ? 'epilogue' : 'headers';
        return this.#closing ? { kind: 'end' } : this.#readHeaders();
      case 'epilogue':
        return this.#readEpilogue();
    }
  }

  /** The first boundary has no line end of its own before it; one empty line is let pass. */
  #begin(): MultipartEvent | undefined {
    const skipped = /^\r?\n?/.exec(this.#bytes.toString('latin1', 0, 2))?.[0].length ?? 0;
    const line = this.#needle.subarray(1);
    const available = this.#bytes.subarray(skipped, skipped + line.length);
    if (!available.equals(line.subarray(0, available.length))) malformed('does not begin with its boundary');
    const after = available.length === line.length ? this.#afterBoundary(skipped + line.length) : 'unknown';
    if (after === 'unknown') return this.#needMore();
    if (after === 'content') malformed('does not begin with its boundary');
    this.#closing = after.closing;
    this.#bytes = this.#bytes.subarray(after.end);
    this.#state = 'part-end';
    return this.next();
  }

  #readHeaders(): MultipartEvent | undefined {
    const lines: [string, string][] = [];
    const limit = this.#limits.maxHeaderBytes;
    for (let at = 0; ; ) {
      const end = this.#bytes.indexOf(lineFeed, at);
      if ((end < 0 ? this.#bytes.length : end) > limit)
        malformed(`has part headers of more than ${limit} bytes`);
      if (end < 0) return this.#needMore();
      const line = this.#bytes.toString(
        'utf8',
        at,
        this.#bytes[end - 1] === carriageReturn && end > at ? end - 1 : end,
      );
      at = end + 1;
      if (line === '') {
        this.#parts += 1;
        if (this.#parts > this.#limits.maxParts) malformed(`has more than ${this.#limits.maxParts} parts`);
        this.#bytes = this.#bytes.subarray(at);
        this.#state = 'body';
        return { kind: 'part', headers: byName(lines), lines };
      }
      readHeader(line, lines);
    }
  }

  #readBody(): MultipartEvent | undefined {
    const bytes = this.#bytes;
    for (let from = 0; ; ) {
      const at = bytes.indexOf(this.#needle, from);
      if (at < 0) return this.#giveUpTo(this.#safeLength());
      const after = this.#afterBoundary(at + this.#needle.length);
      // The line end before the boundary is the boundary's.
      const end = at > 0 && bytes[at - 1] === carriageReturn ? at - 1 : at;
      if (after === 'unknown') return this.#giveUpTo(end);
      if (after === 'content') {
        from = at + 1;
        continue;
      }
      if (end > 0) return this.#giveUpTo(end);
      this.#closing = after.closing;
      this.#bytes = bytes.subarray(after.end);
      this.#state = 'part-end';
      return { kind: 'part-end' };
    }
  }

  /** Hands out the first `length` bytes, which surely are content. */
  #giveUpTo(length: number): MultipartEvent | undefined {
    if (length === 0) return this.#needMore();
    const bytes = this.#bytes.subarray(0, length);
    this.#bytes = this.#bytes.subarray(length);
    return { kind: 'data', bytes };
  }

  /** How many bytes surely are content, when no whole boundary is among them. */
  #safeLength(): number {
    const bytes = this.#bytes;
    // The longest beginning of a boundary that can stand here: all of it, CR in front, one byte behind.
    for (let at = Math.max(0, bytes.length - this.#needle.length - 2); at < bytes.length; at += 1) {
      if (bytes[at] === carriageReturn || bytes[at] === lineFeed) return at;
    }
    return bytes.length;
  }

  /** What the bytes behind a possible boundary make of it. */
  #afterBoundary(at: number): { readonly closing: boolean; readonly end: number } | 'content' | 'unknown' {
    const [first, second] = [this.#bytes[at], this.#bytes[at + 1]];
    if (first === lineFeed) return { closing: false, end: at + 1 };
    if (first === undefined || (second === undefined && (first === dash || first === carriageReturn)))
      return 'unknown';
    if (first === dash && second === dash) return { closing: true, end: at + 2 };
    if (first === carriageReturn && second === lineFeed) return { closing: false, end: at + 2 };
    return 'content';
  }

  /** Behind the closing boundary only line ends may stand: what is not read must not be carried. */
  #readEpilogue(): undefined {
    for (const byte of this.#bytes) {
      if (byte !== carriageReturn && byte !== lineFeed) malformed('goes on behind its closing boundary');
    }
    this.#bytes = noBytes;
    return undefined;
  }

  #needMore(): undefined {
    if (this.#isAtEnd) malformed('ends before its closing boundary');
    return undefined;
  }
}

function readHeader(line: string, lines: [string, string][]): void {
  // A lone CR, or any other control character, may be a line end to whom it is passed on.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to find
  if (/[\u0000-\u0008\u000a-\u001f\u007f]/.test(line)) malformed('has control characters in a part header');
  const former = lines.at(-1);
  if (/^[ \t]/.test(line) && former !== undefined) {
    former[1] = `${former[1]} ${line.trim()}`;
    return;
  }
  const colon = line.indexOf(':');
  const name = line.slice(0, Math.max(colon, 0));
  if (!/^[!#$%&'*+\-.^_`|~0-9a-z]+$/i.test(name)) malformed('has a part header that is none');
  lines.push([name, line.slice(colon + 1).trim()]);
}

function byName(lines: PartHeaders): ReadonlyMap<string, string> {
  const headers = new Map(lines.map(([name, value]) => [name.toLowerCase(), value]));
  // Two readers could each believe another one.
  if (headers.size < lines.length) malformed('has a part header twice');
  return headers;
}

function malformed(reason: string): never {
  throw new Fault('MimeParsingFailed', `The multipart message ${reason}`);
}
