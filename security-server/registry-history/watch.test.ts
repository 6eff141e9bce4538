import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeRegistryHistory } from '../../gateway/configuration/index.ts';
import {
  createNoteSigner,
  hashLeaf,
  type NoteSigner,
  readTile,
  rootOf,
  TreeFiles,
  tileWidth,
  writeCheckpoint,
} from '../../gateway/transparency/index.ts';
import { type HistoryTrouble, HistoryWatch } from './index.ts';

const origin = 'TEST/registry/history';
const source = new URL('http://registry.example/internalconf?version=6');

let dir: string;
let signer: NoteSigner;
let tree: TreeFiles;
let told: HistoryTrouble[];
let watch: HistoryWatch;
let asked: string[];
/** Tiles come no sooner. */
let gate: Promise<void>;
let tamper: (path: string, tile: Buffer) => Buffer | undefined;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'waygate-watch-'));
  signer = newSigner();
  tree = TreeFiles.open(join(dir, 'tree'));
  told = [];
  asked = [];
  gate = Promise.resolve();
  tamper = (_path, tile) => tile;
  watch = open();
});
afterEach(() => {
  tree.close();
  rmSync(dir, { recursive: true });
});

const newSigner = () => createNoteSigner(origin, generateKeyPairSync('ed25519').privateKey);

/** Serves the tiles of the tree as it is now, the whole ones under their own names alone. */
function open(): HistoryWatch {
  return new HistoryWatch({
    file: join(dir, 'registry-history.json'),
    now: () => new Date('2026-11-24T00:00:00Z'),
    onTrouble: (trouble) => told.push(trouble),
    fetchFrom: (folder) => async (path) => {
      asked.push(`${folder.href}/${path}`);
      await gate;
      const [, level, index, width] = /^tile\/(\d)\/(\d{3})(?:\.p\/(\d+))?$/.exec(path) ?? [];
      const isWhole = (Number(index) + 1) * tileWidth <= tree.size;
      if (width !== undefined && level === '0' && isWhole) return undefined;
      return tamper(
        path,
        readTile(tree, tree.size, Number(level), Number(index), Number(width ?? tileWidth)),
      );
    },
  });
}

function grow(count: number, salt = ''): void {
  const from = tree.size;
  tree.append(Array.from({ length: count }, (_, at) => hashLeaf(Buffer.from(`${salt}${from + at}`))));
}

const note = (by = signer) =>
  by.sign(writeCheckpoint({ origin, size: tree.size, root: rootOf(tree, tree.size) }));
const part = (by = signer, location = '/history') =>
  writeRegistryHistory({ verifierKey: by.verifierKey, checkpoint: note(by), location }).content;
const admit = (content: Buffer | undefined = part()) => watch.admit(content, source);

describe('a checkpoint that was kept', () => {
  it.each([
    [1, 1],
    [3, 7],
    [255, 256],
    [256, 257],
    [200, 700],
    [700, 66_000],
  ])('of %i entries is gone on from by %i, as its tiles prove', async (before, after) => {
    grow(before);
    await admit();
    grow(after - before);
    await admit();
    expect(told).toEqual([]);
    expect(asked.every((url) => url.startsWith('http://registry.example/history/tile/'))).toBe(true);
    expect(asked.length).toBeLessThan(20);
  });

  it('is asked nothing more about while it stays', async () => {
    grow(5);
    await admit();
    await admit();
    expect(asked).toEqual([]);
  });

  it('is not replaced by one of another key, an older one, or one of other leaves', async () => {
    grow(10);
    await admit();
    const good = watch.state().kept;
    const refused = async (code: string, content: Buffer) => {
      await expect(admit(content)).rejects.toMatchObject({ code });
      expect(watch.state()).toMatchObject({ kept: good, trouble: { code }, conflict: { code } });
      expect(open().state()).toEqual(watch.state());
    };
    await refused('registry-history-forked', part(newSigner()));
    tree.truncate(9);
    await refused('registry-history-rolled-back', part());
    grow(1, 'other');
    await refused('registry-history-forked', part());
    grow(300, 'other');
    await refused('registry-history-forked', part());
  });

  it('is compared with nothing that is not proved: tiles withheld, cut or of another tree', async () => {
    grow(300);
    await admit();
    grow(300);
    const good = watch.state().kept;
    for (const wrong of [
      () => undefined,
      (_path: string, tile: Buffer) => tile.subarray(32),
      (_path: string, tile: Buffer) => Buffer.alloc(tile.length),
    ]) {
      tamper = wrong;
      await expect(admit()).rejects.toMatchObject({ code: 'registry-history-unavailable' });
      expect(watch.state().kept).toEqual(good);
      expect(watch.state().conflict).toBeUndefined();
    }
    tamper = (_path, tile) => tile;
    await admit();
    expect(watch.state().trouble).toBeUndefined();
  });

  it('is missed when the registry says nothing any more; the configuration is taken', async () => {
    await watch.admit(undefined, source);
    expect(told).toEqual([]);
    grow(2);
    await admit();
    await watch.admit(undefined, source);
    await watch.admit(undefined, source);
    expect(told.map(({ code }) => code)).toEqual(['registry-history-absent']);
  });

  it('that cannot be read is not forgotten silently', () => {
    writeFileSync(join(dir, 'registry-history.json'), '{"kept":1}');
    expect(open).toThrow(/cannot be read/);
  });
});

describe('what happens while tiles are fetched', () => {
  /** Shuts the gate. @returns opens it */
  function shut(): () => void {
    let release: () => void = () => undefined;
    gate = new Promise((resolve) => {
      release = resolve;
    });
    return () => release();
  }
  const isAsked = (count: number) => expect.poll(() => asked.length).toBeGreaterThanOrEqual(count);

  /** What another server was shown: fewer entries, of which none is ours. */
  function forkedNote(): string {
    const other = TreeFiles.open(join(dir, 'other'));
    other.append(Array.from({ length: 5 }, (_, at) => hashLeaf(Buffer.from(`fork${at}`))));
    const text = writeCheckpoint({ origin, size: other.size, root: rootOf(other, other.size) });
    other.close();
    return signer.sign(text);
  }

  it('a poll that keeps the next checkpoint loses no proof of a fork, and the fork none of the poll', async () => {
    grow(10);
    await admit();
    const proof = forkedNote();
    grow(10);
    const next = note();
    const release = shut();
    const polled = admit();
    await isAsked(1);
    const before = asked.length;
    const compared = watch.compare(proof);
    await isAsked(before + 1);
    release();
    await polled;
    expect(await compared).toMatchObject({ verdict: 'forked' });
    expect(watch.state()).toMatchObject({
      kept: { checkpoint: next },
      ...{ split: { checkpoint: proof }, conflict: { checkpoint: proof } },
    });
    expect(open().state()).toEqual(watch.state());
    expect(told.map(({ code }) => code)).toEqual(['registry-history-forked']);
  });

  it('a comparison with what is forgotten meanwhile brings no fork back', async () => {
    grow(10);
    await admit();
    const release = shut();
    const compared = watch.compare(forkedNote());
    const refused = expect(compared).rejects.toMatchObject({ code: 'registry-history-absent' });
    await isAsked(1);
    await watch.forget();
    release();
    await refused;
    expect([watch.state(), open().state(), told]).toEqual([{}, {}, []]);
  });

  it('a poll that was judged by what is being forgotten brings no fork back, and is judged anew', async () => {
    grow(10);
    await admit();
    await watch.compare(forkedNote());
    expect(watch.state().split).toBeDefined();
    grow(10);
    asked = [];
    const release = shut();
    const polled = admit();
    await isAsked(1);
    const forgotten = watch.forget();
    release();
    await Promise.all([polled, forgotten]);
    expect(watch.state().kept?.checkpoint).toBe(note());
    expect([watch.state().split, watch.state().trouble]).toEqual([undefined, undefined]);
    expect(open().state()).toEqual(watch.state());
  });

  it('another history is taken on trust when the one that it contradicts was forgotten meanwhile', async () => {
    grow(10);
    await admit();
    tree.truncate(0);
    grow(20, 'restored');
    const release = shut();
    const polled = admit();
    await isAsked(1);
    await watch.forget();
    release();
    await polled;
    expect(watch.state()).toEqual({ kept: expect.objectContaining({ checkpoint: note() }) });
    expect(told).toEqual([]);
  });
});

it('a write that fails stops none after it', async () => {
  grow(2);
  mkdirSync(join(dir, 'registry-history.json'));
  await expect(admit()).rejects.toMatchObject({ code: expect.any(String) });
  rmdirSync(join(dir, 'registry-history.json'));
  await admit();
  expect(open().state().kept?.checkpoint).toBe(note());
});

it.each([
  ['no JSON', Buffer.from('{')],
  ['too much', Buffer.alloc(20_000, ' ')],
  ['an address of its own', Buffer.from('{"verifierKey":"k","checkpoint":"c","location":"//evil.example/"}')],
])('a commitment that is malformed is refused: %s', async (_name, content) => {
  await expect(admit(content)).rejects.toMatchObject({ code: 'MalformedGlobalConf' });
  expect(watch.state()).toEqual({});
});

it('a note to compare that nobody of the registry signed is refused', async () => {
  grow(2);
  await admit();
  await expect(watch.compare(note(newSigner()))).rejects.toMatchObject({ name: 'TransparencyError' });
  await expect(watch.compare('nonsense')).rejects.toMatchObject({ name: 'TransparencyError' });
  expect(told).toEqual([]);
});
