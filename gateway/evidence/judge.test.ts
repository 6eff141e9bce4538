import { beforeAll, describe, expect, it } from 'vitest';
import { anchorFingerprint, snapshotId } from '../configuration/index.ts';
import { judgeBundle } from './judge.ts';
import type { BundleContent, BundleScope } from './model.ts';
import { TestLog } from './testing/test-log.ts';
import { createWorld, type World } from './testing/world.ts';
import type { Trust, Verdict } from './verdict.ts';
import { writeBundle } from './write-bundle.ts';

let world: World;
let log: TestLog;
/** Indices of a request and its response. */
let records: [request: number, response: number];
const exchange: BundleScope = { kind: 'exchange', queryId: 'DEV-1' };

beforeAll(async () => {
  world = await createWorld();
  log = await TestLog.create(world);
  await log.exchange({ queryId: 'DEV-0' });
  records = await log.exchange({ queryId: 'DEV-1', body: '{"a":1}', userId: 'EE1' });
  await log.stamp();
  await log.exchange({ queryId: 'DEV-2' });
});

/** Code and place of a verdict, or `valid`. */
function outcomeOf({ valid, code, place }: Verdict): string {
  return valid ? 'valid' : `${code} at ${place}`;
}

async function judge(content: BundleContent, trust?: Trust): Promise<string> {
  return outcomeOf(await judgeBundle(writeBundle(content), trust));
}

/** The bundle with some of one record changed. */
function withRecord(
  content: BundleContent,
  index: number,
  change: (record: BundleContent['records'][number]) => Partial<BundleContent['records'][number]>,
): BundleContent {
  return {
    ...content,
    records: content.records.map((record) =>
      record.index === index ? { ...record, ...change(record) } : record,
    ),
  };
}

describe('the bundle of an exchange', () => {
  it('is valid, and every step is told', async () => {
    const verdict = await judgeBundle(writeBundle(log.bundle(exchange, records)));
    expect(verdict.steps.filter(({ state }) => state !== 'good')).toEqual([]);
    expect(outcomeOf(verdict)).toBe('valid');
    const told = [...new Set(verdict.steps.map(({ id }) => id))];
    expect(told).toEqual([
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
      'contents',
    ]);
  });

  it('says what was taken from the bundle itself, and no more once it is given', async () => {
    const content = log.bundle(exchange, records);
    const anchor = content.configurations[0]?.files.find(({ name }) => name === 'anchor.xml')?.bytes;
    const fingerprint = anchorFingerprint(anchor ?? Buffer.alloc(0));
    const alone = await judgeBundle(writeBundle(content));
    expect(alone.warnings).toHaveLength(2);
    expect(alone.warnings.join()).toContain(fingerprint);
    const trust = { verifierKey: content.verifierKey, anchorHash: fingerprint };
    expect((await judgeBundle(writeBundle(content), trust)).warnings).toEqual([]);
    const given = { verifierKey: content.verifierKey, configuration: world.pki.configuration };
    const verdict = await judgeBundle(writeBundle(content), given);
    expect([outcomeOf(verdict), verdict.warnings]).toEqual(['valid', []]);
  });

  it('is refused for another log, another instance, other authorities than are trusted', async () => {
    const content = log.bundle(exchange, records);
    const stranger = await createWorld();
    expect(await judge(content, { verifierKey: stranger.note.verifierKey })).toBe(
      'verifier-key-differs at checkpoint',
    );
    const [snapshot] = content.configurations;
    expect(await judge(content, { anchorHash: '00:11' })).toBe(
      `anchor-untrusted at configurations/${snapshot?.id}/anchor.xml`,
    );
    expect(await judge(content, { configuration: stranger.pki.configuration })).toMatch(/at records\/2$/);
    // The key in the bundle is changed together with the checkpoint's signature: only the verifier's own key shows.
    const forged = { ...content, verifierKey: stranger.note.verifierKey };
    expect(await judge(forged)).toBe('note-unsigned at checkpoint');
  });

  it.each<[string, (content: BundleContent) => BundleContent, string]>([
    [
      'without its request',
      (content) => ({ ...content, records: content.records.slice(1) }),
      'request-missing at records/3',
    ],
    [
      'without its records',
      (content) => ({ ...content, records: [], timestamps: [], configurations: [] }),
      'empty at bundle.json',
    ],
    [
      'without its configuration',
      (content) => ({ ...content, configurations: [] }),
      'configuration-missing at records/2',
    ],
    [
      'without its consistency proof',
      (content) => ({ ...content, consistency: [] }),
      'consistency-missing at records/2',
    ],
    [
      'with another scope',
      (content) => ({ ...content, scope: { ...exchange, queryId: 'DEV-2' } }),
      'out-of-scope at records/2',
    ],
    ['with another origin', (content) => ({ ...content, origin: 'other' }), 'origin-differs at checkpoint'],
    [
      'with a message left out',
      (content) => withRecord(content, 2, () => ({ container: null, timestamp: null })),
      'container-missing at records/2',
    ],
    [
      'with the other message in its place',
      (content) => withRecord(content, 2, () => ({ container: content.records[1]?.container ?? null })),
      'part-differs at records/2',
    ],
    [
      'with another proof',
      (content) => withRecord(content, 2, () => ({ inclusion: content.records[1]?.inclusion ?? [] })),
      'not-in-log at records/2',
    ],
    [
      'with another salt',
      (content) => withRecord(content, 2, ({ salts }) => ({ salts: { ...salts, facts: salts.head } })),
      'not-in-log at records/2',
    ],
    [
      'with another salt of a part',
      (content) => withRecord(content, 2, ({ salts }) => ({ salts: { ...salts, head: salts.facts } })),
      'part-differs at records/2',
    ],
    [
      'with a body said to be erased that is there',
      (content) => withRecord(content, 2, () => ({ erased: ['attachment1'] })),
      'part-unknown at records/2',
    ],
    [
      'with other facts',
      (content) =>
        withRecord(content, 2, ({ facts }) => ({
          facts: Buffer.from(facts.toString().replace('EE1', 'EE2')),
        })),
      'not-in-log at records/2',
    ],
    [
      'with facts in another form',
      (content) => withRecord(content, 2, ({ facts }) => ({ facts: Buffer.from(` ${facts}`) })),
      'facts-malformed at records/2',
    ],
    [
      'with an old checkpoint for the new',
      (content) => ({ ...content, checkpoint: log.checkpoint(4) }),
      'not-consistent at consistency/4',
    ],
    [
      'with a forged checkpoint',
      (content) => ({ ...content, checkpoint: content.checkpoint.replace('\n6\n', '\n7\n') }),
      'note-unsigned at checkpoint',
    ],
  ])('%s is refused, and the place told', async (_what, change, outcome) => {
    expect(await judge(change(log.bundle(exchange, records)))).toBe(outcome);
  });

  it('without its response says so, and stays valid', async () => {
    const verdict = await judgeBundle(writeBundle(log.bundle(exchange, records.slice(0, 1))));
    expect(outcomeOf(verdict)).toBe('valid');
    expect(verdict.steps.find(({ state }) => state === 'absent')).toMatchObject({
      id: 'exchange',
      code: 'response-missing',
    });
  });

  it('whose configuration was signed by nobody, or changed, is refused', async () => {
    const content = log.bundle(exchange, records);
    const [snapshot] = content.configurations;
    const id = snapshot?.id ?? '';
    const change = (name: string, to: (text: string) => string) =>
      (snapshot?.files ?? []).map((file) =>
        file.name === name ? { name, bytes: Buffer.from(to(file.bytes.toString('latin1')), 'latin1') } : file,
      );
    const files = change('DEV/shared-params.xml', (text) => text.replace('3600', '9999'));
    expect(await judge({ ...content, configurations: [{ id, files }] })).toBe(
      `configuration-id at configurations/${id}`,
    );
    // A log that lies about its configuration from the start.
    for (const [name, code] of [
      ['DEV/shared-params.xml', 'part-changed'],
      ['DEV/directory', 'directory-signature'],
    ] as const) {
      const changed = change(name, (text) =>
        text.replace('3600', '9999').replaceAll('boundary2', 'boundary9'),
      );
      const configuration = { id: snapshotId(changed), files: changed };
      const liar = await TestLog.create(world);
      const told = await liar.exchange({ queryId: 'DEV-1', configuration });
      await liar.stamp();
      expect(await judge(liar.bundle(exchange, told))).toBe(
        `${code} at configurations/${configuration.id}/${name}`,
      );
    }
  });
});

describe('a log that lies', () => {
  it.each<[string, Parameters<TestLog['exchange']>[0], string]>([
    [
      'about the service',
      { queryId: 'DEV-1', lie: (facts) => ({ ...facts, service: `${facts.service}s` }) },
      'facts-differ at records/0',
    ],
    [
      'about the user',
      { queryId: 'DEV-1', lie: (facts) => ({ ...facts, userId: 'EE9' }) },
      'facts-differ at records/0',
    ],
    [
      'about the client',
      { queryId: 'DEV-1', lie: (facts) => ({ ...facts, client: 'DEV:COM:111:other' }) },
      'facts-differ at records/0',
    ],
    [
      'about the status',
      {
        queryId: 'DEV-1',
        lie: (facts) => (facts.direction === 'response' ? { ...facts, status: 404 } : facts),
      },
      'facts-differ at records/1',
    ],
    [
      'about the direction',
      { queryId: 'DEV-1', lie: (facts) => ({ ...facts, direction: 'response' }) },
      'signer-differs at records/0',
    ],
    [
      'about the time',
      { queryId: 'DEV-1', lie: (facts) => ({ ...facts, at: '2026-03-02T00:00:00.000Z' }) },
      'recorded-after-stamp at records/0',
    ],
  ])('%s is found out', async (_what, message, outcome) => {
    const liar = await TestLog.create(world);
    const told = await liar.exchange(message);
    await liar.stamp();
    expect(await judge(liar.bundle(exchange, told))).toBe(outcome);
  });

  it('by giving a number twice, or numbers backwards, is found out', async () => {
    const liar = await TestLog.create(world);
    const first = await liar.exchange({ queryId: 'DEV-1', lie: (facts) => ({ ...facts, sequence: 2 }) });
    const second = await liar.exchange({ queryId: 'DEV-2', lie: (facts) => ({ ...facts, sequence: 2 }) });
    const third = await liar.exchange({ queryId: 'DEV-3', lie: (facts) => ({ ...facts, sequence: 1 }) });
    await liar.stamp();
    const scope: BundleScope = { kind: 'case', title: 'a case' };
    expect(await judge(liar.bundle(scope, [...first, ...second]))).toBe('sequence-duplicate at records/2');
    expect(await judge(liar.bundle(scope, [...first, ...third]))).toBe('sequence-order at records/4');
  });
});

describe('what a log erased', () => {
  it.each([
    ['a body', ['attachment1']],
    ['the head', ['message.xml']],
    ['all of the message', ['message.xml', 'attachment1']],
  ])('such as %s stays evidence up to its digest, and that is said', async (_what, erased) => {
    const verdict = await judgeBundle(writeBundle(log.bundle(exchange, records, { erased })));
    expect(outcomeOf(verdict)).toBe('valid');
    const steps = verdict.steps.filter(({ id }) => id === 'erasure');
    expect(steps.map(({ about, state }) => `${about} ${state}`)).toEqual([
      'records/2 good',
      'records/3 good',
    ]);
    expect(steps[0]?.details).toHaveLength(erased.length);
  });

  it('of a message with nothing but a head is proven too', async () => {
    const small = await TestLog.create(world);
    const [request] = await small.exchange({ queryId: 'DEV-1' });
    await small.stamp();
    expect(await judge(small.bundle(exchange, [request], { erased: ['message.xml'] }))).toBe('valid');
  });

  it('is not believed of another message', async () => {
    const content = log.bundle(exchange, records, { erased: ['message.xml'] });
    const mixed = withRecord(content, 2, ({ salts }) => ({ salts: { ...salts, head: salts.signature } }));
    expect(await judge(mixed)).toBe('part-differs at records/2');
    const silent = withRecord(content, 2, () => ({ erased: [] }));
    expect(await judge(silent)).toBe('part-missing at records/2');
    const backwards = withRecord(log.bundle(exchange, records), 2, () => ({
      erased: ['attachment1', 'message.xml'],
    }));
    expect(await judge(backwards)).toBe('erased-malformed at records/2');
  });
});
