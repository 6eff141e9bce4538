import { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

/** What one end of a connection wrote, in the clear, before TLS closed over it. */
export interface Recording {
  readonly sent: 'request' | 'response';
  readonly bytes: Buffer;
}

/** `net.Socket` hands everything written through here on its way to the handle, TLS or not. */
interface Writing {
  _writeGeneric(writev: boolean, data: unknown, encoding: string, done: unknown): void;
}

/**
 * Records what the servers of this process write to each other over TLS, while `act` runs.
 * @param peerPort port of every security server
 */
export async function recordPeers(peerPort: number, act: () => Promise<void>): Promise<Recording[]> {
  const prototype = Socket.prototype as unknown as Writing;
  const original = prototype._writeGeneric;
  const written = new Map<TLSSocket, { readonly sent: Recording['sent']; readonly pieces: Buffer[] }>();
  prototype._writeGeneric = function record(this: Socket, writev, data, encoding, done) {
    if (this instanceof TLSSocket && (this.localPort === peerPort || this.remotePort === peerPort)) {
      const sent = this.localPort === peerPort ? 'response' : 'request';
      const one = written.get(this) ?? { sent, pieces: [] };
      written.set(this, one);
      const chunks = writev
        ? (data as { chunk: Buffer | string; encoding: string }[])
        : [{ chunk: data, encoding }];
      for (const { chunk, encoding: how } of chunks) {
        one.pieces.push(Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk), how as BufferEncoding));
      }
    }
    original.call(this, writev, data, encoding, done);
  };
  try {
    await act();
  } finally {
    prototype._writeGeneric = original;
  }
  return [...written.values()].map(({ sent, pieces }) => ({ sent, bytes: Buffer.concat(pieces) }));
}

/** A recorded HTTP message, its chunks joined. */
export interface RecordedMessage {
  readonly startLine: string;
  /** Names as they were spelled, in order. */
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Buffer;
}

/** Reads one HTTP/1.1 message with nothing of ours: strict about every line end. */
export function readHttp(bytes: Buffer): RecordedMessage {
  const end = bytes.indexOf('\r\n\r\n');
  const [startLine = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n');
  const headers = lines.map((line) => {
    const colon = line.indexOf(': ');
    return [line.slice(0, colon), line.slice(colon + 2)] as const;
  });
  const rest = bytes.subarray(end + 4);
  const isChunked = headers.some(
    ([name, value]) => name.toLowerCase() === 'transfer-encoding' && value === 'chunked',
  );
  return { startLine, headers, body: isChunked ? joinChunks(rest) : rest };
}

function joinChunks(bytes: Buffer): Buffer {
  const chunks: Buffer[] = [];
  for (let at = 0; ; ) {
    const lineEnd = bytes.indexOf('\r\n', at);
    const size = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16);
    const start = lineEnd + 2;
    if (!(size >= 0) || bytes.toString('latin1', start + size, start + size + 2) !== '\r\n') {
      throw new Error(`no chunk begins at ${at}`);
    }
    if (size === 0) return Buffer.concat(chunks);
    chunks.push(bytes.subarray(start, start + size));
    at = start + size + 2;
  }
}

export interface RecordedPart {
  /** Header lines as written, names and all. */
  readonly headers: readonly string[];
  readonly body: Buffer;
}

/** Takes a multipart body apart by its grammar to the byte; anything outside the grammar is an error. */
export function readParts(body: Buffer, boundary: string): RecordedPart[] {
  const parts: RecordedPart[] = [];
  const first = `--${boundary}\r\n`;
  if (body.toString('latin1', 0, first.length) !== first)
    throw new Error('the body does not begin with its boundary');
  for (let at = first.length; ; ) {
    const headEnd = body.indexOf('\r\n\r\n', at);
    const next = body.indexOf(`\r\n--${boundary}`, headEnd + 4);
    if (headEnd < 0 || next < 0) throw new Error(`a part has no end behind ${at}`);
    parts.push({
      headers: body.toString('latin1', at, headEnd).split('\r\n'),
      body: body.subarray(headEnd + 4, next),
    });
    const after = next + 4 + boundary.length;
    const tail = body.toString('latin1', after);
    if (tail === '--\r\n') return parts;
    if (!tail.startsWith('\r\n')) throw new Error(`neither part nor end follows the boundary at ${next}`);
    at = after + 2;
  }
}
