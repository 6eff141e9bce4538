import { beforeAll, describe, expect, it } from 'vitest';
import { judgeBundle } from './judge.ts';
import { readBundle } from './read-bundle.ts';
import { type CorpusBundle, makeCorpus } from './testing/corpus.ts';
import { writeBundle } from './write-bundle.ts';

let corpus: readonly CorpusBundle[];

beforeAll(async () => {
  corpus = await makeCorpus();
});

describe('the corpus of bundles', () => {
  it('has at least 200, good ones and mutated ones', () => {
    expect(corpus.length).toBeGreaterThanOrEqual(200);
    expect(corpus.filter(({ expectValid }) => expectValid).length).toBeGreaterThanOrEqual(50);
    expect(new Set(corpus.map(({ name }) => name)).size).toBe(corpus.length);
  });

  it('is judged as it was made; what is refused is refused in a place', async () => {
    const wrong: string[] = [];
    for (const { name, bytes, expectValid } of corpus) {
      const { valid, code, place } = await judgeBundle(bytes);
      if (valid !== expectValid) wrong.push(`${name}: ${valid ? 'valid' : code}`);
      if (!valid && (place === null || place === '')) wrong.push(`${name}: ${code} nowhere`);
    }
    expect(wrong).toEqual([]);
  }, 60_000);

  it('is read into what writes the same bytes', () => {
    for (const { bytes } of corpus.filter(({ expectValid }) => expectValid)) {
      expect(writeBundle(readBundle(bytes)).equals(bytes)).toBe(true);
    }
  });
});
