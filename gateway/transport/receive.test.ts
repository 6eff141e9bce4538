import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Fault, RelayedFault, renderSoap } from '../fault/index.ts';
import { createBodySink, MessageSender, receiveMessage } from './index.ts';

type Options = Parameters<typeof receiveMessage>[1];
type Received = Awaited<ReturnType<typeof receiveMessage>>;

let dir = '';

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'receive-'));
});

afterAll(async () => {
  await rm(dir, { recursive: true, force: true });
});

const sha512 = (bytes: Uint8Array) => createHash('sha512').update(bytes).digest();
const newSink = () => createBodySink({ dir, maxSize: 100_000_000, digest: 'sha512' });
const fault = renderSoap(new Fault('AccessDenied', 'not allowed'), 'detail-1');
const defaults: Options = {
  contentType: 'multipart/mixed; charset=UTF-8; boundary=B',
  digest: 'sha512',
  direction: 'request',
  newSink,
};

async function* streamOf(...pieces: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* pieces;
}

/** The message, or the fault it was refused with. Nothing else may be thrown. */
async function receive(
  source: AsyncIterable<Uint8Array>,
  changed: Partial<Options> = {},
): Promise<Received | Fault> {
  try {
    return await receiveMessage(source, { ...defaults, ...changed });
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
}

async function codeOf(source: AsyncIterable<Uint8Array>, changed: Partial<Options> = {}): Promise<string> {
  const result = await receive(source, changed);
  return result instanceof Fault ? result.code : 'none';
}

const types = {
  ocsp: 'application/ocsp-response',
  head: 'application/x-road-rest-request',
  response: 'application/x-road-rest-response',
  body: 'application/x-road-rest-body',
  result: 'application/hash-chain-result',
  chain: 'application/hash-chain',
  signature: 'signature/bdoc-1.0/ts',
  envelope: 'text/xml; charset=utf-8',
  attachments: 'multipart/mixed; boundary=A',
  other: 'text/plain',
} as const;

function partsOf(...names: (keyof typeof types)[]): Buffer {
  const texts = names.map((name) => {
    const content = name === 'attachments' ? '--A\r\nx: y\r\n\r\none\r\n--A\r\n\r\ntwo\r\n--A--\r\n' : name;
    return `--B\r\nContent-Type: ${types[name]}\r\n\r\n${content}\r\n`;
  });
  return Buffer.from(`${texts.join('')}--B--\r\n`);
}

describe('a message is received as it was sent', () => {
  it.each([
    ['without body', undefined],
    ['with an empty body', 0],
    ['with a small body', 1000],
    ['with a body that needs the disk', 300_000],
  ])('%s', async (_title, size) => {
    const head = Buffer.from('POST\r\n/r1/a/b/c/d/e\r\n');
    const bytes = randomBytes(size ?? 0);
    const evidence = {
      signature: Buffer.from('<sig/>'),
      ...(size !== undefined && { hashChainResult: Buffer.from('<r/>'), hashChain: Buffer.from('<c/>') }),
    };
    const message = new MessageSender({
      boundary: 'B',
      ocspResponses: [Buffer.of(1), Buffer.of(2)],
      headType: types.head,
      head,
      digest: 'sha512',
      newSink,
      ...(size === undefined ? {} : { payload: { kind: 'rest-body' as const, body: streamOf(bytes) } }),
      finish: async (_parts, held) => {
        for (const one of held) await one.discard();
        return evidence;
      },
    });
    const received = await receive(message.bytes());
    if (received instanceof Fault) throw received;
    const { attachments, ...rest } = received;
    expect(rest).toEqual({
      protocol: 'rest',
      head,
      headType: types.head,
      headHeaders: [],
      attachmentHeaders: [],
      ocspResponses: [Buffer.of(1), Buffer.of(2)],
      parts: [
        { name: '/message.xml', digest: sha512(head) },
        ...(size === undefined ? [] : [{ name: '/attachment1', digest: sha512(bytes) }]),
      ],
      ...evidence,
    });
    const bodies: Buffer[] = [];
    for (const held of attachments) {
      for await (const chunk of held.chunks()) bodies.push(chunk);
      await held.discard();
    }
    expect(Buffer.concat(bodies).equals(bytes)).toBe(true);
    expect(attachments).toHaveLength(size === undefined ? 0 : 1);
    expect(await readdir(dir)).toEqual([]);
  });

  it('hashes bodies with the algorithm that is announced, too', async () => {
    const message = new MessageSender({
      boundary: 'B',
      ocspResponses: [],
      headType: types.head,
      head: Buffer.from('POST\r\n/r1/a/b/c/d/e\r\n'),
      digest: 'sha512',
      newSink,
      payload: { kind: 'rest-body', body: streamOf(Buffer.from('in '), Buffer.from('pieces')) },
      finish: async () => ({ signature: Buffer.from('<sig/>') }),
    });
    const received = await receive(message.bytes(), { digest: 'sha256' });
    if (received instanceof Fault) throw received;
    const sha256 = createHash('sha256').update('in pieces').digest();
    expect(received.digestOfPart?.('/attachment1', 'sha256')).toEqual(sha256);
    expect(received.digestOfPart?.('/attachment1', 'sha384')).toBeUndefined();
    expect(received.digestOfPart?.('/attachment2', 'sha256')).toBeUndefined();
    expect(received.parts[1]?.digest).toEqual(sha512(Buffer.from('in pieces')));
  });

  it('with the attachments of a SOAP message, each a part of its own', async () => {
    const received = await receive(streamOf(partsOf('envelope', 'attachments', 'signature')));
    expect(received).toMatchObject({
      protocol: 'soap',
      headType: 'text/xml; charset=utf-8',
      parts: [
        { name: '/message.xml', digest: sha512(Buffer.from('envelope')) },
        { name: '/attachment1', digest: sha512(Buffer.from('one')) },
        { name: '/attachment2', digest: sha512(Buffer.from('two')) },
      ],
      attachments: [{ bytes: Buffer.from('one') }, { bytes: Buffer.from('two') }],
    });
  });
});

describe('parts come in their order', () => {
  it.each([
    [['head', 'signature']],
    [['ocsp', 'ocsp', 'head', 'body', 'result', 'chain', 'signature']],
    [['head', 'result', 'signature']],
    [['head', 'chain', 'signature']],
    [['envelope', 'signature']],
  ] as const)('%j is a message', async (names) => {
    expect(await codeOf(streamOf(partsOf(...names)))).toBe('none');
  });

  it.each([
    ['InvalidMessage', ['head', 'signature', 'other']],
    ['InvalidMessage', ['head', 'signature', 'signature']],
    ['InvalidMessage', ['head', 'signature', 'body']],
    ['InvalidMessage', ['head', 'signature', 'ocsp']],
    ['MissingSignature', ['head']],
    ['MissingSignature', ['head', 'body', 'result', 'chain']],
    ['MissingRest', []],
    ['MissingRest', ['ocsp']],
    ['InvalidContentType', ['signature']],
    ['InvalidContentType', ['body', 'head', 'signature']],
    ['InvalidContentType', ['head', 'ocsp', 'signature']],
    ['InvalidContentType', ['head', 'head', 'signature']],
    ['InvalidContentType', ['head', 'body', 'body', 'signature']],
    ['InvalidContentType', ['head', 'result', 'body', 'signature']],
    ['InvalidContentType', ['head', 'chain', 'result', 'signature']],
    ['InvalidContentType', ['head', 'chain', 'chain', 'signature']],
    ['InvalidContentType', ['head', 'attachments', 'signature']],
    ['InvalidContentType', ['envelope', 'body', 'signature']],
    ['InvalidContentType', ['response', 'signature']],
    ['InvalidContentType', ['other']],
    ['InvalidContentType', ['head', 'other', 'signature']],
  ] as const)('%s is raised for %j', async (code, names) => {
    expect(await codeOf(streamOf(partsOf(...names)))).toBe(code);
  });

  it('a response begins with the head of one', async () => {
    const direction = 'response';
    expect(await codeOf(streamOf(partsOf('response', 'body', 'signature')), { direction })).toBe('none');
    expect(await codeOf(streamOf(partsOf('head', 'signature')), { direction })).toBe('InvalidContentType');
  });

  it('a message cut off anywhere is refused', async () => {
    const whole = partsOf('ocsp', 'head', 'body', 'result', 'chain', 'signature').subarray(0, -2);
    for (let length = 0; length < whole.length; length += 1) {
      expect(await codeOf(streamOf(whole.subarray(0, length)))).toBe('MimeParsingFailed');
    }
  });

  it('a message without boundary is refused', async () => {
    expect(await codeOf(streamOf(), { contentType: 'multipart/mixed' })).toBe('InvalidContentType');
  });

  it.each([
    ['ocsp', 70_000],
    ['head', 300_000],
    ['signature', 1_100_000],
  ] as const)('a part %s of %i bytes is refused', async (name, size) => {
    const filled = Buffer.from(
      partsOf('ocsp', 'head', 'signature')
        .toString()
        .replace(`\n${name}\r`, () => `\n${'x'.repeat(size)}\r`),
    );
    expect(await codeOf(streamOf(filled))).toBe('InvalidMessage');
  });
});

describe('the head', () => {
  it('is shown before any body is taken, and what is thrown then ends the message', async () => {
    let sinks = 0;
    const seen: unknown[] = [];
    const bytes = partsOf('ocsp', 'head', 'body', 'signature');
    const code = await codeOf(streamOf(bytes), {
      newSink: () => {
        sinks += 1;
        return newSink();
      },
      onHead: async (received) => {
        seen.push(received);
        throw new Fault('UnknownMember', 'nobody');
      },
    });
    expect(code).toBe('UnknownMember');
    expect(sinks).toBe(0);
    expect(seen).toEqual([
      {
        protocol: 'rest',
        head: Buffer.from('head'),
        headType: types.head,
        ocspResponses: [Buffer.from('ocsp')],
      },
    ]);
  });
});

describe('a fault of the peer', () => {
  const faultPart = (boundary: string, xml: string) =>
    Buffer.from(
      `\r\n--${boundary}\r\ncontent-type: text/xml; charset=UTF-8\r\n\r\n${xml}\r\n--${boundary}--\r\n`,
    );

  const begun = (name: keyof typeof types) => partsOf(name).subarray(0, -'\r\n--B--\r\n'.length);

  it('in place of the other parts of a response is relayed', async () => {
    const bytes = Buffer.concat([begun('response'), faultPart('B', fault)]);
    const result = await receive(streamOf(bytes), { direction: 'response' });
    expect(result).toBeInstanceOf(RelayedFault);
    expect(result).toMatchObject({ peerCode: 'access_denied', message: 'not allowed', detail: 'detail-1' });
  });

  it('in place of all parts of a response is relayed', async () => {
    const bytes = faultPart('B', fault).subarray(2);
    expect(await receive(streamOf(bytes), { direction: 'response' })).toBeInstanceOf(RelayedFault);
  });

  it('is nothing that a request may hold', async () => {
    const bytes = Buffer.concat([begun('head'), faultPart('B', fault)]);
    expect(await codeOf(streamOf(bytes))).toBe('MissingSignature');
  });

  it('is not any other XML', async () => {
    const bytes = Buffer.concat([begun('response'), faultPart('B', '<other/>')]);
    expect(await codeOf(streamOf(bytes), { direction: 'response' })).toBe('InvalidMessage');
  });
});

describe('nothing is held', () => {
  const large = `--B\r\ncontent-type: ${types.head}\r\n\r\nhead\r\n--B\r\ncontent-type: ${types.body}\r\n\r\n${'x'.repeat(300_000)}`;

  it('of a message that breaks off', async () => {
    const source = async function* () {
      yield Buffer.from(large);
      throw new Error('ECONNRESET');
    };
    expect(await codeOf(source())).toBe('NetworkError');
    expect(await readdir(dir)).toEqual([]);
  });

  it('of a message that is refused after its body', async () => {
    expect(await codeOf(streamOf(Buffer.from(`${large}\r\n--B--\r\n`)))).toBe('MissingSignature');
    expect(await readdir(dir)).toEqual([]);
  });

  it('of a body that is too large', async () => {
    const small = () => createBodySink({ dir, maxSize: 200_000, digest: 'sha512' });
    const pieces = Array.from({ length: 40 }, (_, index) =>
      Buffer.from(large.slice(index * 10_000, (index + 1) * 10_000)),
    );
    expect(await codeOf(streamOf(...pieces), { newSink: small })).toBe('InvalidMessage');
    expect(await readdir(dir)).toEqual([]);
  });
});

describe('any bytes', () => {
  it('raise a fault and nothing else', async () => {
    const pieces = fc.oneof(
      fc.constantFrom(
        '--B\r\n',
        '\r\n--B\r\n',
        '\r\n--B--',
        '\r\n',
        '\n',
        '\r\n\r\n',
        '--A\r\n',
        '\r\n--A--',
      ),
      fc.constantFrom(...Object.values(types)).map((type) => `content-type: ${type}\r\n\r\n`),
      fc.string({ unit: 'binary', maxLength: 5 }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(pieces, { maxLength: 25 }),
        fc.constantFrom('request', 'response'),
        async (list, direction) => {
          await receive(streamOf(...list.map((piece) => Buffer.from(piece, 'latin1'))), { direction });
        },
      ),
      { numRuns: 1000 },
    );
    expect(await readdir(dir)).toEqual([]);
  });

  it('changed in a good message are found or change no more than what is read', async () => {
    const good = partsOf('envelope', 'attachments', 'result', 'chain', 'signature');
    await fc.assert(
      fc.asyncProperty(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
        const changed = Buffer.from(good);
        changed[at] = (changed[at] ?? 0) ^ change;
        await receive(streamOf(changed));
      }),
    );
  });
});

describe('a request that is refused early', () => {
  it('is still read, so that a sender that writes all before it reads gets the answer', async () => {
    const onHead = () => Promise.reject(new Fault('AccessDenied', 'no'));
    const server = createServer(async (incoming, outgoing) => {
      outgoing.end(await codeOf(incoming, { onHead }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const socket = connect(port, '127.0.0.1');
    try {
      const begin = `--B\r\ncontent-type: ${types.head}\r\n\r\nhead\r\n--B\r\ncontent-type: ${types.body}\r\n\r\n`;
      const end = '\r\n--B--\r\n';
      // More than the buffers of a connection hold.
      const pieces = Array.from({ length: 400 }, () => Buffer.alloc(64 * 1024));
      const length = begin.length + 400 * 64 * 1024 + end.length;
      socket.pause();
      socket.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n${begin}`);
      await pipeline(Readable.from(pieces), socket, { end: false });
      await new Promise<void>((resolve) => socket.write(end, () => resolve()));
      let answer = '';
      for await (const chunk of socket) {
        answer += chunk;
        if (answer.endsWith('AccessDenied')) break;
      }
      expect(answer).toContain('AccessDenied');
    } finally {
      socket.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });
});
