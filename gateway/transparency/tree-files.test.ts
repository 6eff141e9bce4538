import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { hashBytes } from './hash.ts';
import { rootOf } from './reader.ts';
import { leavesOf, naiveRoot, readerOf } from './testing/trees.ts';
import { TreeFiles } from './tree-files.ts';

const root = mkdtempSync(join(tmpdir(), 'waygate-tree-'));
let dir = root;
const leaves = leavesOf(66_000);
const reader = readerOf(leaves);

beforeEach(() => {
  dir = mkdtempSync(join(root, 'tree-'));
});
afterAll(() => rmSync(root, { recursive: true }));

/** A tree of the first leaves in a folder, closed again. */
function make(size: number): void {
  const tree = TreeFiles.open(dir);
  tree.append(leaves.slice(0, size));
  tree.sync();
  tree.close();
}

function withTree<T>(act: (tree: TreeFiles) => T, mode: 'r' | 'rw' = 'rw'): T {
  const tree = TreeFiles.open(dir, mode);
  try {
    return act(tree);
  } finally {
    tree.close();
  }
}

describe('a tree in files', () => {
  it('has the same hashes however it grew, and whenever it was opened again', () => {
    const steps = fc.array(fc.integer({ min: 0, max: 700 }), { maxLength: 6 });
    fc.assert(
      fc.property(steps, fc.boolean(), (sizes, isReopened) => {
        dir = mkdtempSync(join(root, 'tree-'));
        let tree = TreeFiles.open(dir);
        for (const count of sizes) {
          tree.append(leaves.slice(tree.size, tree.size + count));
          if (!isReopened) continue;
          tree.close();
          tree = TreeFiles.open(dir);
        }
        const { size } = tree;
        expect(size).toBe(sizes.reduce((sum, count) => sum + count, 0));
        expect(rootOf(tree, size)).toEqual(naiveRoot(leaves.slice(0, size)));
        tree.close();
      }),
      { numRuns: 40 },
    );
  });

  it('has every level of a large one', () => {
    make(66_000);
    withTree((tree) => {
      expect(tree.size).toBe(66_000);
      expect(tree.read(1, 0, 257)).toEqual(reader.read(1, 0, 257));
      expect(tree.read(2, 0, 1)).toEqual(reader.read(2, 0, 1));
      for (const size of [65_535, 65_536, 65_537, 66_000]) {
        expect(rootOf(tree, size)).toEqual(rootOf(reader, size));
      }
    });
  });

  it('gives out nothing that is not there', () => {
    make(300);
    withTree((tree) => {
      for (const [level, first, count] of [
        [0, 299, 2],
        [0, 301, 1],
        [0, -1, 2],
        [1, 1, 1],
        [2, 0, 1],
        [7, 0, 1],
        [-1, 0, 1],
      ] as const) {
        expect(() => tree.read(level, first, count)).toThrow(RangeError);
      }
    });
  });

  it('opens without what a crash left of the last hash', () => {
    make(300);
    truncateSync(join(dir, '0'), 300 * hashBytes - 5);
    withTree((tree) => expect(tree.size).toBe(299));
    expect(statSync(join(dir, '0')).size).toBe(299 * hashBytes);
    appendFileSync(join(dir, '0'), 'half a hash');
    withTree((tree) => {
      expect(tree.size).toBe(299);
      tree.append(leaves.slice(299, 400));
      expect(rootOf(tree, 400)).toEqual(rootOf(reader, 400));
    });
  });

  it('goes back to where a level above lacks its hash, and grows right from there', () => {
    for (const [level, keep, size] of [
      ['1', 200, 200 * 256],
      ['1', 0, 0],
      ['2', 0, 0],
    ] as const) {
      dir = mkdtempSync(join(root, 'tree-'));
      make(66_000);
      truncateSync(join(dir, level), keep * hashBytes);
      withTree((tree) => {
        expect(tree.size).toBe(size);
        tree.append(leaves.slice(size, 66_000));
        expect(rootOf(tree, 66_000)).toEqual(rootOf(reader, 66_000));
      });
      expect(readFileSync(join(dir, '1')).equals(reader.read(1, 0, 257))).toBe(true);
    }
  });

  it('keeps of the levels above only what its leaves reach to', () => {
    make(66_000);
    truncateSync(join(dir, '0'), 1000 * hashBytes);
    withTree((tree) => expect(tree.size).toBe(1000));
    expect(statSync(join(dir, '1')).size).toBe(3 * hashBytes);
    expect(statSync(join(dir, '2')).size).toBe(0);
  });

  it('drops what stands behind its end in any level', () => {
    make(600);
    appendFileSync(join(dir, '1'), Buffer.alloc(70, 7));
    appendFileSync(join(dir, '3'), Buffer.alloc(33, 7));
    withTree((tree) => {
      expect(tree.size).toBe(600);
      tree.append(leaves.slice(600, 1100));
      expect(rootOf(tree, 1100)).toEqual(rootOf(reader, 1100));
    });
    expect(statSync(join(dir, '3')).size).toBe(0);
  });

  it('forgets leaves when told, and takes others in their place', () => {
    make(1000);
    withTree((tree) => {
      tree.truncate(511);
      expect(tree.size).toBe(511);
      expect(() => tree.read(0, 511, 1)).toThrow(RangeError);
      tree.append(leaves.slice(511, 513));
      expect(rootOf(tree, 513)).toEqual(rootOf(reader, 513));
    });
  });

  it('shows a reader what a writer adds, and never changes under it', () => {
    make(10);
    const seen = TreeFiles.open(dir, 'r');
    const tree = TreeFiles.open(dir);
    tree.append(leaves.slice(10, 600));
    expect(seen.read(1, 0, 2)).toEqual(reader.read(1, 0, 2));
    expect(seen.size).toBe(600);
    tree.close();
    seen.close();
    const before = readFileSync(join(dir, '0'));
    writeFileSync(join(dir, '0'), Buffer.concat([before, Buffer.from('torn')]));
    withTree((torn) => expect(torn.size).toBe(600), 'r');
    expect(statSync(join(dir, '0')).size).toBe(600 * hashBytes + 4);
  });

  it('is not read where there is none', () => {
    expect(() => TreeFiles.open(join(dir, 'nowhere'), 'r')).toThrow();
  });
});
