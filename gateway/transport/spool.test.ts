import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createBodySink, type HeldBody, openHeldFile, prepareSpool } from './index.ts';

const chunkBytes = 64 * 1024;
let dir = '';

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'spool-'));
});

afterEach(async () => {
  await rm(dir, { recursive: true, force: true });
});

function sinkOf(options: { memoryLimit?: number; maxSize?: number } = {}) {
  return createBodySink({ memoryLimit: 64 * 1024, dir, maxSize: 10_000_000, digest: 'sha512', ...options });
}

async function hold(bytes: Buffer, pieceBytes = 10_000, options = {}): Promise<HeldBody> {
  const sink = sinkOf(options);
  for (let at = 0; at < bytes.length; at += pieceBytes) await sink.write(bytes.subarray(at, at + pieceBytes));
  return sink.finish();
}

async function read(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const chunk of chunks) pieces.push(chunk);
  return Buffer.concat(pieces);
}

describe.each([
  ['empty', 0],
  ['of one byte', 1],
  ['as large as memory takes', chunkBytes],
  ['one byte larger', chunkBytes + 1],
  ['of two whole chunks', 2 * chunkBytes],
  ['of many chunks', 5 * chunkBytes + 123],
])('a held body %s', (_title, size) => {
  it.each([
    ['in memory when it is small', 64 * 1024],
    ['in a file always', -1],
  ])('is read as it was written, as often as wanted (%s)', async (_place, memoryLimit) => {
    const bytes = randomBytes(size);
    const sink = sinkOf({ memoryLimit });
    // An empty piece makes even an empty body outgrow a memory of less than nothing.
    await sink.write(Buffer.alloc(0));
    for (let at = 0; at < size; at += 7777) await sink.write(bytes.subarray(at, at + 7777));
    const held = await sink.finish();
    expect(held.size).toBe(size);
    expect(held.digest).toEqual(createHash('sha512').update(bytes).digest());
    expect(held.bytes === undefined).toBe(size > memoryLimit);
    expect((await readdir(dir)).length).toBe(size > memoryLimit ? 1 : 0);
    expect((await read(held.chunks())).equals(bytes)).toBe(true);
    expect((await read(held.chunks())).equals(bytes)).toBe(true);

    const { key } = await held.adopt(join(dir, 'kept'));
    await held.discard();
    expect((await read(held.chunks())).equals(bytes)).toBe(true);
    expect((await read(openHeldFile({ path: join(dir, 'kept'), key, size }))).equals(bytes)).toBe(true);
    expect(await readdir(dir)).toEqual(['kept']);
  });
});

describe('a body that can be made smaller', () => {
  const words = Buffer.from(Array.from({ length: 90_000 }, (_, n) => `${n} words, `).join(''));
  const noise = randomBytes(12 * chunkBytes);

  async function keep(bytes: Buffer): Promise<{ stored: Buffer; key: Buffer; path: string }> {
    const held = await hold(bytes);
    const path = join(dir, `kept-${bytes.length}`);
    const { key } = await held.adopt(path);
    return { stored: await readFile(path), key, path };
  }
  const reread = (path: string, key: Buffer, size: number) => read(openHeldFile({ path, key, size }));

  it.each([
    ['of words', words],
    ['of words that end with a chunk', words.subarray(0, 3 * chunkBytes)],
    ['of words, noise and words', Buffer.concat([words, noise, words])],
    ['of one octet many times', Buffer.alloc(1_000_000)],
  ])('takes less of the disk: %s', async (_title, bytes) => {
    const { stored, key, path } = await keep(bytes);
    expect(stored.length).toBeLessThan(bytes.length * 0.8);
    expect(stored.includes('words')).toBe(false);
    expect((await reread(path, key, bytes.length)).equals(bytes)).toBe(true);
  });

  it('is not tried to be made so when it begins with noise, nor after much noise', async () => {
    const begins = Buffer.concat([noise, words]);
    const { stored, key, path } = await keep(begins);
    expect(stored.length).toBe(begins.length + Math.ceil(begins.length / chunkBytes) * 16);
    expect(key).toHaveLength(32);
    expect((await reread(path, key, begins.length)).equals(begins)).toBe(true);

    const later = await keep(Buffer.concat([words.subarray(0, chunkBytes), noise, words]));
    expect(later.stored.length).toBeGreaterThan(noise.length + words.length);
  });

  it('is refused when any of it was changed', async () => {
    const { stored, key, path } = await keep(words);
    const places = [0, 1, 2, 3, 4, 5, stored.length >> 1, stored.length - 17, stored.length - 1];
    const first = 4 + stored.readUInt32BE(0);
    const second = first + 4 + stored.readUInt32BE(first);
    const changed = [
      ...places.map((at) => {
        const copy = Buffer.from(stored);
        copy[at] = (copy[at] ?? 0) ^ 1;
        return copy;
      }),
      stored.subarray(0, -1),
      stored.subarray(first),
      Buffer.alloc(0),
      Buffer.concat([stored, Buffer.alloc(1)]),
      Buffer.concat([stored.subarray(first, second), stored.subarray(0, first), stored.subarray(second)]),
    ];
    for (const bytes of changed) {
      await writeFile(path, bytes);
      await expect(reread(path, key, words.length)).rejects.toMatchObject({ code: 'IOError' });
    }
    await writeFile(path, stored);
    for (const size of [0, 1, chunkBytes, words.length - 1, words.length + 1, words.length + chunkBytes]) {
      await expect(reread(path, key, size)).rejects.toMatchObject({ code: 'IOError' });
    }
    for (const other of [key.subarray(1), Buffer.concat([key.subarray(0, 1), randomBytes(32)]), noise]) {
      await expect(reread(path, other, words.length)).rejects.toMatchObject({ code: 'IOError' });
    }
    expect((await reread(path, key, words.length)).equals(words)).toBe(true);
  });
});

describe('a spooled body', () => {
  it('lies on disk encrypted, readable by nobody else', async () => {
    const bytes = Buffer.alloc(200_000, 'the same words again and again ');
    await hold(bytes);
    const [name = ''] = await readdir(dir);
    const stored = await readFile(join(dir, name));
    expect(stored.includes('same words')).toBe(false);
    expect((await stat(join(dir, name))).mode & 0o777).toBe(0o600);
  });

  it('is gone when discarded, and when its sink is aborted', async () => {
    const held = await hold(randomBytes(200_000));
    await held.discard();
    await held.discard();
    const sink = sinkOf();
    await sink.write(randomBytes(200_000));
    expect(await readdir(dir)).toHaveLength(1);
    await sink.abort();
    await sink.abort();
    expect(await readdir(dir)).toEqual([]);
  });

  it('outlives an abort that comes after its end', async () => {
    const sink = sinkOf();
    await sink.write(randomBytes(200_000));
    const held = await sink.finish();
    await sink.abort();
    expect((await read(held.chunks())).length).toBe(200_000);
  });

  it('is not taken beyond the size limit', async () => {
    const sink = sinkOf({ maxSize: 100 });
    await sink.write(Buffer.alloc(100));
    expect(() => sink.write(Buffer.alloc(1))).toThrow(expect.objectContaining({ code: 'InvalidMessage' }));
  });

  it('is a fault, not a path, when the folder is gone', async () => {
    const sink = createBodySink({
      memoryLimit: 64 * 1024,
      dir: join(dir, 'absent'),
      maxSize: 1_000_000,
      digest: 'sha512',
    });
    const error = await Promise.resolve(sink.write(randomBytes(200_000))).catch((raised: unknown) => raised);
    expect(error).toMatchObject({ code: 'IOError' });
    expect(String(error)).not.toContain(dir);
    await sink.abort();
  });

  it('finds what a crash left behind and removes it', async () => {
    await hold(randomBytes(200_000));
    await writeFile(join(dir, 'of-somebody-else'), '');
    await prepareSpool(dir);
    expect(await readdir(dir)).toEqual(['of-somebody-else']);
  });

  describe('is refused', () => {
    const size = 3 * chunkBytes + 500;
    const sealedChunk = chunkBytes + 16;
    const bytes = randomBytes(size);

    async function reread(change: (stored: Buffer) => Buffer, readSize = size): Promise<unknown> {
      const held = await hold(bytes);
      const path = join(dir, 'kept');
      const { key } = await held.adopt(path);
      await writeFile(path, change(await readFile(path)));
      return read(openHeldFile({ path, key, size: readSize })).then(
        (body) => (body.equals(bytes) ? 'same' : 'different'),
        (error: unknown) => error,
      );
    }

    const refused = expect.objectContaining({ code: 'IOError' });

    it('never when it is unchanged', async () => {
      expect(await reread((stored) => stored)).toBe('same');
    });

    it.each([
      0,
      1,
      chunkBytes - 1,
      chunkBytes,
      sealedChunk - 1,
      sealedChunk,
      2 * sealedChunk + 77,
      size + 4 * 16 - 1,
    ])('when byte %i was flipped', async (at) => {
      const flipped = await reread((stored) => {
        stored[at] = (stored[at] ?? 0) ^ 1;
        return stored;
      });
      expect(flipped).toEqual(refused);
    });

    it('when two chunks changed places', async () => {
      const swapped = await reread((stored) =>
        Buffer.concat([
          stored.subarray(sealedChunk, 2 * sealedChunk),
          stored.subarray(0, sealedChunk),
          stored.subarray(2 * sealedChunk),
        ]),
      );
      expect(swapped).toEqual(refused);
    });

    it('when it was cut off, even at the end of a chunk and with a size to match', async () => {
      expect(await reread((stored) => stored.subarray(0, -1))).toEqual(refused);
      expect(await reread((stored) => stored.subarray(0, 2 * sealedChunk))).toEqual(refused);
      expect(await reread((stored) => stored.subarray(0, 2 * sealedChunk), 2 * chunkBytes)).toEqual(refused);
    });

    it('when something was put behind it', async () => {
      expect(await reread((stored) => Buffer.concat([stored, Buffer.alloc(1)]))).toEqual(refused);
    });

    it('when it is opened with another key or is gone', async () => {
      const held = await hold(bytes);
      await held.adopt(join(dir, 'kept'));
      const open = (path: string) => read(openHeldFile({ path, key: randomBytes(32), size }));
      await expect(open(join(dir, 'kept'))).rejects.toMatchObject({ code: 'IOError' });
      await expect(open(join(dir, 'absent'))).rejects.toMatchObject({ code: 'IOError' });
    });
  });
});
