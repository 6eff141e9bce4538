import type { BundleContent, BundleRecord, BundleScope } from '../model.ts';
import { writeOwnArchive } from '../own-archive.ts';
import { writeBundle } from '../write-bundle.ts';
import { TestLog } from './test-log.ts';
import { createWorld, signSnapshot, withTsasOf } from './world.ts';

export interface CorpusBundle {
  readonly name: string;
  readonly bytes: Buffer;
  readonly expectValid: boolean;
}

/**
 * Bundles of all kinds, good ones and mutated ones. Keys are new each time; what is mutated, and where, is the same.
 * @returns some 290 bundles, a fourth of them valid
 */
export async function makeCorpus(): Promise<CorpusBundle[]> {
  const world = await createWorld();
  const log = await TestLog.create(world);
  const from = log.now().toISOString();
  const first = log.tally();
  const exchanges: { readonly queryId: string; readonly indices: readonly number[] }[] = [];
  for (let number = 0; number < 12; number += 1) {
    const queryId = `DEV-${number}`;
    const indices = await log.exchange({
      queryId,
      subsystem: number % 3 === 0 ? 'taxes' : 'permits',
      ...(number % 2 === 0 && { body: JSON.stringify({ number, name: 'Väinö 🙂' }) }),
      ...(number % 4 === 0 && { userId: `EE${number}` }),
      ...(number % 4 === 1 && { protocol: 'soap' }),
    });
    exchanges.push({ queryId, indices });
    if (number % 5 === 4) await log.stamp();
  }
  const to = log.now().toISOString();
  const tallies = [first, log.tally()];
  await log.stamp();
  await log.exchange({ queryId: 'DEV-later' });
  const scope: BundleScope = { kind: 'party', party: 'DEV:COM:111', from, to };
  const all = exchanges.flatMap(({ indices }) => indices);
  const party = log.bundle(scope, all, { tallies });
  const whole = exchanges.map(({ queryId, indices }) => log.bundle({ kind: 'exchange', queryId }, indices));
  return [
    ...whole.map((content, at) => valid(`exchange ${at}`, content)),
    ...exchanges.flatMap(({ queryId, indices }, at) =>
      erasures.map((erased) =>
        valid(
          `exchange ${at} without ${erased.join(' and ')}`,
          log.bundle({ kind: 'exchange', queryId }, indices, { erased }),
        ),
      ),
    ),
    valid('party', party),
    valid('member of the other side', log.bundle({ ...scope, party: 'DEV:COM:222' }, all, { tallies })),
    ...exchanges.map(({ queryId, indices }) =>
      valid(`case ${queryId}`, log.bundle({ kind: 'case', title: queryId }, indices)),
    ),
    valid('case of all', log.bundle({ kind: 'case', title: 'all' }, all)),
    ...all.map((gone) =>
      invalid(
        `party without record ${gone}`,
        log.bundle(
          scope,
          all.filter((index) => index !== gone),
          { tallies },
        ),
      ),
    ),
    ...whole
      .slice(0, 4)
      .flatMap((content, at) =>
        mutations.map(([what, mutate]) => invalid(`exchange ${at} ${what}`, mutate(content))),
      ),
    ...mutations.map(([what, mutate]) => invalid(`party ${what}`, mutate(party))),
    ...flipped('exchange', whole[0], 60, 4),
    ...flipped('party', party, 30, 5),
    ...(await makeReplaced()),
  ];
}

/**
 * Exchanges that were recorded before their registry put another timestamping authority in the place of the first, and
 * stamped after it: as they are exported, and as somebody with the key of the log would like them to be.
 */
async function makeReplaced(): Promise<CorpusBundle[]> {
  const [world, other] = await Promise.all([createWorld(), createWorld()]);
  const until = new Date('2040-01-01T00:00:00Z');
  const configuration = withTsasOf(world.pki.configuration, other.pki.configuration);
  const later = await signSnapshot({ configuration }, world.registry, until);
  const forged = await signSnapshot({ configuration }, other.registry, until);
  const scope: BundleScope = { kind: 'exchange', queryId: 'DEV-1' };
  const begin = async () => {
    const log = await TestLog.create(world);
    const indices = await log.exchange({ queryId: 'DEV-1', body: 'recorded before' });
    await log.stamp(log.now(), other.pki);
    return { log, indices };
  };
  const [one, two] = [await begin(), await begin()];
  const tally = one.log.tally(one.log.now(), later);
  const late = one.log.tally(one.log.now(), later);
  const lie = two.log.tally(two.log.now(), forged);
  const told = one.log.bundle(scope, one.indices, { witnesses: [tally] });
  const mutated = (change: Partial<BundleContent>) => one.log.sign({ ...told, ...change });
  return [
    valid('exchange stamped by who took the place of another', told),
    valid(
      'exchange stamped by who took the place of another, without its body',
      one.log.bundle(scope, one.indices, { witnesses: [tally], erased: ['attachment1'] }),
    ),
    invalid('exchange stamped by a stranger', one.log.bundle(scope, one.indices)),
    invalid('exchange stamped by a stranger, the witness taken out', mutated({ witnesses: undefined })),
    invalid(
      'exchange stamped by a stranger, the later configuration taken out',
      mutated({ configurations: told.configurations.filter(({ id }) => id !== later.id) }),
    ),
    invalid(
      'exchange stamped by who was approved of later than that',
      one.log.bundle(scope, one.indices, { witnesses: [late] }),
    ),
    invalid(
      'exchange stamped by an authority of whoever keeps the log',
      two.log.bundle(scope, two.indices, { witnesses: [lie] }),
    ),
    invalid(
      'exchange stamped by a stranger, with a configuration beside it',
      two.log.bundle(scope, two.indices, { beside: [later] }),
    ),
    ...(told.witnesses ?? []).flatMap((witness) => [
      invalid(
        'exchange with a witness of another place',
        mutated({ witnesses: [{ ...witness, index: late }] }),
      ),
      invalid(
        'exchange with a witness that names another configuration',
        mutated({ witnesses: [{ ...witness, facts: replaced(witness.facts, later.id, forged.id) }] }),
      ),
      invalid(
        'exchange with a witness without its proof',
        mutated({ witnesses: [{ ...witness, inclusion: [] }] }),
      ),
    ]),
    ...flipped('exchange with a witness', told, 30, 7),
  ];
}

const erasures = [['attachment1'], ['message.xml'], ['message.xml', 'attachment1']] as const;

/** Changes of what a bundle says; each is written anew, so that the file as such is whole. */
const mutations: readonly (readonly [what: string, mutate: (content: BundleContent) => BundleContent])[] = [
  ['with a record of another place', firstRecord(({ index }) => ({ index: index + 1000 }))],
  [
    'with other facts',
    firstRecord(({ facts }) => ({ facts: replaced(facts, '"side":"client"', '"side":"provider"') })),
  ],
  [
    'with an earlier number',
    firstRecord(({ facts }) => ({ facts: replaced(facts, '"sequence":', '"sequence":1') })),
  ],
  ['with another salt', firstRecord(({ salts }) => ({ salts: { ...salts, facts: salts.head } }))],
  ['with another salt of its head', firstRecord(({ salts }) => ({ salts: { ...salts, head: salts.facts } }))],
  [
    'with another salt of its signature',
    firstRecord(({ salts }) => ({ salts: { ...salts, signature: salts.facts } })),
  ],
  ['without its proof', firstRecord(() => ({ inclusion: [] }))],
  ['with its proof backwards', firstRecord(({ inclusion }) => ({ inclusion: [...inclusion].reverse() }))],
  ['with a longer proof', firstRecord(({ inclusion }) => ({ inclusion: [...inclusion, ...inclusion] }))],
  ['without its first message', firstRecord(() => ({ container: null, timestamp: null }))],
  ['with a part said to be erased', firstRecord(() => ({ erased: ['message.xml'] }))],
  ['with a part said to be erased that never was', firstRecord(() => ({ erased: ['attachment9'] }))],
  [
    'with a message cut short',
    firstRecord(({ container }) => ({ container: container?.subarray(0, -1) ?? null })),
  ],
  ['with two messages exchanged', exchangeMessages],
  [
    'with a record twice',
    (content) => ({ ...content, records: content.records.flatMap((one) => [one, one]) }),
  ],
  ['backwards', (content) => ({ ...content, records: [...content.records].reverse() })],
  ['with another origin', (content) => ({ ...content, origin: 'other.example' })],
  [
    'with another key',
    (content) => ({ ...content, verifierKey: content.verifierKey.replace(/.....$/, 'AAAA=') }),
  ],
  [
    'with another root',
    (content) => ({
      ...content,
      checkpoint: content.checkpoint.replace(/\n.{43}=\n/, `\n${'A'.repeat(43)}=\n`),
    }),
  ],
  [
    'with a checkpoint of more',
    (content) => ({ ...content, checkpoint: content.checkpoint.replace(/\n(\d+)\n/, '\n1$1\n') }),
  ],
  ['without configurations', (content) => ({ ...content, configurations: [] })],
  [
    'with a configuration changed',
    (content) => ({ ...content, configurations: content.configurations.map(withoutAnchor) }),
  ],
  [
    'with a timestamp of other data',
    (content) => ({
      ...content,
      timestamps: content.timestamps.map((one) => ({ ...one, checkpoint: content.checkpoint })),
    }),
  ],
  [
    'with a timestamp cut short',
    (content) => ({
      ...content,
      timestamps: content.timestamps.map((one) => ({ ...one, token: one.token.subarray(0, -1) })),
    }),
  ],
  ['without consistency', (content) => ({ ...content, consistency: [] })],
  [
    'with a consistency proof changed',
    (content) => ({
      ...content,
      consistency: content.consistency.map((one) => ({ ...one, proof: one.proof.slice(1) })),
    }),
  ],
];

/**
 * Archives of a log, good ones and mutated ones, each with its evidence.
 * @returns some 60, and 30 of them were linked anew after a record was taken out with its evidence
 */
export async function makeArchives(): Promise<CorpusBundle[]> {
  const log = await TestLog.create(await createWorld());
  const first = log.tally();
  const all: number[] = [];
  for (let number = 0; number < 8; number += 1) {
    const protocol = number % 3 === 0 ? 'soap' : 'rest';
    all.push(...(await log.exchange({ queryId: `DEV-${number}`, protocol, body: `{"n":${number}}` })));
  }
  const tallies = [first, log.tally()];
  await log.stamp();
  const scope = { kind: 'archive', grouping: 'none', group: '', from: first, to: first + 17 } as const;
  const whole = log.bundle(scope, all, { tallies });
  const archive = (content: BundleContent) => writeOwnArchive(content).bytes;
  const good = archive(whole);
  const without = (gone: number) => all.filter((index) => index !== gone);
  return [
    { name: 'archive', bytes: good, expectValid: true },
    {
      name: 'archive of one group',
      bytes: archive(log.bundle({ ...scope, grouping: 'member', group: 'DEV:COM:111' }, all, { tallies })),
      expectValid: true,
    },
    ...all.map((gone) => ({
      name: `archive without record ${gone}, linked anew`,
      bytes: archive({ ...whole, records: whole.records.filter(({ index }) => index !== gone) }),
      expectValid: false,
    })),
    ...all.map((gone) => ({
      name: `archive without record ${gone}, signed for and linked anew`,
      bytes: archive(log.bundle(scope, without(gone), { tallies })),
      expectValid: false,
    })),
    ...flippedBytes('archive', good, 40, 6),
  ];
}

function firstRecord(change: (record: BundleRecord) => Partial<BundleRecord>) {
  return (content: BundleContent): BundleContent => ({
    ...content,
    records: content.records.map((record, at) => (at === 0 ? { ...record, ...change(record) } : record)),
  });
}

function exchangeMessages(content: BundleContent): BundleContent {
  const [one, two, ...others] = content.records;
  if (one === undefined || two === undefined) throw new Error('there are two records');
  const exchanged = [
    { ...one, container: two.container },
    { ...two, container: one.container },
  ];
  return { ...content, records: [...exchanged, ...others] };
}

function withoutAnchor({ id, files }: BundleContent['configurations'][number]) {
  return { id, files: files.filter(({ name }) => name !== 'anchor.xml') };
}

function replaced(bytes: Buffer, from: string, to: string): Buffer {
  return Buffer.from(bytes.toString('utf8').replace(from, to));
}

function valid(name: string, content: BundleContent): CorpusBundle {
  return { name, bytes: writeBundle(content), expectValid: true };
}

function invalid(name: string, content: BundleContent): CorpusBundle {
  return { name, bytes: writeBundle(content), expectValid: false };
}

/** The bundle with one bit changed, in so many places spread over it. */
function flipped(
  name: string,
  content: BundleContent | undefined,
  count: number,
  seed: number,
): CorpusBundle[] {
  return content === undefined ? [] : flippedBytes(name, writeBundle(content), count, seed);
}

/** The file with one bit changed, in so many places spread over it. */
export function flippedBytes(name: string, bytes: Buffer, count: number, seed: number): CorpusBundle[] {
  const random = randomOf(seed);
  return Array.from({ length: count }, (_, at) => {
    const octet = Math.floor(((at + random()) / count) * bytes.length);
    const bit = Math.floor(random() * 8);
    const changed = Buffer.from(bytes);
    changed[octet] = (changed[octet] ?? 0) ^ (1 << bit);
    return { name: `${name} with bit ${bit} of octet ${octet} changed`, bytes: changed, expectValid: false };
  });
}

/** Numbers below 1 that look random and are the same each time (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
