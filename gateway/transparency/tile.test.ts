import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hashBytes } from './hash.ts';
import { foldHashes } from './reader.ts';
import { leavesOf, readerOf } from './testing/trees.ts';
import { hashesAtLevel, readTile, tilePath } from './tile.ts';

describe('the path of a tile', () => {
  it.each([
    [0, 1234067, undefined, 'tile/0/x001/x234/067'],
    [0, 0, undefined, 'tile/0/000'],
    [0, 999, 256, 'tile/0/999'],
    [0, 1000, undefined, 'tile/0/x001/000'],
    [1, 5, 1, 'tile/1/005.p/1'],
    [0, 273, 112, 'tile/0/273.p/112'],
    ['entries', 1234067, 255, 'tile/entries/x001/x234/067.p/255'],
    [63, 1_000_000, undefined, 'tile/63/x001/x000/000'],
  ] as const)('of %s/%s is as C2SP has it', (level, index, width, path) => {
    expect(tilePath(level, index, width)).toBe(path);
  });

  it('is of one tile alone', () => {
    const tiles = fc.record({ index: fc.maxSafeNat(), width: fc.integer({ min: 1, max: 256 }) });
    fc.assert(
      fc.property(tiles, tiles, (a, b) => {
        const isSame = a.index === b.index && a.width === b.width;
        expect(tilePath(0, a.index, a.width) === tilePath(0, b.index, b.width)).toBe(isSame);
      }),
    );
  });

  it.each([
    [-1, 0, 1],
    [64, 0, 1],
    [0.5, 0, 1],
    [0, -1, 1],
    [0, 1.5, 1],
    [0, 2 ** 53, 1],
    [0, 0, 0],
    [0, 0, 257],
    [0, 0, 1.5],
    [0, Number.NaN, 1],
  ])('is refused for %s/%s of %s', (level, index, width) => {
    expect(() => tilePath(level, index, width)).toThrow(RangeError);
  });
});

describe('a tile', () => {
  const leaves = leavesOf(66_000);
  const reader = readerOf(leaves);

  it('is as wide as its tree has it', () => {
    expect(readTile(reader, 700, 0, 0)).toHaveLength(256 * hashBytes);
    expect(readTile(reader, 700, 0, 2)).toHaveLength(188 * hashBytes);
    expect(readTile(reader, 700, 1, 0)).toHaveLength(2 * hashBytes);
    expect(readTile(reader, 66_000, 2, 0)).toHaveLength(hashBytes);
    // What an older tree had of it is still to be had.
    expect(readTile(reader, 700, 0, 2, 100)).toEqual(
      readTile(reader, 700, 0, 2).subarray(0, 100 * hashBytes),
    );
  });

  it('holds the roots of the tiles below it', () => {
    const above = readTile(reader, 66_000, 1, 0);
    const below = readTile(reader, 66_000, 0, 17);
    expect(above.subarray(17 * hashBytes, 18 * hashBytes)).toEqual(foldHashes(below, 256));
  });

  it.each([
    [700, 0, 3, undefined],
    [700, 0, 2, 189],
    [700, 0, 0, 257],
    [700, 0, 0, 0],
    [700, 1, 0, 3],
    [700, 2, 0, undefined],
    [0, 0, 0, undefined],
    [66_001, 0, 257, 209],
  ])('is refused of %s leaves at %s/%s when %s wide', (size, level, index, width) => {
    expect(() => readTile(reader, size, level, index, width)).toThrow(RangeError);
  });

  it('counts the hashes of a level', () => {
    expect([0, 1, 2, 3].map((level) => hashesAtLevel(65_536, level))).toEqual([65_536, 256, 1, 0]);
    expect(hashesAtLevel(65_535, 1)).toBe(255);
  });
});
