import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createBodySink,
  type HeldBody,
  MessageSender,
  type OutgoingAttachment,
  type OutgoingMessage,
} from './index.ts';

let dir = '';

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'send-'));
});

afterAll(async () => {
  await rm(dir, { recursive: true, force: true });
});

const sha512 = (bytes: Uint8Array) => createHash('sha512').update(bytes).digest();
const newSink = () => createBodySink({ dir, maxSize: 100_000_000, digest: 'sha512' });
const head = Buffer.from('GET\r\n/r1/a/b/c/d/e\r\n');
const evidence = { signature: Buffer.from('<sig/>') };
const chained = { ...evidence, hashChainResult: Buffer.from('<r/>'), hashChain: Buffer.from('<c/>') };

async function* streamOf(...pieces: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* pieces;
}

async function chunksOf(message: AsyncIterable<Buffer>): Promise<Buffer[]> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk);
  return chunks;
}

const common = {
  boundary: 'xtopB',
  ocspResponses: [] as readonly Buffer[],
  headType: 'application/x-road-rest-request',
  head,
  digest: 'sha512' as const,
  newSink,
  finish: async (_parts: readonly unknown[], held: readonly HeldBody[]) => {
    for (const one of held) await one.discard();
    return evidence;
  },
};

const rest = (body: AsyncIterable<Uint8Array>) => ({ kind: 'rest-body' as const, body });
const sendMessage = (message: OutgoingMessage) => new MessageSender(message).bytes();

describe('a message leaves', () => {
  it('as one chunk and to the byte when it has no body', async () => {
    const chunks = await chunksOf(sendMessage({ ...common, ocspResponses: [Buffer.of(1, 2), Buffer.of(3)] }));
    expect(chunks).toHaveLength(1);
    expect(chunks[0]?.toString('latin1')).toBe(
      '--xtopB\r\ncontent-type: application/ocsp-response\r\n\r\n\x01\x02' +
        '\r\n--xtopB\r\ncontent-type: application/ocsp-response\r\n\r\n\x03' +
        '\r\n--xtopB\r\ncontent-type: application/x-road-rest-request\r\n\r\nGET\r\n/r1/a/b/c/d/e\r\n' +
        '\r\n--xtopB\r\ncontent-type: signature/bdoc-1.0/ts\r\n\r\n<sig/>' +
        '\r\n--xtopB--\r\n',
    );
  });

  it('with the digests of its parts handed to whoever signs', async () => {
    const seen: unknown[] = [];
    const body = Buffer.from('{"a":1}');
    const finish: typeof common.finish = async (parts, held) => {
      seen.push(parts, held[0]?.bytes);
      return chained;
    };
    const chunks = await chunksOf(sendMessage({ ...common, payload: rest(streamOf(body)), finish }));
    expect(chunks).toHaveLength(1);
    expect(seen).toEqual([
      [
        { name: '/message.xml', digest: sha512(head) },
        { name: '/attachment1', digest: sha512(body) },
      ],
      body,
    ]);
    expect(chunks[0]?.toString()).toContain(
      '\r\n--xtopB\r\ncontent-type: application/x-road-rest-body\r\n\r\n{"a":1}' +
        '\r\n--xtopB\r\ncontent-type: application/hash-chain-result\r\n\r\n<r/>' +
        '\r\n--xtopB\r\ncontent-type: application/hash-chain\r\n\r\n<c/>' +
        '\r\n--xtopB\r\ncontent-type: signature/bdoc-1.0/ts\r\n\r\n<sig/>',
    );
  });

  it('with an empty body part when its body is empty', async () => {
    let count = 0;
    const finish = async (parts: readonly unknown[]) => {
      count = parts.length;
      return chained;
    };
    const [chunk] = await chunksOf(sendMessage({ ...common, payload: rest(streamOf()), finish }));
    expect(count).toBe(2);
    expect(chunk?.toString()).toContain('content-type: application/x-road-rest-body\r\n\r\n\r\n--xtopB\r\n');
  });

  it('no faster than the peer takes it, whatever its size', async () => {
    let produced = 0;
    const source = async function* () {
      for (; produced < 400; produced += 1) yield randomBytes(64 * 1024);
    };
    let received = 0;
    let furthestAhead = 0;
    for await (const chunk of sendMessage({ ...common, payload: rest(source()) })) {
      received += chunk.length;
      furthestAhead = Math.max(furthestAhead, produced * 64 * 1024 - received);
      expect(chunk.length).toBeLessThan(200_000);
    }
    expect(produced).toBe(400);
    expect(furthestAhead).toBeLessThan(200_000);
    expect(await readdir(dir)).toEqual([]);
  });
});

describe('a SOAP message leaves', () => {
  const soap = {
    ...common,
    headType: 'text/xml; charset=UTF-8',
    headHeaders: [['Content-ID', '<root>']] as const,
    head: Buffer.from('<e/>'),
  };
  const attachment = (...pieces: string[]) => ({
    headers: [
      ['Content-ID', '<a>'],
      ['Content-Type', 'text/plain'],
      ['Content-Transfer-Encoding', 'base64'],
    ] as const,
    body: streamOf(...pieces.map((piece) => Buffer.from(piece))),
  });
  const payload = (attachments: OutgoingAttachment[]) => ({
    kind: 'attachments' as const,
    boundary: 'xattB',
    attachments,
  });

  it('with its attachments as a multipart of their own, to the byte', async () => {
    const parts: unknown[] = [];
    const finish: typeof common.finish = async (hashed, held) => {
      parts.push(...hashed);
      for (const one of held) await one.discard();
      return chained;
    };
    const message = { ...soap, payload: payload([attachment('Zm', '9v'), attachment()]), finish };
    const headers =
      'content-type: text/plain\r\nContent-ID: <a>\r\nContent-Transfer-Encoding: base64\r\n\r\n';
    expect(Buffer.concat(await chunksOf(sendMessage(message))).toString()).toBe(
      '--xtopB\r\ncontent-type: text/xml; charset=UTF-8\r\nContent-ID: <root>\r\n\r\n<e/>' +
        '\r\n--xtopB\r\ncontent-type: multipart/mixed; charset=UTF-8; boundary=xattB\r\n\r\n' +
        `--xattB\r\n${headers}Zm9v\r\n--xattB\r\n${headers}\r\n--xattB--\r\n` +
        '\r\n--xtopB\r\ncontent-type: application/hash-chain-result\r\n\r\n<r/>' +
        '\r\n--xtopB\r\ncontent-type: application/hash-chain\r\n\r\n<c/>' +
        '\r\n--xtopB\r\ncontent-type: signature/bdoc-1.0/ts\r\n\r\n<sig/>\r\n--xtopB--\r\n',
    );
    expect(parts).toEqual([
      { name: '/message.xml', digest: sha512(soap.head) },
      { name: '/attachment1', digest: sha512(Buffer.from('Zm9v')) },
      { name: '/attachment2', digest: sha512(Buffer.alloc(0)) },
    ]);
  });

  it('without such a part when it has no attachments', async () => {
    const bytes = Buffer.concat(await chunksOf(sendMessage({ ...soap, payload: payload([]) })));
    expect(bytes.toString()).not.toContain('multipart/mixed');
  });

  it.each([
    ['inside its attachments, which are closed first', 100_000, '\r\n--xattB--\r\n\r\n--xtopB\r\n'],
    ['before any of them left, with nothing to close', 10, '\r\n--xtopB\r\n'],
  ])('with a fault as its end when it fails %s', async (_, size, start) => {
    const failing = async function* () {
      yield Buffer.alloc(size);
      throw new Error('broken off');
    };
    const sender = new MessageSender({
      ...soap,
      payload: payload([{ headers: [['content-type', 'text/plain']], body: failing() }]),
    });
    await expect(chunksOf(sender.bytes())).rejects.toThrow('broken off');
    expect(sender.faultPart('<fault/>').toString()).toBe(
      `${start}content-type: text/xml; charset=UTF-8\r\n\r\n<fault/>\r\n--xtopB--\r\n`,
    );
    expect(await readdir(dir)).toEqual([]);
  });
});

describe('nothing is left of a body', () => {
  const large = () => streamOf(...Array.from({ length: 5 }, () => randomBytes(64 * 1024)));

  it('whose message could not be signed or recorded', async () => {
    const finish = async () => {
      throw new Error('no key');
    };
    const message = sendMessage({ ...common, payload: rest(large()), finish });
    await expect(chunksOf(message)).rejects.toThrow('no key');
    expect(await readdir(dir)).toEqual([]);
  });

  it('that broke off', async () => {
    const body = async function* () {
      yield* large();
      throw new Error('broken off');
    };
    await expect(chunksOf(sendMessage({ ...common, payload: rest(body()) }))).rejects.toThrow('broken off');
    expect(await readdir(dir)).toEqual([]);
  });

  it('whose receiver went away, and its source is let go', async () => {
    let isLetGo = false;
    const body = async function* () {
      try {
        yield* large();
      } finally {
        isLetGo = true;
      }
    };
    for await (const _ of sendMessage({ ...common, payload: rest(body()) })) break;
    expect(isLetGo).toBe(true);
    expect(await readdir(dir)).toEqual([]);
  });
});
