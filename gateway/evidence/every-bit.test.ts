import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { readZip, writeZip } from '../signature/index.ts';
import { EvidenceError } from './error.ts';
import { judgeBundle } from './judge.ts';
import type { BundleScope } from './model.ts';
import { isBundle, readBundle } from './read-bundle.ts';
import { TestLog } from './testing/test-log.ts';
import { createWorld } from './testing/world.ts';
import { writeBundle } from './write-bundle.ts';

let bytes: Buffer;
const scope: BundleScope = { kind: 'exchange', queryId: 'DEV-1' };
/** Many bundles are judged, perhaps on a busy machine. */
const slow = 60_000;

beforeAll(async () => {
  const log = await TestLog.create(await createWorld());
  const indices = await log.exchange({ queryId: 'DEV-1', body: 'a body', userId: 'EE1' });
  await log.stamp();
  await log.exchange({ queryId: 'DEV-2' });
  bytes = writeBundle(log.bundle(scope, indices));
});

function withBit(bit: number): Buffer {
  const changed = Buffer.from(bytes);
  changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return changed;
}

/** Why a file is refused, and where; undefined when it is read. */
function refusalOf(file: Buffer): string | undefined {
  try {
    readBundle(file);
    return undefined;
  } catch (error) {
    if (error instanceof EvidenceError) return error.place ?? '';
    throw error;
  }
}

describe('of a bundle', () => {
  it(
    'every changed bit is found when it is read, before anything is believed',
    () => {
      const runs = fc.nat({ max: bytes.length * 8 - 1 });
      fc.assert(
        fc.property(runs, (bit) => {
          expect(refusalOf(withBit(bit))).toMatch(/./);
          expect(isBundle(withBit(bit), 'x.zip')).toBe(true);
        }),
        { numRuns: 1500, seed: 4 },
      );
    },
    slow,
  );

  it('headers and directory show with every changed bit that it is one, whatever its name', () => {
    const end = bytes.indexOf(Buffer.from([0x50, 0x4b, 0x01, 0x02]));
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      if (bit === 80 * 8) bit = end * 8;
      expect(isBundle(withBit(bit), 'x.zip'), `bit ${bit}`).toBe(true);
    }
  });

  it('what is left of one that is named as it was made is judged as one; of others only where headers belong', () => {
    const cut = Buffer.concat([Buffer.from('x'), bytes.subarray(0, -10)]);
    expect(isBundle(cut, 'case.evidence.zip')).toBe(true);
    expect(isBundle(cut, 'case.zip')).toBe(false);
  });

  it(
    'every changed bit of headers and directory, too',
    () => {
      const end = bytes.indexOf(Buffer.from([0x50, 0x4b, 0x01, 0x02]));
      const octets = [
        ...Array(120).keys(),
        ...Array.from({ length: bytes.length - end }, (_, at) => end + at),
      ];
      for (const octet of octets) {
        expect(refusalOf(withBit(octet * 8 + (octet % 8)))).toMatch(/./);
      }
    },
    slow,
  );

  it(
    'every changed bit makes the verdict bad, and it has a place',
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.nat({ max: bytes.length * 8 - 1 }), async (bit) => {
          const { valid, place, reason } = await judgeBundle(withBit(bit));
          expect({ valid, isPlaced: place !== null && place !== '', isTold: reason !== null }).toEqual({
            valid: false,
            isPlaced: true,
            isTold: true,
          });
        }),
        { numRuns: 120, seed: 4 },
      );
    },
    slow,
  );

  it(
    'nothing can be cut off, put in or appended',
    () => {
      fc.assert(
        fc.property(
          fc.nat(),
          fc.uint8Array({ maxLength: 20 }),
          fc.nat({ max: 20 }),
          (place, junk, length) => {
            const at = place % (bytes.length + 1);
            const changed = Buffer.concat([bytes.subarray(0, at), junk, bytes.subarray(at + length)]);
            if (!changed.equals(bytes)) expect(refusalOf(changed)).toMatch(/./);
          },
        ),
        { numRuns: 300, seed: 4 },
      );
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 300 }), (junk) => {
          expect(refusalOf(Buffer.from(junk))).toMatch(/./);
        }),
      );
    },
    slow,
  );

  it.each<[string, string | RegExp, string]>([
    ['a key more', '{"version"', '{"more":1,"version"'],
    ['a key less', /"createdAt":"[^"]*",/, ''],
    ['a key twice', '{"version":2', '{"version":2,"version":2'],
    ['keys in another order', /("origin":"[^"]*"),("verifierKey":"[^"]*")/, '$2,$1'],
    ['spaces', '{"version"', '{ "version"'],
    ['a number in another form', '"version":2', '"version":2.0'],
    ['a text in another form', 'DEV-1', '\\u0044EV-1'],
    ['another version', '"version":2', '"version":3'],
    ['a scope that is not known', '"kind":"exchange"', '"kind":"exchanges"'],
    ['an index below zero', '"index":0', '"index":-1'],
    ['a salt that is too short', /"salt":"[^"]*"|"facts":"[^"{]*"/, '"facts":"AAAA"'],
    ['an instant in another form', '.000Z"', 'Z"'],
    ['a container of another name', 'records/0.asice', 'records/9.asice'],
    ['a timestamp of another name', 'timestamps/1', 'timestamps/01'],
    ['a timestamp that is not there', 'timestamps/1', 'timestamps/7'],
    ['a configuration that is not there', /"configurations":\["./, '"configurations":["'],
    ['no JSON', '{"version"', '{version'],
  ])('the index is refused with %s', (_what, from, to) => {
    const files = readZip(bytes, { maxEntries: 1000, maxOctets: bytes.length });
    const entries = [...files].map(([name, data]) => {
      if (name !== 'bundle.json') return { name, data };
      const changed = data.toString().replace(from, to);
      expect(changed).not.toBe(data.toString());
      return { name, data: Buffer.from(changed) };
    });
    expect(refusalOf(writeZip(entries, { isStored: true }))).toMatch(
      /^(?:bundle\.json|timestamps\/|configurations)/,
    );
  });

  it('the files are in their one order, without strangers, comments, times or compression', () => {
    const entries = [...readZip(bytes, { maxEntries: 1000, maxOctets: bytes.length })].map(
      ([name, data]) => ({
        name,
        data,
      }),
    );
    const stranger = { name: 'stranger', data: Buffer.alloc(0) };
    expect(refusalOf(writeZip(entries, { isStored: true }))).toBeUndefined();
    expect(refusalOf(writeZip([...entries].reverse(), { isStored: true }))).toMatch(/./);
    expect(refusalOf(writeZip([...entries, stranger], { isStored: true }))).toBe('stranger');
    expect(refusalOf(writeZip(entries.slice(0, 1), { isStored: true }))).toMatch(/./);
    expect(refusalOf(writeZip(entries, { isStored: true, comment: 'x' }))).toMatch(/./);
    expect(refusalOf(writeZip(entries, { isStored: true, at: new Date('2026-01-01') }))).toMatch(/./);
    expect(refusalOf(writeZip(entries, { level: 0 }))).toMatch(/./);
  });
});
