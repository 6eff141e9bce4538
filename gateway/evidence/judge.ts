import { createVerifier } from '../signature/index.ts';
import { EvidenceError } from './error.ts';
import { type AskedRecord, judgeAnswers } from './judge-answers.ts';
import { judgeCheckpoint, type KnownLog } from './judge-checkpoint.ts';
import { type JudgedConfiguration, judgeConfiguration } from './judge-configuration.ts';
import { judgeConsistency } from './judge-consistency.ts';
import { judgeContents } from './judge-contents.ts';
import { judgeExchanges } from './judge-exchange.ts';
import { type JudgedRecord, judgeRecord, type RecordCourt } from './judge-record.ts';
import { askedIn } from './judge-scope.ts';
import { judgeSequences } from './judge-sequence.ts';
import { judgeTally } from './judge-tally.ts';
import { judgeWitness } from './judge-witness.ts';
import type { BundleContent, BundleScope } from './model.ts';
import { readBundle } from './read-bundle.ts';
import { Stamps } from './stamps.ts';
import { namingOf } from './under-stamp.ts';
import { bad, concludeVerdict, good, type Step, type Trust, type Verdict } from './verdict.ts';
import { bundleNames } from './write-bundle.ts';

/**
 * Judges a bundle as of then: by the log's signature, the authorities' stamps and the configuration that counted when
 * messages passed, and by no clock, file or network of today. It runs alike in a program and in a browser.
 * @param bytes a bundle, or anything that pretends to be one
 */
export async function judgeBundle(bytes: Buffer, trust: Trust = {}): Promise<Verdict> {
  let content: BundleContent;
  try {
    content = readBundle(bytes);
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error;
    const step = bad('bundle', error.place ?? 'bundle', error.code, `${error.message}.`);
    return concludeVerdict([step], [], []);
  }
  const { steps, log, warnings } = judgeCheckpoint(content, trust);
  const opening = [describeBundle(content), ...steps];
  if (log === undefined) return concludeVerdict(opening, [], warnings);
  const configurations = content.configurations.map((one) => judgeConfiguration(one, trust));
  const court = openCourt(content, trust, log, configurations);
  const records: JudgedRecord[] = [];
  for (const record of content.records) records.push(await judgeRecord(record, court));
  const tallies = content.tallies.map((tally) => judgeTally(tally, log));
  const known = tallies.flatMap(({ tally }) => (tally === undefined ? [] : [tally]));
  const numbered = content.records.flatMap(({ container }, at): AskedRecord[] => {
    const { index = 0, facts } = records[at] ?? {};
    return facts === undefined ? [] : [{ index, facts, hasMessage: container !== null }];
  });
  const sequences = judgeSequences(numbered, known, content.scope);
  const answers = judgeAnswers(numbered, known, content.scope);
  // What it finds is found by others with a better name, most often: it comes last.
  const contents = judgeContents(
    content,
    log,
    numbered.map(({ facts }) => facts),
  );
  return concludeVerdict(
    [
      ...opening,
      ...judgeConsistency(content, trust, log),
      ...configurations.map(({ step }) => step),
      ...judgeNamed(content, records, court),
      ...records.flatMap((record) => record.steps),
      ...tallies.flatMap((tally) => tally.steps),
      ...(content.witnesses ?? []).flatMap((witness) => judgeWitness(witness, log)),
      ...sequences.steps,
      ...judgeExchanges(records, content.scope),
      ...answers.steps,
      ...contents.steps,
    ],
    [...sequences.gaps, ...answers.gaps],
    [
      ...warnings,
      ...configurations.flatMap((one) => one.warnings),
      ...records.flatMap((record) => record.warnings),
      ...sequences.warnings,
      ...answers.warnings,
      ...contents.warnings,
    ],
  );
}

function describeBundle({ scope, createdAt, records }: BundleContent): Step {
  const subject = {
    exchange: () => (scope.kind === 'exchange' ? `the exchange ${scope.queryId}` : ''),
    party: () => (scope.kind === 'party' ? `${scope.party} from ${scope.from} to ${scope.to}` : ''),
    case: () => (scope.kind === 'case' ? `the case '${scope.title}'` : ''),
    archive: () => (scope.kind === 'archive' ? describeStretch(scope) : ''),
  }[scope.kind]();
  return good('bundle', bundleNames.index, `The bundle is about ${subject}, and is whole.`, [
    ['records', String(records.length)],
    ['exported, as it says itself', createdAt],
  ]);
}

function describeStretch({ group, from, to }: Extract<BundleScope, { kind: 'archive' }>): string {
  const whose = group === '' ? 'the log' : `${group} in the log`;
  return `all of ${whose} from place ${from} to ${to}, as it was archived`;
}

function openCourt(
  content: BundleContent,
  { configuration: given }: Trust,
  log: KnownLog,
  judged: readonly JudgedConfiguration[],
): RecordCourt {
  const { scope, configurations } = content;
  const byId = new Map(configurations.flatMap(({ id }, at) => pairedWith(id, judged[at])));
  return {
    ...{ scope, asked: askedIn(scope), log, verifier: createVerifier() },
    ...{ isConfigurationGiven: given !== undefined },
    configurationOf: (id) => given ?? byId.get(id)?.configuration,
    stamps: new Stamps(content, log, given === undefined ? byId : new Map()),
  };
}

/** Configurations that are here for no record; and of a party alone there may be no records at all. */
function judgeNamed(
  { configurations, scope, records: bundled, tallies, witnesses = [] }: BundleContent,
  records: readonly JudgedRecord[],
  { stamps, isConfigurationGiven }: RecordCourt,
): Step[] {
  const named = new Set(records.map(({ facts }) => facts?.configuration));
  const others = [...tallies, ...witnesses].map((leaf) => namingOf(leaf)?.configuration);
  // One that was given counts alone, whatever stamps are good by.
  const isNeeded = (id: string) =>
    isConfigurationGiven ? others.includes(id) : stamps.isNeeded(id, bundled);
  const unnamed = configurations.filter(({ id }) => !named.has(id) && !isNeeded(id));
  const empty = 'The bundle has no records.';
  const text = 'No record names this configuration, and no timestamp is good by it.';
  return [
    ...unnamed.map(({ id }) =>
      bad('configuration', bundleNames.configuration(id), 'configuration-unknown', text),
    ),
    ...(bundled.length === 0 && scope.kind !== 'party'
      ? [bad('scope', bundleNames.index, 'empty', empty)]
      : []),
  ];
}

function pairedWith(id: string, judged: JudgedConfiguration | undefined): [string, JudgedConfiguration][] {
  return judged === undefined ? [] : [[id, judged]];
}
