import { beforeAll, describe, expect, it } from 'vitest';
import { judgeBundle } from './judge.ts';
import type { BundleScope } from './model.ts';
import { TestLog } from './testing/test-log.ts';
import { createWorld, type World } from './testing/world.ts';
import type { Verdict } from './verdict.ts';
import { writeBundle } from './write-bundle.ts';

let world: World;
const exchange: BundleScope = { kind: 'exchange', queryId: 'DEV-1' };

beforeAll(async () => {
  world = await createWorld();
});

/** Code and place of a verdict, or `valid`. */
function outcomeOf({ valid, code, place }: Verdict): string {
  return valid ? 'valid' : `${code} at ${place}`;
}

describe('the bundle of an exchange', () => {
  it('is valid, and every step is told', async () => {
    const log = await TestLog.create(world);
    const records = await log.exchange({ queryId: 'DEV-1', body: '{"a":1}', userId: 'EE1' });
    await log.stamp();
    await log.exchange({ queryId: 'DEV-2' });
    const verdict = await judgeBundle(writeBundle(log.bundle(exchange, records)));
    expect(verdict.steps.filter(({ state }) => state === 'bad')).toEqual([]);
    expect(outcomeOf(verdict)).toBe('valid');
    expect(new Set(verdict.steps.map(({ id }) => id))).toEqual(
      new Set([
        'bundle',
        'checkpoint-signature',
        'consistency',
        'configuration',
        'inclusion',
        'commitments',
        'container-signature',
        'facts-agree',
        'checkpoint-timestamp',
        'exchange',
      ]),
    );
  });
});
