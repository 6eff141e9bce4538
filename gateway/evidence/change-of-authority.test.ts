import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createKey } from '../configuration/testing/samples.ts';
import { alice } from '../signature/testing/pki.ts';
import { judgeBundle } from './judge.ts';
import type { BundleConfiguration, BundleContent, BundleScope } from './model.ts';
import { readBundle } from './read-bundle.ts';
import { TestLog } from './testing/test-log.ts';
import { createWorld, signSnapshot, type World } from './testing/world.ts';
import type { Trust } from './verdict.ts';
import { writeBundle } from './write-bundle.ts';

const scope: BundleScope = { kind: 'exchange', queryId: 'DEV-1' };
const expiresAt = new Date('2040-01-01T00:00:00Z');

let world: World;
/** Another authority, which the registry puts in the place of the first. */
let next: World;
let later: BundleConfiguration;
let log: TestLog;
/** Of the exchange. */
let indices: readonly number[];

beforeAll(async () => {
  [world, next] = await Promise.all([createWorld(), createWorld()]);
  later = await signSnapshot(next.pki, world.registry, expiresAt);
});
beforeEach(async () => {
  log = await TestLog.create(world);
  indices = await log.exchange({ queryId: 'DEV-1' });
});

async function codeOf(content: BundleContent, trust: Trust = {}): Promise<string | null> {
  return (await judgeBundle(writeBundle(content), trust)).code;
}

describe('an authority that came into force between a record and its timestamp', () => {
  it('counts when the first leaf behind the stamped checkpoint says so, and is told', async () => {
    await log.stamp(log.now(), next.pki);
    const tally = log.tally(log.now(), later);
    await log.exchange({ queryId: 'DEV-2', configuration: later });
    const content = log.bundle(scope, indices, { witnesses: [tally] });
    const bytes = writeBundle(content);
    expect(readBundle(bytes)).toEqual(content);
    const verdict = await judgeBundle(bytes);
    expect(verdict.code).toBeNull();
    const stamped = verdict.steps.filter(({ id }) => id === 'checkpoint-timestamp');
    expect(stamped).toHaveLength(2);
    for (const { details } of stamped) {
      expect(details).toContainEqual([
        'configuration that approves of it',
        `${later.id}, which number ${tally} names`,
      ]);
    }
    expect(verdict.steps).toContainEqual(
      expect.objectContaining({ id: 'witness', about: `witnesses/${tally}`, state: 'good' }),
    );
  });

  it('counts when a later record of the same export says so, and needs no witness then', async () => {
    await log.stamp(log.now(), next.pki);
    const [first = 0, second = 0] = indices;
    const more = await log.exchange({
      queryId: 'DEV-1',
      configuration: later,
      signer: await next.pki.issueTo(alice),
    });
    await log.stamp(log.now(), next.pki);
    const verdict = await judgeBundle(writeBundle(log.bundle(scope, [...indices, ...more])));
    const bad = verdict.steps.filter(({ state }) => state === 'bad').map(({ about }) => about);
    // The answer is signed by an authority that the later configuration does not approve of.
    expect(new Set(bad)).toEqual(new Set([`records/${more[1]}`]));
    expect(bad).not.toContain(`records/${first}`);
    expect(bad).not.toContain(`records/${second}`);
  });

  it('does not count when nothing says so', async () => {
    await log.stamp(log.now(), next.pki);
    log.tally(log.now(), later);
    expect(await codeOf(log.bundle(scope, indices))).toBe('malformed_signature');
    // That the file has the configuration is no word of the log.
    expect(await codeOf(log.bundle(scope, indices, { beside: [later] }))).toBe('configuration-unknown');
  });

  it('does not count by the word of a leaf that came later, or stands before the record', async () => {
    const before = await TestLog.create(world);
    const early = before.tally(before.now(), later);
    const own = await before.exchange({ queryId: 'DEV-1' });
    await before.stamp(before.now(), next.pki);
    expect(await codeOf(before.bundle(scope, own, { witnesses: [early] }))).toBe('configuration-unknown');
    await log.stamp(log.now(), next.pki);
    log.tally();
    const late = log.tally(log.now(), later);
    expect(await codeOf(log.bundle(scope, indices, { witnesses: [late] }))).toBe('configuration-unknown');
  });

  it('does not count by a configuration that had expired when it was stamped', async () => {
    const old = await signSnapshot(next.pki, world.registry, new Date(log.now().getTime() - 2_000));
    await log.stamp(log.now(), next.pki);
    const tally = log.tally(log.now(), old);
    expect(await codeOf(log.bundle(scope, indices, { witnesses: [tally] }))).toBe('configuration-unknown');
  });

  it('counts for nothing but the timestamp: not for a signature of who was approved of only later', async () => {
    const one = await TestLog.create(world);
    const signer = await next.pki.issueTo(alice);
    const asked = [await one.ask({ queryId: 'DEV-1', signer })];
    await one.stamp(one.now(), next.pki);
    const tally = one.tally(one.now(), later);
    const verdict = await judgeBundle(writeBundle(one.bundle(scope, asked, { witnesses: [tally] })));
    expect(verdict.code).toBe('cannot_create_cert_path');
    const [stamped] = verdict.steps.filter(({ id }) => id === 'checkpoint-timestamp');
    expect(stamped?.state).toBe('good');
  });

  it('does not count for a timestamp of the container that is another than that of the checkpoint', async () => {
    await log.stamp(log.now(), next.pki);
    const more = await log.exchange({ queryId: 'DEV-2' });
    const { size } = log;
    await log.stamp(log.now(), next.pki);
    const tally = log.tally(log.now(), later);
    const content = log.bundle(scope, indices, { witnesses: [tally], oldSizes: [size] });
    const { timestamps } = log.bundle({ kind: 'exchange', queryId: 'DEV-2' }, more);
    const verdict = await judgeBundle(writeBundle(log.sign({ ...content, timestamps })));
    const bad = verdict.steps.filter(({ state }) => state === 'bad').map(({ id, code }) => `${id} ${code}`);
    expect(bad).toEqual(Array(2).fill('container-signature malformed_signature'));
  });
});

describe('who keeps the log, and has its key,', () => {
  /** Of an instance of the same name, with his own authorities. */
  let forged: BundleConfiguration;
  beforeAll(async () => {
    forged = await signSnapshot(next.pki, await createKey('Registry'), expiresAt);
  });

  it('cannot bring a configuration of his own, wherever he has the log name it', async () => {
    await log.stamp(log.now(), next.pki);
    const tally = log.tally(log.now(), forged);
    expect(await codeOf(log.bundle(scope, indices, { beside: [forged] }))).toBe('configuration-unknown');
    expect(await codeOf(log.bundle(scope, indices, { witnesses: [tally] }))).toBe('configuration-unknown');
    const hiding = log.bundle(scope, indices, { witnesses: [tally] });
    const configurations = hiding.configurations.filter(({ id }) => id !== forged.id);
    expect(await codeOf(log.sign({ ...hiding, configurations }))).toBe('malformed_signature');
  });

  it('cannot have the registry name his authority: a file of it that he changes is found', async () => {
    await log.stamp(log.now(), next.pki);
    const own = await world.snapshot(new Date('2039-01-01T00:00:00Z'));
    const files = own.files.map(
      (file) =>
        later.files.find(({ name }) => name === file.name && name.endsWith('shared-params.xml')) ?? file,
    );
    const changed = { id: own.id, files };
    const tally = log.tally(log.now(), changed);
    expect(await codeOf(log.bundle(scope, indices, { witnesses: [tally] }))).toBe('configuration-id');
  });

  it('cannot move a witness, alter it, or put in one that the log does not have', async () => {
    await log.stamp(log.now(), next.pki);
    log.tally();
    const late = log.tally(log.now(), later);
    const content = log.bundle(scope, indices, { witnesses: [late] });
    const [witness] = content.witnesses ?? [];
    if (witness === undefined) throw new Error('there is one');
    const codes = async (change: Partial<typeof witness>) => {
      const changed = log.sign({ ...content, witnesses: [{ ...witness, ...change }] });
      const { valid, steps } = await judgeBundle(writeBundle(changed));
      return [
        valid,
        ...steps
          .filter(({ state, id }) => state === 'bad' && id !== 'configuration')
          .map(({ code, about }) => `${code} ${about}`),
      ];
    };
    expect(await codes({ index: late - 1 })).toContain(`not-in-log witnesses/${late - 1}`);
    const [record] = content.records;
    const foreign = { facts: record?.facts ?? Buffer.alloc(0) };
    expect(await codes(foreign)).toContain(`not-in-log witnesses/${late}`);
    expect(await codes({ facts: Buffer.from('{}') })).toContain(`facts-malformed witnesses/${late}`);
    const nameless = log.tally(log.now(), null);
    const unsaid = log.bundle(scope, indices, { witnesses: [nameless] });
    expect((await judgeBundle(writeBundle(unsaid))).steps).toContainEqual(
      expect.objectContaining({ code: 'facts-malformed', about: `witnesses/${nameless}` }),
    );
  });
});

describe('a configuration that is given', () => {
  it('counts alone: whose timestamps it approves of are good, and no others', async () => {
    await log.stamp(log.now(), next.pki);
    const tally = log.tally(log.now(), later);
    const content = log.bundle(scope, indices, { witnesses: [tally] });
    const { configuration } = world.pki;
    expect(await codeOf(content, { configuration })).toBe('malformed_signature');
  });
});
