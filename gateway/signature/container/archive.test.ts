import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { digestOf } from '../../../certs/key/index.ts';
import { verifyHashChain } from '../hash-chain-verify.ts';
import { readSignature } from '../read.ts';
import { readArchive, writeArchive } from './archive.ts';
import { ArchiveError } from './linking-info.ts';
import { readContainer } from './read.ts';
import { readZip } from './zip-read.ts';
import { writeZip } from './zip-write.ts';

const containers = ['one', 'two', 'three'].map((text) => ({
  name: `${text}-request-1.asice`,
  bytes: Buffer.from(text),
}));
const previous = {
  digest: 'ab'.repeat(64),
  fileName: 'mlog-20260101000000-20260102000000-abababababababab.zip',
};

async function codeOf(act: () => Promise<unknown>): Promise<string> {
  try {
    await act();
  } catch (error) {
    if (error instanceof ArchiveError) return error.code;
    throw error;
  }
  return 'accepted';
}

/** An archive with another set of files. */
async function changed(archive: Buffer, change: (files: Map<string, Buffer>) => void): Promise<Buffer> {
  const files = new Map(readZip(archive, { maxEntries: 100, maxOctets: 1e6 }));
  change(files);
  return writeZip([...files].map(([name, data]) => ({ name, data })));
}

describe('an archive', () => {
  it('says in linkinginfo what it holds, and what it follows', async () => {
    const { bytes, lastDigest } = writeArchive(containers);
    const files = readZip(bytes, { maxEntries: 100, maxOctets: 1e6 });
    const hex = (text: string | Buffer) => digestOf('sha512', Buffer.from(text)).toString('hex');
    const first = hex(hex('one'));
    const second = hex(first + hex('two'));
    const third = hex(second + hex('three'));
    expect(files.get('linkinginfo')?.toString()).toBe(
      `- - SHA-512\n${first} one-request-1.asice\n${second} two-request-1.asice\n${third} three-request-1.asice\n`,
    );
    expect(lastDigest).toBe(third);
    const next = writeArchive(containers.slice(0, 1), { digest: lastDigest, fileName: 'mlog-1.zip' });
    const read = await readArchive(next.bytes, { digest: lastDigest, fileName: 'mlog-1.zip' });
    expect(read.previous).toEqual({ digest: lastDigest, fileName: 'mlog-1.zip' });
    expect(read.containers).toEqual(containers.slice(0, 1));
    expect(read.lastDigest).toBe(hex(lastDigest + hex('one')));
  });

  it('that follows another than the one at hand is refused', async () => {
    const { bytes } = writeArchive(containers, previous);
    const other = { ...previous, digest: 'cd'.repeat(64) };
    expect(await codeOf(() => readArchive(bytes, previous))).toBe('accepted');
    expect(await codeOf(() => readArchive(bytes, other))).toBe('broken-link');
    expect(await codeOf(() => readArchive(writeArchive(containers).bytes, previous))).toBe('broken-link');
  });

  const line = (name: string, all: string) => all.split('\n').find((one) => one.includes(name)) ?? '';
  it.each<[string, (files: Map<string, Buffer>, info: string) => void, string]>([
    ['has no linkinginfo', (files) => files.delete('linkinginfo'), 'missing'],
    ['lacks a container', (files) => files.delete('two-request-1.asice'), 'missing'],
    ['holds one container more', (files) => files.set('four.asice', Buffer.from('four')), 'left-over'],
    ['holds another container', (files) => files.set('two-request-1.asice', Buffer.from('2')), 'broken-link'],
    ['has an empty linkinginfo', (files) => files.set('linkinginfo', Buffer.alloc(0)), 'malformed'],
    ['links nothing', (files) => files.set('linkinginfo', Buffer.from('- - SHA-512\n')), 'missing'],
    [
      'has its containers in another order',
      (files, info) => {
        const [head, first, second, ...rest] = info.split('\n');
        files.set('linkinginfo', Buffer.from([head, second, first, ...rest].join('\n')));
      },
      'broken-link',
    ],
    [
      'leaves a container out of linkinginfo',
      (files, info) => files.set('linkinginfo', Buffer.from(info.replace(`${line('three', info)}\n`, ''))),
      'left-over',
    ],
    [
      'names a container twice',
      (files, info) => files.set('linkinginfo', Buffer.from(`${info}${line('three', info)}\n`)),
      'missing',
    ],
    [
      'uses SHA-1',
      (files, info) => files.set('linkinginfo', Buffer.from(info.replace('SHA-512', 'SHA-1'))),
      'malformed',
    ],
    [
      'has a line that is none',
      (files, info) => files.set('linkinginfo', Buffer.from(`${info}x\n`)),
      'malformed',
    ],
    [
      'follows nothing known',
      (files, info) => files.set('linkinginfo', Buffer.from(info.replace('- -', '- x'))),
      'malformed',
    ],
  ])('that %s is refused', async (_what, change, code) => {
    const archive = await changed(writeArchive(containers).bytes, (files) => {
      change(files, files.get('linkinginfo')?.toString() ?? '');
    });
    expect(await codeOf(() => readArchive(archive))).toBe(code);
  });

  it('that is none raises an ArchiveError and nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array(), async (junk) => {
        expect(await codeOf(() => readArchive(Buffer.from(junk)))).toBe('unreadable');
        const archive = writeZip([{ name: 'linkinginfo', data: junk }]);
        expect(await codeOf(() => readArchive(archive))).not.toBe('accepted');
      }),
    );
  });
});

describe('an archive of X-Road', () => {
  const path = '../shared/vectors/archive/message-archive-0.zip';
  const vectors = existsSync(path);

  it.skipIf(!vectors)(
    'is linked as it says, and its signature fits its message (needs ../shared/vectors)',
    async () => {
      const archive = await readArchive(readFileSync(path));
      expect(archive.previous).toBeUndefined();
      expect(archive.lastDigest.slice(0, 16)).toBe('9011ab557706b505');
      expect(archive.containers).toHaveLength(1);
      for (const { bytes } of archive.containers) {
        const { documents, head } = await readContainer(bytes);
        const { hashChainResult = bytes, hashChain = bytes } = documents;
        const [reference] = readSignature(documents.signature).references;
        expect(reference).toMatchObject({
          uri: '/sig-hashchainresult.xml',
          digest: digestOf('sha512', hashChainResult),
        });
        const { missing } = verifyHashChain({
          result: hashChainResult,
          chain: hashChain,
          names: ['/message.xml'],
          digestOfFile: (_name, digest) => digestOf(digest, head),
          allowMissing: true,
        });
        expect(missing.map(({ name }) => name)).toEqual(['/attachment1', '/attachment2', '/attachment3']);
      }
    },
  );
});

describe('what is beside the containers of an archive', () => {
  const beside = new Map([
    ['checkpoint', Buffer.from('log\n3\n')],
    ['timestamps/1/token.tst', Buffer.from([48, 0])],
  ]);

  it('comes back, and X-Road’s part is as without it', async () => {
    const { bytes, lastDigest } = writeArchive(containers, previous, beside);
    const read = await readArchive(bytes, previous);
    expect([...read.beside]).toEqual([...beside]);
    expect(lastDigest).toBe(writeArchive(containers, previous).lastDigest);
    expect((await readArchive(writeArchive(containers).bytes)).beside.size).toBe(0);
  });

  it('is refused with any bit of any of its files changed, with one more, one less, or no manifest', async () => {
    const { bytes } = writeArchive(containers, previous, beside);
    const files = readZip(bytes, { maxEntries: 100, maxOctets: 1e6 });
    for (const [name, data] of files) {
      if (!name.startsWith('waygate/')) continue;
      expect(await codeOf(async () => readArchive(await changed(bytes, (all) => all.delete(name))))).not.toBe(
        'accepted',
      );
      for (let bit = 0; bit < data.length * 8; bit += 1) {
        const flipped = Buffer.from(data);
        flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        const altered = await changed(bytes, (all) => all.set(name, flipped));
        expect(await codeOf(() => readArchive(altered))).toBe('broken-link');
      }
    }
    const more = await changed(bytes, (all) => all.set('waygate/more', Buffer.from('x')));
    expect(await codeOf(() => readArchive(more))).toBe('broken-link');
    const outside = await changed(bytes, (all) => all.set('waygate', Buffer.from('x')));
    expect(await codeOf(() => readArchive(outside))).toBe('left-over');
  });
});
