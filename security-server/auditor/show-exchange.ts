import {
  authorityDetail,
  type BundleContent,
  judgeBundle,
  type Step,
  type Verdict,
  writeBundle,
} from '../../gateway/evidence/index.ts';
import { Fault } from '../../gateway/fault/index.ts';
import type { FoundRecord } from '../message-log/index.ts';
import { bundleLimits } from './bundle-limits.ts';
import { configurationOf, gatherBundle, requireRecord } from './bundle-records.ts';
import { type DescribedExchange, describeExchange } from './describe-exchange.ts';
import type { ConfigurationArchive, EvidenceSource } from './evidence-source.ts';
import { nameParty } from './parties.ts';
import { recordsOf } from './plan-export.ts';
import { showRecord } from './show-record.ts';
import type { TellingLanguage } from './tellers.ts';

export interface ShownExchange extends DescribedExchange {
  readonly protocol: 'rest' | 'soap';
  /** In plain words. */
  readonly sentences: readonly string[];
}

/** All under one message id: clients may use one for several requests. */
export interface ShownMessageId {
  readonly queryId: string;
  /** By request id, oldest first. */
  readonly exchanges: readonly ShownExchange[];
  readonly verdict: Verdict;
  /** Whether bodies were judged too; they are not when they are large. */
  readonly areBodiesJudged: boolean;
}

/** Of one message id; of more a period is exported. */
const maxRecords = 200;
/** Bodies that are opened to be judged for a page. */
const maxJudgedBytes = 16 * 1024 * 1024;

/**
 * All there is to know of one message id, judged by the very judge that outsiders have.
 * @throws EvidenceAccessError exchange-not-found, export-too-large; MessageLogError locked
 */
export async function showExchange(
  log: EvidenceSource,
  configurations: ConfigurationArchive,
  queryId: string,
  now: Date,
  language: TellingLanguage = 'en',
): Promise<ShownMessageId> {
  const places = recordsOf(log, queryId, maxRecords);
  const records = await readStamped(log, places);
  const areBodiesJudged = sizeOfBodies(records) <= maxJudgedBytes;
  const content = await gatherBundle(log, configurations, {
    scope: { kind: 'exchange', queryId },
    ...{ records: places, beside: [], tallies: [] },
    ...{ includeBodies: areBodiesJudged, createdAt: now, limits: bundleLimits },
  });
  const groups = new Map<string, FoundRecord[]>();
  for (const record of records) {
    const { client, service, requestId } = record;
    const key = JSON.stringify([client, service, requestId]);
    groups.set(key, [...(groups.get(key) ?? []), record]);
  }
  // The bundle brings its own configurations; its key is this very log's.
  const verdict = await judgeBundle(writeBundle(content), { verifierKey: content.verifierKey });
  const exchanges: ShownExchange[] = [];
  for (const group of groups.values()) {
    exchanges.push(await showGroup(group, configurations, { content, verdict }, language));
  }
  return { queryId, exchanges, verdict, areBodiesJudged };
}

/** A message of the last minute has no timestamp yet: it is asked for, and missed when it cannot be had. */
async function readStamped(log: EvidenceSource, places: readonly number[]): Promise<FoundRecord[]> {
  const records = places.map((index) => requireRecord(log, index));
  if (records.every(({ timestamp }) => timestamp !== undefined)) return records;
  try {
    await log.stampNow();
  } catch (error) {
    // What is there is shown all the same; sentences and verdict say what it lacks.
    if (error instanceof Fault) return records;
    throw error;
  }
  return places.map((index) => requireRecord(log, index));
}

interface JudgedEvidence {
  readonly content: Pick<BundleContent, 'verifierKey'>;
  readonly verdict: Verdict;
}

/** Who stamped a record, when the judge found that good: also by what counted only after it was recorded. */
function authorityIn(steps: readonly Step[], { index }: FoundRecord): string | undefined {
  const step = steps.find(({ id, about }) => id === 'checkpoint-timestamp' && about === `records/${index}`);
  return step?.details.find(([name]) => name === authorityDetail)?.[1];
}

async function showGroup(
  group: readonly FoundRecord[],
  configurations: ConfigurationArchive,
  { content: { verifierKey }, verdict }: JudgedEvidence,
  language: TellingLanguage,
): Promise<ShownExchange> {
  const [first] = group;
  if (first === undefined) throw new Error('a group begins with a record');
  const configuration = await configurations.configurationOf(configurationOf(first));
  const { client, provider, service, requestId, protocol } = first;
  const shown = await Promise.all(
    group.map(async (record) => {
      const id = configurationOf(record);
      const told = { verifierKey, authority: authorityIn(verdict.steps, record) };
      return showRecord(record, id, await configurations.configurationOf(id), told);
    }),
  );
  const described: DescribedExchange = {
    client: nameParty(client, configuration),
    provider: nameParty(provider, configuration),
    ...{ service, requestId, records: shown },
    userId: group.find(({ userId }) => userId !== null)?.userId ?? null,
    issue: group.find(({ issue }) => issue !== null)?.issue ?? null,
  };
  return { ...described, protocol, sentences: describeExchange(described, language) };
}

function sizeOfBodies(records: readonly FoundRecord[]): number {
  return records.flatMap(({ bodies }) => bodies).reduce((sum, { size }) => sum + size, 0);
}
