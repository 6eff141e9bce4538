import { type Grouping, writeOwnArchive } from '../../gateway/evidence/index.ts';
import type { ArchiveLink, WrittenArchive } from '../../gateway/signature/index.ts';
import { type ConfigurationArchive, gatherBundle } from '../auditor/index.ts';
import type { ArchiveSource } from './archive-source.ts';
import type { Batch, Stretch } from './collect.ts';
import { countLeftOut, maxArchivedBody } from './left-out.ts';

/** What one archive is made of. */
export interface ArchiveOrder {
  readonly grouping: Grouping;
  readonly stretch: Stretch;
  readonly batch: Batch;
  readonly previous: ArchiveLink | undefined;
  readonly createdAt: Date;
}

/**
 * Makes an archive: containers as X-Road reads them, and beside them a bundle of evidence without its containers, which
 * shows that the group has no other record in this stretch of the log.
 * @throws MessageLogError locked
 */
export async function buildArchive(
  log: ArchiveSource,
  configurations: ConfigurationArchive,
  { grouping, stretch, batch, previous, createdAt }: ArchiveOrder,
): Promise<WrittenArchive> {
  const { from, to, tallies } = stretch;
  const { group, records, beside } = batch;
  const content = await gatherBundle(withoutLargeBodies(log), configurations, {
    scope: { kind: 'archive', grouping, group, from, to, previous: previous ?? null },
    ...{ records, beside, includeBodies: true, createdAt },
    // A group is told of others only how many there are: the tallies at both ends tell that, those between no more.
    tallies: grouping === 'none' ? tallies : tallies.filter((_, at) => at === 0 || at === tallies.length - 1),
    limits: { records: records.length, beside: beside.length, octets: Number.POSITIVE_INFINITY },
  });
  return writeOwnArchive(content, previous);
}

/** The log as if its largest bodies were erased. */
function withoutLargeBodies(log: ArchiveSource): Parameters<typeof gatherBundle>[0] {
  return {
    get origin() {
      return log.origin;
    },
    get verifierKey() {
      return log.verifierKey;
    },
    get tree() {
      return log.tree;
    },
    checkpoint: () => log.checkpoint(),
    signContents: (text) => log.signContents(text),
    read: (index) => {
      const record = log.read(index);
      if (record === undefined || countLeftOut(record) === 0) return record;
      const bodies = record.bodies.map((body) => ({
        ...body,
        isErased: body.isErased || body.size > maxArchivedBody,
      }));
      return { ...record, bodies };
    },
    leaf: (index) => log.leaf(index),
    openBody: (index, position) => {
      const body = log.read(index)?.bodies.find((one) => one.position === position);
      return body === undefined || body.size > maxArchivedBody ? undefined : log.openBody(index, position);
    },
  };
}
