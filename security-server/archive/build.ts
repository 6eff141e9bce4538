import { type BundleContent, parseFacts, writeBundle } from '../../gateway/evidence/index.ts';
import {
  type ArchiveLink,
  readZip,
  type WrittenArchive,
  writeArchive,
} from '../../gateway/signature/index.ts';
import { type ConfigurationArchive, gatherBundle } from '../auditor/index.ts';
import { containerNameOf, type FoundRecord, type FoundTally } from '../message-log/index.ts';
import type { ArchiveSource } from './archive-source.ts';
import { linesOfGroup } from './group.ts';

/**
 * Octets of one body that an archive takes: a container is made in memory, several times its size at once. A larger
 * body stays in the log, with the partition it is in; the archive has its digest, in the signature.
 */
export const maxArchivedBody = 128 * 1024 * 1024;

/** What one archive is made of. */
export interface ArchiveOrder {
  readonly group: string;
  /** Places of its records, rising. */
  readonly records: readonly number[];
  readonly tallies: readonly FoundTally[];
  readonly previous: ArchiveLink | undefined;
  readonly createdAt: Date;
}

/**
 * Makes an archive: containers as X-Road reads them, and beside them a bundle of evidence without its containers.
 * @throws MessageLogError locked
 */
export async function buildArchive(
  log: ArchiveSource,
  configurations: ConfigurationArchive,
  { group, records, tallies, previous, createdAt }: ArchiveOrder,
): Promise<WrittenArchive> {
  const content = await gatherBundle(withoutLargeBodies(log), configurations, {
    scope: { kind: 'case', title: group === '' ? 'archive of a message log' : `archive of ${group}` },
    ...{ records, beside: [], includeBodies: true, createdAt },
    tallies: tallies.map((tally) => ({ ...tally })),
    limits: { records: records.length, beside: 0, octets: Number.POSITIVE_INFINITY },
  });
  const containers = content.records.flatMap(({ container, facts, index }) =>
    container === null ? [] : [{ name: containerName(facts, index), bytes: container }],
  );
  return writeArchive(containers, previous, evidenceBeside(withLinesOf(content, group)));
}

/** Name of a record's container by its facts. */
export function containerName(bytes: Buffer, index: number): string {
  const facts = parseFacts(bytes);
  if (facts.kind !== 'message') throw new Error('a record of a message has facts of a message');
  return containerNameOf({ queryId: facts.queryId, direction: facts.direction, index });
}

/** Bodies of a record that its archive leaves out. */
export function countLeftOut({ bodies }: Pick<FoundRecord, 'bodies'>): number {
  return bodies.filter(({ isErased, size }) => !isErased && size > maxArchivedBody).length;
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
    read: (index) => {
      const record = log.read(index);
      if (record === undefined || countLeftOut(record) === 0) return record;
      const bodies = record.bodies.map((body) => ({
        ...body,
        isErased: body.isErased || body.size > maxArchivedBody,
      }));
      return { ...record, bodies };
    },
    openBody: (index, position) => {
      const body = log.read(index)?.bodies.find((one) => one.position === position);
      return body === undefined || body.size > maxArchivedBody ? undefined : log.openBody(index, position);
    },
  };
}

function withLinesOf(content: BundleContent, group: string): BundleContent {
  if (group === '') return content;
  const tallies = content.tallies.map((tally) => {
    const wanted = new Set(linesOfGroup(tally.pairs, group).map(({ text }) => text));
    return { ...tally, pairs: tally.pairs.filter(({ text }) => wanted.has(text)) };
  });
  return { ...content, tallies };
}

/** Entries of the bundle but for the containers, which are in the archive already. */
function evidenceBeside(content: BundleContent): ReadonlyMap<string, Buffer> {
  const files = readZip(writeBundle(content), {
    maxEntries: 0xffff,
    maxOctets: Number.POSITIVE_INFINITY,
  });
  return new Map([...files].filter(([name]) => !name.startsWith('records/')));
}
