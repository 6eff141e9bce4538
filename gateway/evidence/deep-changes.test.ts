import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { readErasedContainer } from '../signature/index.ts';
import { judgeBundle } from './judge.ts';
import type { BundleContent, BundleScope } from './model.ts';
import { TestLog } from './testing/test-log.ts';
import { createWorld } from './testing/world.ts';
import { writeBundle } from './write-bundle.ts';

let content: BundleContent;
const scope: BundleScope = { kind: 'exchange', queryId: 'DEV-1' };
/** Many bundles are judged, perhaps on a busy machine. */
const slow = 60_000;

beforeAll(async () => {
  const log = await TestLog.create(await createWorld());
  const indices = await log.exchange({ queryId: 'DEV-1', body: 'a body', userId: 'EE1' });
  await log.stamp();
  await log.exchange({ queryId: 'DEV-2' });
  content = log.bundle(scope, indices);
});

/** Where a forger who writes the bundle anew can put other octets. */
type Put = (change: (bytes: Buffer) => Buffer) => BundleContent;

const onRecords =
  (pick: (record: BundleContent['records'][number], change: (bytes: Buffer) => Buffer) => object): Put =>
  (change) => ({ ...content, records: content.records.map((one) => ({ ...one, ...pick(one, change) })) });
const onStamps =
  (name: 'token' | 'result' | 'chain'): Put =>
  (change) => ({
    ...content,
    timestamps: content.timestamps.map((one) => ({ ...one, [name]: change(one[name]) })),
  });
const onText =
  (change: (bytes: Buffer) => Buffer): ((text: string) => string) =>
  (text) =>
    change(Buffer.from(text, 'latin1')).toString('latin1');

const places: readonly (readonly [name: string, put: Put])[] = [
  ['facts', onRecords(({ facts }, change) => ({ facts: change(facts) }))],
  [
    'a salt of facts',
    onRecords(({ salts }, change) => ({ salts: { ...salts, facts: change(salts.facts) } })),
  ],
  ['a salt of a head', onRecords(({ salts }, change) => ({ salts: { ...salts, head: change(salts.head) } }))],
  [
    'a salt of a body',
    onRecords(({ salts }, change) => ({ salts: { ...salts, bodies: salts.bodies.map(change) } })),
  ],
  ['a proof', onRecords(({ inclusion }, change) => ({ inclusion: inclusion.map(change) }))],
  ['a checkpoint', (change) => ({ ...content, checkpoint: onText(change)(content.checkpoint) })],
  [
    'a stamped checkpoint',
    (change) => ({
      ...content,
      timestamps: content.timestamps.map((one) => ({ ...one, checkpoint: onText(change)(one.checkpoint) })),
    }),
  ],
  ['the result under a stamp', onStamps('result')],
  [
    'a root',
    (change) => ({
      ...content,
      consistency: content.consistency.map((one) => ({ ...one, oldRoot: change(one.oldRoot) })),
    }),
  ],
  [
    'a consistency proof',
    (change) => ({
      ...content,
      consistency: content.consistency.map((one) => ({ ...one, proof: one.proof.map(change) })),
    }),
  ],
  [
    'a configuration',
    (change) => ({
      ...content,
      configurations: content.configurations.map(({ id, files }) => ({
        id,
        files: files.map(({ name, bytes }) => ({ name, bytes: change(bytes) })),
      })),
    }),
  ],
];

const bits = fc.record({ place: fc.nat(), bit: fc.nat({ max: 7 }) });

function flip({ place, bit }: { readonly place: number; readonly bit: number }): (bytes: Buffer) => Buffer {
  return (bytes) => {
    const changed = Buffer.from(bytes);
    const at = place % Math.max(changed.length, 1);
    if (changed.length > 0) changed[at] = (changed[at] ?? 0) ^ (1 << bit);
    return changed;
  };
}

describe('of a bundle that a forger writes anew', () => {
  it.each(places)(
    'a bit changed in %s is refused, in a verdict and never by a crash',
    async (_name, put) => {
      await fc.assert(
        fc.asyncProperty(bits, async (where) => {
          const verdict = await judgeBundle(writeBundle(put(flip(where))));
          expect(verdict).toMatchObject({ valid: false, place: expect.any(String) });
        }),
        { numRuns: 25, seed: 4 },
      );
    },
    slow,
  );

  it(
    'a bit changed in a stamp or its chain is refused, or the stamp still says the same',
    async () => {
      const told = (verdict: Awaited<ReturnType<typeof judgeBundle>>) =>
        verdict.steps.filter(({ id }) => id === 'checkpoint-timestamp');
      const before = told(await judgeBundle(writeBundle(content)));
      for (const name of ['token', 'chain'] as const) {
        await fc.assert(
          fc.asyncProperty(bits, async (where) => {
            const verdict = await judgeBundle(writeBundle(onStamps(name)(flip(where))));
            if (verdict.valid) expect(told(verdict)).toEqual(before);
          }),
          { numRuns: 40, seed: 4 },
        );
      }
    },
    slow,
  );

  it(
    'a bit changed in a container is refused, or leaves all that was signed as it was',
    async () => {
      const signed = content.records.map(partsOf);
      await fc.assert(
        fc.asyncProperty(bits, async (where) => {
          const change = flip(where);
          const changed = onRecords(({ container }) => ({ container: container && change(container) }))(
            change,
          );
          const { valid } = await judgeBundle(writeBundle(changed));
          if (valid) expect(changed.records.map(partsOf)).toEqual(signed);
        }),
        { numRuns: 120, seed: 4 },
      );
    },
    slow,
  );

  it(
    'a container of anything at all is refused, in a verdict',
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.uint8Array({ maxLength: 100 }), async (junk) => {
          const records = content.records.map((one) => ({ ...one, container: Buffer.from(junk) }));
          expect((await judgeBundle(writeBundle({ ...content, records }))).valid).toBe(false);
        }),
        { numRuns: 50 },
      );
    },
    slow,
  );
});

function partsOf({ container }: BundleContent['records'][number]) {
  const { head, attachments, documents } = readErasedContainer(container ?? Buffer.alloc(0));
  return { head, attachments, signature: documents.signature };
}
