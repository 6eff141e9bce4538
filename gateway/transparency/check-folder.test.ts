import { generateKeyPairSync } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkTileFolder } from './check-folder.ts';
import { writeCheckpoint } from './checkpoint.ts';
import { hashLeaf } from './hash.ts';
import { createNoteSigner } from './note.ts';
import { writeTileFolder } from './publish.ts';
import { type HashReader, rootOf } from './reader.ts';
import { buildGoChecker, type GoChecker, hasGo } from './testing/go-checker.ts';
import { leavesOf, readerOf } from './testing/trees.ts';
import { parseTilePath, tilePath } from './tile.ts';

const root = mkdtempSync(join(tmpdir(), 'waygate-check-tiles-'));
const signer = createNoteSigner('example.org/log', generateKeyPairSync('ed25519').privateKey);
const { verifierKey } = signer;
const contents = Array.from({ length: 66_100 }, (_, index) => Buffer.from(`entry ${index}`));
const reader = readerOf(contents.map(hashLeaf));
const entries = (first: number, count: number) => contents.slice(first, first + count);
afterAll(() => rmSync(root, { recursive: true }));

function noteOf(size: number, of: HashReader = reader): string {
  return signer.sign(writeCheckpoint({ origin: 'example.org/log', size, root: rootOf(of, size) }));
}

/** A folder that was published at each of these sizes, one after another. */
async function publish(sizes: readonly number[], withEntries = true): Promise<string> {
  const dir = mkdtempSync(join(root, 'folder-'));
  for (const size of sizes) {
    await writeTileFolder({ dir, reader, checkpoint: noteOf(size), ...(withEntries && { entries }) });
  }
  return dir;
}

function filesOf(dir: string): string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(dir, join(entry.parentPath, entry.name)))
    .sort();
}

/** Files that are named as wrong. */
const namedIn = (dir: string) => checkTileFolder({ dir, verifierKey }).findings.map(({ file }) => file);

describe.each([
  ['a small one, with parts from before', [100, 700, 705], true],
  ['one of whole tiles alone', [512], true],
  ['one of three levels, with parts', [66_000, 66_100], true],
  ['one without entries', [700], false],
])('a folder of tiles: %s', (_what, sizes, withEntries) => {
  let dir = '';
  let files: readonly string[] = [];
  const isLarge = (sizes.at(-1) ?? 0) > 60_000;
  beforeAll(async () => {
    dir = await publish(sizes, withEntries);
    // Many are alike: those at both ends of each kind are tried.
    const kindOf = (path: string) => path.replace(/\d+$/, '');
    const all = filesOf(dir);
    files = all.filter((path, at) => {
      const alike = (other: string | undefined) => other !== undefined && kindOf(other) === kindOf(path);
      return !(alike(all[at - 2]) && alike(all[at + 2]));
    });
  });

  it('is good as it was published', () => {
    expect(checkTileFolder({ dir, verifierKey })).toMatchObject({
      ...{ origin: 'example.org/log', size: sizes.at(-1), isGood: true, beyond: 0 },
    });
  });

  it('tells which file has a bit that is not as it was', () => {
    fc.assert(
      fc.property(
        fc.nat(files.length - 1),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.nat(7),
        (which, part, bit) => {
          const path = join(dir, files[which] ?? '');
          const whole = readFileSync(path);
          const altered = Buffer.from(whole);
          const at = Math.min(whole.length - 1, Math.floor(part * whole.length));
          altered[at] = (altered[at] ?? 0) ^ (1 << bit);
          writeFileSync(path, altered);
          try {
            expect(namedIn(dir), `bit ${bit} of octet ${at}`).toEqual([files[which]]);
          } finally {
            writeFileSync(path, whole);
          }
        },
      ),
      { numRuns: isLarge ? 6 : 150 },
    );
  }, 240_000);

  it('tells which tile is not there', () => {
    const needed = files.filter((path) => {
      const place = parseTilePath(path);
      if (place === undefined || place.level === 'entries') return false;
      const count = Math.floor((sizes.at(-1) ?? 0) / 256 ** place.level);
      return place.width === Math.min(256, count - place.index * 256);
    });
    expect(needed.length).toBeGreaterThan(1);
    for (const file of isLarge ? needed.slice(-3) : needed) {
      const whole = readFileSync(join(dir, file));
      rmSync(join(dir, file));
      expect(checkTileFolder({ dir, verifierKey }).findings).toMatchObject([{ file, code: 'missing' }]);
      writeFileSync(join(dir, file), whole);
    }
  }, 240_000);
});

describe('a folder of tiles', () => {
  it('is held to checkpoints that were kept: older ones, and those of another history', async () => {
    const dir = await publish([300, 700]);
    const fork = readerOf(leavesOf(800).map((leaf, at) => (at === 250 ? hashLeaf(Buffer.of(1)) : leaf)));
    const held = [
      ...[1, 256, 300, 512, 700].map((size) => ({ name: `own-${size}`, note: noteOf(size) })),
      { name: 'longer', note: noteOf(701) },
      { name: 'forked', note: noteOf(400, fork) },
      { name: 'edited', note: noteOf(400).replace('\n400\n', '\n401\n') },
    ];
    expect(checkTileFolder({ dir, verifierKey, held }).findings).toMatchObject([
      { file: 'longer', code: 'rolled-back' },
      { file: 'forked', code: 'forked' },
      { file: 'edited', code: 'altered' },
    ]);
  });

  it('of a whole other tree is told from one with a wrong tile', async () => {
    const dir = await publish([512]);
    writeFileSync(join(dir, 'checkpoint'), noteOf(512, readerOf(leavesOf(512).reverse())));
    expect(checkTileFolder({ dir, verifierKey }).findings).toMatchObject([
      { file: 'checkpoint', code: 'forked' },
    ]);
  });

  it('may hold more than is signed for yet, and what a writer broke off, and no stranger file', async () => {
    const dir = await publish([300]);
    const later = await publish([300, 700]);
    cpSync(join(later, 'tile'), join(dir, 'tile'), { recursive: true });
    writeFileSync(join(dir, 'tile/0/000.123e4567-e89b-12d3-a456-426614174000.tmp'), '');
    // Whole tiles and bundles of the third, and level 1 as it is then.
    expect(checkTileFolder({ dir, verifierKey })).toMatchObject({ isGood: true, beyond: 3 });
    for (const stranger of ['tile/0/x000', 'tile/0/0000', 'tile/0/00a']) {
      writeFileSync(join(dir, stranger), '');
      expect(checkTileFolder({ dir, verifierKey }).findings).toMatchObject([
        { file: stranger, code: 'unknown' },
      ]);
      rmSync(join(dir, stranger));
    }
  });

  it('of another log is refused by its key, and a key that is none is said to be none', async () => {
    const dir = await publish([3]);
    const other = createNoteSigner('example.org/log', generateKeyPairSync('ed25519').privateKey);
    expect(namedIn(dir)).toEqual([]);
    expect(checkTileFolder({ dir, verifierKey: other.verifierKey }).findings).toMatchObject([
      { file: 'checkpoint', code: 'altered' },
    ]);
    expect(() => checkTileFolder({ dir, verifierKey: 'x' })).toThrow('cannot be read');
  });
});

it('paths of tiles are read as they are printed, and in no other spelling', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.nat(63), fc.constant('entries' as const)),
      fc.nat(9_000_000_000),
      fc.integer({ min: 1, max: 256 }),
      (level, index, width) => {
        expect(parseTilePath(tilePath(level, index, width))).toEqual({ level, index, width });
      },
    ),
  );
  for (const other of [
    'tile/64/000',
    'tile/00/000',
    'tile/0/x000/001',
    'tile/0/001.p/256',
    'tile/0/001.p/0',
  ]) {
    expect(parseTilePath(other), other).toBeUndefined();
  }
});

describe.skipIf(!hasGo)('the checker of Go (needs go)', () => {
  let checker: GoChecker;
  beforeAll(async () => {
    checker = await buildGoChecker();
  }, 240_000);
  afterAll(() => checker?.close());

  it('finds the same folders good and the same ones altered', async () => {
    const dir = await publish([100, 700, 705]);
    expect(await checker.checkLog(dir, verifierKey)).toMatchObject({ isGood: true });
    for (const [which, file] of filesOf(dir).entries()) {
      const whole = readFileSync(join(dir, file));
      const altered = Buffer.from(whole);
      const at = Math.floor((whole.length * (which % 7)) / 7);
      altered[at] = (altered[at] ?? 0) ^ 1;
      writeFileSync(join(dir, file), altered);
      expect(await checker.checkLog(dir, verifierKey), file).toMatchObject({ isGood: false });
      expect(namedIn(dir)).toEqual([file]);
      writeFileSync(join(dir, file), whole);
    }
  }, 120_000);
});
