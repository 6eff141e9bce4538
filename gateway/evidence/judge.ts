import type { GlobalConfiguration } from '../configuration/index.ts';
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
import { type Stamp, verifyStamp } from './judge-timestamp.ts';
import type { BundleContent, BundleScope } from './model.ts';
import { readBundle } from './read-bundle.ts';
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
      ...judgeNamed(content, records),
      ...records.flatMap((record) => record.steps),
      ...tallies.flatMap((tally) => tally.steps),
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
  { scope, timestamps, consistency, configurations: snapshots }: BundleContent,
  { configuration: given }: Trust,
  log: KnownLog,
  judged: readonly JudgedConfiguration[],
): RecordCourt {
  const byId = new Map(snapshots.map(({ id }, at) => [id, judged[at]?.configuration]));
  // Records share stamps: each is verified once for each configuration.
  const stamps = new Map<GlobalConfiguration, Map<number, Stamp>>();
  return {
    ...{ scope, asked: askedIn(scope), log, verifier: createVerifier() },
    ...{ isConfigurationGiven: given !== undefined },
    configurationOf: (id) => given ?? byId.get(id),
    stampOf: (place, configuration) => {
      const known = stamps.get(configuration) ?? new Map<number, Stamp>();
      stamps.set(configuration, known);
      const timestamp = timestamps[place];
      if (timestamp === undefined) return { code: 'not-stamped', text: 'The bundle has no such timestamp.' };
      const stamp = known.get(place) ?? verifyStamp({ timestamp, consistency, log, configuration });
      known.set(place, stamp);
      return stamp;
    },
  };
}

/** Configurations that no record speaks of; and of a party alone there may be no records at all. */
function judgeNamed(
  { configurations, scope, records: bundled }: BundleContent,
  records: readonly JudgedRecord[],
): Step[] {
  const named = new Set(records.map(({ facts }) => facts?.configuration));
  const unnamed = configurations.filter(({ id }) => !named.has(id));
  const empty = 'The bundle has no records.';
  return [
    ...unnamed.map(({ id }) =>
      bad(
        'configuration',
        bundleNames.configuration(id),
        'configuration-unknown',
        'No record names this configuration.',
      ),
    ),
    ...(bundled.length === 0 && scope.kind !== 'party'
      ? [bad('scope', bundleNames.index, 'empty', empty)]
      : []),
  ];
}
