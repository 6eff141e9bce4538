import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { emptyRoot, hashChildren, hashLeaf } from './hash.ts';
import { checkConsistency, checkInclusion, proveConsistency, proveInclusion } from './proof.ts';
import { rootOf } from './reader.ts';
import {
  leavesOf,
  naiveConsistency,
  naiveInclusion,
  naiveRoot,
  readerOf,
  uniformReader,
} from './testing/trees.ts';

/** Entries and roots that implementations of Certificate Transparency test themselves with. */
const entries = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
];
const roots = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

const leaves = leavesOf(65_538);
const reader = readerOf(leaves);
const rootAt = (size: number) => rootOf(reader, size);
const leafAt = (index: number) => leaves[index] ?? Buffer.alloc(0);

/** Sizes around every edge of a tile, and between. */
const edges = [1, 2, 3, 255, 256, 257, 511, 512, 513, 65_535, 65_536, 65_537, 65_538];
const sizes = fc.oneof(fc.integer({ min: 1, max: 2000 }), fc.constantFrom(...edges));
const places = sizes.chain((size) =>
  fc.record({
    size: fc.constant(size),
    index: fc.oneof(fc.integer({ min: 0, max: size - 1 }), fc.constantFrom(0, size - 1)),
  }),
);
const growths = fc
  .tuple(sizes, sizes)
  .map(([a, b]) => ({ oldSize: Math.min(a, b), newSize: Math.max(a, b) }));

describe('a root', () => {
  it('is the one that logs of certificates have for the same entries', () => {
    const known = entries.map((entry) => hashLeaf(Buffer.from(entry, 'hex')));
    for (const [size, root] of roots.entries()) {
      expect(rootOf(readerOf(known), size).toString('hex')).toBe(root);
    }
  });

  it('follows the words of RFC 6962 at every size', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2000 }), (size) => {
        expect(rootAt(size).equals(naiveRoot(leaves.slice(0, size)))).toBe(true);
      }),
      { numRuns: 40 },
    );
    for (const size of edges) expect(rootAt(size).equals(naiveRoot(leaves.slice(0, size)))).toBe(true);
  });

  it('is not to be had of more leaves than there are', () => {
    expect(() => rootOf(reader, 65_539)).toThrow(RangeError);
  });
});

describe('a proof of inclusion', () => {
  it('is that of RFC 6962, hash by hash', () => {
    const few = leaves.slice(0, 600);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 600 }), fc.nat(), (size, at) => {
        const index = at % size;
        const proof = naiveInclusion(index, few.slice(0, size));
        expect(proveInclusion(reader, index, size)).toEqual(proof);
      }),
      { numRuns: 60 },
    );
  });

  it('leads to the root from every place', () => {
    fc.assert(
      fc.property(places, ({ index, size }) => {
        const proof = proveInclusion(reader, index, size);
        expect(checkInclusion({ leaf: leafAt(index), index, size, proof, root: rootAt(size) })).toBe(true);
      }),
    );
  });

  it('is refused with any bit of it changed, or one hash more or less', () => {
    fc.assert(
      fc.property(places, fc.nat(), fc.nat(), ({ index, size }, which, bit) => {
        const claim = {
          leaf: leafAt(index),
          index,
          size,
          proof: proveInclusion(reader, index, size),
          root: rootAt(size),
        };
        expect(checkInclusion({ ...claim, leaf: flip(claim.leaf, bit) })).toBe(false);
        expect(checkInclusion({ ...claim, root: flip(claim.root, bit) })).toBe(false);
        expect(checkInclusion({ ...claim, proof: [...claim.proof, claim.root] })).toBe(false);
        for (const proof of spoiled(claim.proof, which, bit)) {
          expect(checkInclusion({ ...claim, proof })).toBe(false);
        }
      }),
    );
  });

  it('is of one place in a tree of that shape: not of another, nor of a number that is none', () => {
    fc.assert(
      fc.property(places, fc.nat(), ({ index, size }, other) => {
        const claim = { leaf: leafAt(index), size, proof: proveInclusion(reader, index, size) };
        const root = rootAt(size);
        if (other % size !== index)
          expect(checkInclusion({ ...claim, root, index: other % size })).toBe(false);
        for (const wrong of [size, -1, index + 0.5, Number.NaN, Infinity]) {
          expect(checkInclusion({ ...claim, root, index: wrong })).toBe(false);
        }
        // The size alone is bound by the checkpoint's signature: a larger one may lead to the same hashes only when
        // the way up has the same turns; a smaller one than the index never.
        for (const wrong of [index, -1, size + 0.5, Number.NaN, Infinity]) {
          expect(checkInclusion({ ...claim, root, index, size: wrong })).toBe(false);
        }
      }),
    );
  });

  it('is not made of a leaf outside the tree', () => {
    for (const [index, size] of [
      [0, 0],
      [5, 5],
      [-1, 5],
      [0.5, 5],
      [0, 5.5],
      [0, 70_000],
    ] as const) {
      expect(() => proveInclusion(reader, index, size)).toThrow(RangeError);
    }
  });
});

describe('a proof of consistency', () => {
  it('is that of RFC 6962, hash by hash', () => {
    const few = leaves.slice(0, 600);
    const small = fc.integer({ min: 1, max: 600 });
    fc.assert(
      fc.property(small, small, (a, b) => {
        const [oldSize, newSize] = [Math.min(a, b), Math.max(a, b)];
        expect(proveConsistency(reader, oldSize, newSize)).toEqual(
          naiveConsistency(oldSize, few.slice(0, newSize)),
        );
      }),
      { numRuns: 60 },
    );
  });

  it('leads from any older tree to the newer', () => {
    fc.assert(
      fc.property(growths, (sizes) => {
        expect(checkConsistency(growth(sizes))).toBe(true);
      }),
    );
  });

  it('is refused with any bit of it changed, or one hash more or less', () => {
    fc.assert(
      fc.property(growths, fc.nat(), fc.nat(), (sizes, which, bit) => {
        const claim = growth(sizes);
        expect(checkConsistency({ ...claim, oldRoot: flip(claim.oldRoot, bit) })).toBe(false);
        expect(checkConsistency({ ...claim, newRoot: flip(claim.newRoot, bit) })).toBe(false);
        expect(checkConsistency({ ...claim, proof: [...claim.proof, claim.newRoot] })).toBe(false);
        for (const proof of spoiled(claim.proof, which, bit)) {
          expect(checkConsistency({ ...claim, proof })).toBe(false);
        }
      }),
    );
  });

  it('is refused for a tree that grew from another one', () => {
    const forged = leaves.slice(0, 1000);
    forged[300] = hashLeaf(Buffer.from('something else'));
    const other = readerOf(forged);
    for (const newSize of [400, 512, 700, 1000]) {
      const proof = proveConsistency(other, 400, newSize);
      const newRoot = rootOf(other, newSize);
      expect(checkConsistency({ oldSize: 400, oldRoot: rootAt(400), newSize, newRoot, proof })).toBe(false);
    }
  });

  it('is never of a tree that became smaller, nor of a number that is none', () => {
    const claim = growth({ oldSize: 7, newSize: 12 });
    expect(checkConsistency({ ...claim, oldSize: 12, newSize: 7 })).toBe(false);
    for (const wrong of [-1, 7.5, Number.NaN]) {
      expect(checkConsistency({ ...claim, oldSize: wrong })).toBe(false);
      expect(checkConsistency({ ...claim, newSize: wrong })).toBe(false);
    }
    expect(() => proveConsistency(reader, 12, 7)).toThrow(RangeError);
    expect(() => proveConsistency(reader, -1, 7)).toThrow(RangeError);
  });

  it('is empty from the empty tree, which every tree goes on from', () => {
    expect(proveConsistency(reader, 0, 9)).toEqual([]);
    const claim = { oldSize: 0, oldRoot: emptyRoot, newSize: 9, newRoot: rootAt(9), proof: [] };
    expect(checkConsistency(claim)).toBe(true);
    expect(checkConsistency({ ...claim, oldRoot: rootAt(1) })).toBe(false);
    expect(checkConsistency({ ...claim, proof: [rootAt(1)] })).toBe(false);
  });
});

describe('a tree beyond 32 bits', () => {
  const leaf = hashLeaf(Buffer.from('the same'));
  const huge = uniformReader(leaf);
  const large = fc.integer({ min: 2 ** 31, max: 2 ** 45 });

  it('has the root that its shape gives', () => {
    fc.assert(
      fc.property(large, (size) => {
        expect(rootOf(huge, size).equals(uniformRoot(leaf, size))).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  it('proves inclusion and consistency', () => {
    fc.assert(
      fc.property(large, large, (a, b) => {
        const [oldSize, newSize] = [Math.min(a, b), Math.max(a, b)];
        const [oldRoot, newRoot] = [rootOf(huge, oldSize), rootOf(huge, newSize)];
        const proof = proveConsistency(huge, oldSize, newSize);
        expect(checkConsistency({ oldSize, oldRoot, newSize, newRoot, proof })).toBe(true);
        const index = oldSize - 1;
        const path = proveInclusion(huge, index, newSize);
        expect(checkInclusion({ leaf, index, size: newSize, proof: path, root: newRoot })).toBe(true);
      }),
      { numRuns: 30 },
    );
  });
});

function growth({ oldSize, newSize }: { readonly oldSize: number; readonly newSize: number }) {
  const proof = proveConsistency(reader, oldSize, newSize);
  return { oldSize, oldRoot: rootAt(oldSize), newSize, newRoot: rootAt(newSize), proof };
}

function flip(hash: Buffer, bit: number): Buffer {
  const changed = Buffer.from(hash);
  const at = (bit >> 3) % changed.length;
  changed[at] = (changed[at] ?? 0) ^ (1 << (bit & 7));
  return changed;
}

/** The proof with one bit flipped, without one hash, and with two in the other order. */
function* spoiled(proof: readonly Buffer[], which: number, bit: number): Generator<Buffer[]> {
  const at = which % proof.length;
  const hash = proof[at];
  if (hash === undefined) return;
  yield proof.with(at, flip(hash, bit));
  yield proof.toSpliced(at, 1);
  const next = proof[at + 1];
  if (next !== undefined && !next.equals(hash)) yield proof.toSpliced(at, 2, next, hash);
}

function uniformRoot(leaf: Buffer, size: number): Buffer {
  if (size === 1) return leaf;
  let split = 1;
  let whole = leaf;
  while (split * 2 < size) {
    split *= 2;
    whole = hashChildren(whole, whole);
  }
  return hashChildren(whole, uniformRoot(leaf, size - split));
}
