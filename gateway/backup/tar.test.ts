import { execFileSync, spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BackupError } from './error.ts';
import { type BackupEntry, isSafePath, readTar, writeTar } from './tar.ts';

const hasTar = spawnSync('tar', ['--version']).status === 0;
const at = new Date('2026-11-23T10:00:00Z');

async function* stream<Item>(items: Iterable<Item>): AsyncGenerator<Item> {
  yield* items;
}
const entry = (path: string, bytes: Uint8Array): BackupEntry => ({
  ...{ path, size: bytes.length },
  content: stream([bytes]),
});

async function pack(...files: readonly (readonly [string, Uint8Array])[]): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of writeTar(stream(files.map(([path, bytes]) => entry(path, bytes))), at)) {
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** @param cut where the stream is cut into chunks */
async function unpack(tar: Uint8Array, cut = tar.length): Promise<[string, Buffer][]> {
  const files: [string, Buffer][] = [];
  for await (const { path, content } of readTar(stream([tar.subarray(0, cut), tar.subarray(cut)]))) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of content) chunks.push(chunk);
    files.push([path, Buffer.concat(chunks)]);
  }
  return files;
}

/** Changes a header and makes its checksum fit, as somebody would who wants in. */
async function forge(change: (header: Buffer) => void): Promise<Buffer> {
  const tar = await pack(['journal/events', Buffer.from('x')]);
  const header = tar.subarray(0, 512);
  change(header);
  header.write('        ', 148, 'latin1');
  const sum = header.reduce((total, octet) => total + octet, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return tar;
}
const named = (name: string) =>
  forge((header) => {
    header.fill(0, 0, 100);
    header.write(name, 0, 'latin1');
  });

describe('a tar archive of a backup', () => {
  it('gives back the files that were put in, however the stream is cut', async () => {
    const name = fc.stringMatching(/^[a-z0-9_]{1,20}(\/[a-z0-9_.]{0,0}[a-z0-9_]{1,20}){0,4}$/);
    const files = fc.uniqueArray(fc.tuple(name, fc.uint8Array({ maxLength: 1_500 })), {
      selector: ([path]) => path,
      maxLength: 5,
    });
    await fc.assert(
      fc.asyncProperty(files, fc.nat(5_000), async (list, cut) => {
        const tar = await pack(...list);
        const found = await unpack(tar, Math.min(cut, tar.length));
        expect(found).toEqual(list.map(([path, bytes]) => [path, Buffer.from(bytes)]));
      }),
    );
  });

  it('of other names, or other than plain files, is refused', async () => {
    for (const name of [
      '../x',
      '/etc/passwd',
      'a/../../x',
      'a//b',
      './x',
      'a/',
      '',
      '.ssh/x',
      'a\\b',
      'a/..',
      'C:x',
      'x\u0001',
      'ä',
    ]) {
      expect(isSafePath(name), name).toBe(false);
      await expect(unpack(await named(name)), name).rejects.toMatchObject({ code: 'hostile' });
    }
    for (const kind of ['1', '2', '3', '4', '5', '6', '7', 'x', 'g', 'L', 'K', 'S', '\0']) {
      const tar = await forge((header) => header.write(kind, 156, 'latin1'));
      await expect(unpack(tar), kind).rejects.toMatchObject({ code: 'hostile' });
    }
    const changes: ((header: Buffer) => void)[] = [
      (header) => header.write('../x', 157, 'latin1'),
      (header) => header.write('prefix', 345, 'latin1'),
      (header) => header.write('-0000000001', 124, 'latin1'),
      (header) => header.writeUInt8(0x80, 124),
    ];
    for (const change of changes) {
      await expect(unpack(await forge(change))).rejects.toMatchObject({ code: 'hostile' });
    }
  });

  it('of one name twice, or with something behind its end, is refused', async () => {
    await expect(unpack(await pack(['a', Buffer.of(1)], ['a', Buffer.of(2)]))).rejects.toMatchObject({
      code: 'hostile',
    });
    await expect(unpack(await pack(['a', Buffer.of(1)], ['A', Buffer.of(2)]))).rejects.toMatchObject({
      code: 'hostile',
    });
    const tar = await pack(['a', Buffer.of(1)]);
    await expect(unpack(Buffer.concat([tar, Buffer.of(1)]))).rejects.toMatchObject({ code: 'hostile' });
    tar[512 + 100] = 1;
    await expect(unpack(tar)).rejects.toMatchObject({ code: 'hostile' });
  });

  it('that lies about sizes or is cut is damaged, and never a crash', async () => {
    const large = await forge((header) => header.write('77777777777', 124, 'latin1'));
    await expect(unpack(large)).rejects.toMatchObject({ code: 'damaged' });
    const whole = await pack(['a', Buffer.alloc(700, 1)], ['b', Buffer.alloc(10, 2)]);
    for (let length = 0; length < whole.length - 1_024; length += 97) {
      await expect(unpack(whole.subarray(0, length))).rejects.toBeInstanceOf(BackupError);
    }
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 2_000 }), async (octets) => {
        await unpack(octets).catch((error: unknown) => expect(error).toBeInstanceOf(BackupError));
      }),
    );
  });

  it.skipIf(!hasTar)('is listed by tar (needs tar)', async () => {
    const tar = await pack(['a/b', Buffer.from('x')], ['c', Buffer.alloc(0)]);
    const listed = execFileSync('tar', ['-tf', '-'], { input: tar }).toString();
    expect(listed).toBe('a/b\nc\n');
  });
});
