import { generateKeyPairSync, randomInt } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeCheckpoint } from './checkpoint.ts';
import { hashLeaf } from './hash.ts';
import { createNoteSigner, openNote } from './note.ts';
import { proveConsistency, proveInclusion } from './proof.ts';
import { writeTileFolder } from './publish.ts';
import { rootOf } from './reader.ts';
import { buildGoChecker, type GoChecker, hasGo } from './testing/go-checker.ts';
import { TreeFiles } from './tree-files.ts';

const name = 'example.org/log';
const signer = createNoteSigner(name, generateKeyPairSync('ed25519').privateKey);
const { verifierKey } = signer;
const contents = Array.from({ length: 66_000 }, (_, index) => Buffer.from(`entry ${index}`));
const entries = (first: number, count: number) => contents.slice(first, first + count);

describe.skipIf(!hasGo)('Go’s own packages (needs go and golang-golang-x-mod-dev)', () => {
  let root: string;
  let checker: GoChecker;
  let tree: TreeFiles;

  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'waygate-go-'));
    tree = TreeFiles.open(join(root, 'tree'));
    tree.append(contents.map(hashLeaf));
    checker = await buildGoChecker();
  }, 300_000);
  afterAll(() => {
    checker.close();
    tree.close();
    rmSync(root, { recursive: true });
  });

  const checkpointOf = (size: number) =>
    signer.sign(writeCheckpoint({ origin: name, size, root: rootOf(tree, size) }));
  const publish = async (...sizes: readonly number[]) => {
    const dir = mkdtempSync(join(root, 'log-'));
    for (const size of sizes) {
      await writeTileFolder({ dir, reader: tree, checkpoint: checkpointOf(size), entries });
    }
    return dir;
  };

  it('take our logs of any shape, grown in steps or written at once', async () => {
    for (const sizes of [[0], [1], [255], [256], [257], [3, 255, 256, 700], [65_535, 65_537], [66_000]]) {
      expect(await checker.checkLog(await publish(...sizes), verifierKey)).toMatchObject({ isGood: true });
    }
  });

  it('refuse a log with any octet changed', async () => {
    const good = await publish(300, 700);
    const paths = readdirSync(good, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(good, join(entry.parentPath, entry.name)));
    const dir = join(root, 'changed');
    cpSync(good, dir, { recursive: true });
    expect(paths.length).toBeGreaterThan(7);
    for (const path of paths) {
      const bytes = readFileSync(join(good, path));
      for (let round = 0; round < 15; round += 1) {
        const changed = Buffer.from(bytes);
        const at = randomInt(bytes.length);
        changed[at] = (changed[at] ?? 0) ^ randomInt(1, 256);
        writeFileSync(join(dir, path), changed);
        const { isGood } = await checker.checkLog(dir, verifierKey);
        expect({ path, at, isGood }).toEqual({ path, at, isGood: false });
      }
      writeFileSync(join(dir, path), bytes.subarray(0, -1));
      expect(await checker.checkLog(dir, verifierKey)).toMatchObject({ isGood: false });
      writeFileSync(join(dir, path), bytes);
    }
    expect(await checker.checkLog(dir, verifierKey)).toMatchObject({ isGood: true });
  });

  it('refuse a log without one of its tiles, and one of another key', async () => {
    const dir = await publish(700);
    const other = createNoteSigner(name, generateKeyPairSync('ed25519').privateKey);
    expect(await checker.checkLog(dir, other.verifierKey)).toMatchObject({ isGood: false });
    rmSync(join(dir, 'tile/0/001'));
    expect(await checker.checkLog(dir, verifierKey)).toMatchObject({ isGood: false });
  });

  it('take our proofs, of every kind of place and size', async () => {
    for (const size of [1, 2, 7, 255, 256, 257, 1000, 65_535, 65_536, 65_537, 66_000]) {
      const places = [
        0,
        size - 1,
        Math.floor(size / 2),
        ...Array.from({ length: 20 }, () => randomInt(size)),
      ];
      const inclusion = places.map((index) => ({
        index,
        entry: contents[index] ?? Buffer.alloc(0),
        proof: proveInclusion(tree, index, size),
      }));
      const consistency = places.map((place) => ({
        oldSize: place + 1,
        oldRoot: rootOf(tree, place + 1),
        proof: proveConsistency(tree, place + 1, size),
      }));
      const answer = await checker.checkProofs(
        { checkpoint: checkpointOf(size), inclusion, consistency },
        verifierKey,
      );
      expect(answer).toMatchObject({ isGood: true });
    }
  });

  it('refuse our proofs with a hash changed, or of another place', async () => {
    const checkpoint = checkpointOf(1000);
    const proof = proveInclusion(tree, 500, 1000);
    const entry = contents[500] ?? Buffer.alloc(0);
    const old = { oldSize: 300, oldRoot: rootOf(tree, 300), proof: proveConsistency(tree, 300, 1000) };
    const flipped = Buffer.from(proof[3] ?? '');
    flipped[5] = (flipped[5] ?? 0) ^ 4;
    for (const wrong of [
      { inclusion: [{ index: 501, entry, proof }] },
      { inclusion: [{ index: 500, entry: Buffer.from('another'), proof }] },
      { inclusion: [{ index: 500, entry, proof: proof.with(3, flipped) }] },
      { inclusion: [{ index: 500, entry, proof: proof.slice(1) }] },
      { consistency: [{ ...old, oldSize: 301 }] },
      { consistency: [{ ...old, oldRoot: flipped }] },
      { consistency: [{ ...old, proof: old.proof.toReversed() }] },
    ]) {
      const answer = await checker.checkProofs({ checkpoint, ...wrong }, verifierKey);
      expect(answer).toMatchObject({ isGood: false });
    }
  });

  it('open our notes, and we open theirs', async () => {
    const text = 'example.org/log\nšíp → žluťoučký\n\nand more\n';
    expect(await checker.openNote(signer.sign(text), verifierKey)).toEqual({ isGood: true, line: text });
    const theirs = await checker.generateKey('theirs.example/log');
    const note = await checker.sign(text, theirs.signerKey);
    expect(openNote(note, [theirs.verifierKey])).toEqual({
      text,
      signedBy: ['theirs.example/log'],
      signatures: 1,
    });
  });

  it('agree with us on which notes are none', async () => {
    const note = checkpointOf(7);
    for (const hostile of [
      '',
      note.slice(0, -1),
      note.replace('\u2014', '-'),
      note.replaceAll('\n', '\r\n'),
      note.replace('7', '8'),
      note.replace('\n\n', '\n'),
      `${note}more\n`,
    ]) {
      expect(await checker.openNote(hostile, verifierKey)).toMatchObject({ isGood: false });
      expect(() => openNote(hostile, [verifierKey])).toThrow();
    }
  });
});
