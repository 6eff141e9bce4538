import { createHash } from 'node:crypto';
import type { FoundTally, RecordSummary } from '../message-log/index.ts';

/** By whom archives are kept apart. */
export type Grouping = 'none' | 'member' | 'subsystem';

const fieldsOfMember = 3;
const maxNameOctets = 120;

/**
 * Group of a record: our own party of the exchange, encoded; empty without grouping. A client that is a member itself
 * makes a group of its own among subsystems.
 */
export function groupOf(
  { side, client, provider }: Pick<RecordSummary, 'side' | 'client' | 'provider'>,
  grouping: Grouping,
): string {
  if (grouping === 'none') return '';
  const owner = side === 'client' ? client : provider;
  return grouping === 'member' ? owner.split(':').slice(0, fieldsOfMember).join(':') : owner;
}

/** Lines of a tally that a group may see: others talk to whom they like. */
export function linesOfGroup(pairs: FoundTally['pairs'], group: string): FoundTally['pairs'] {
  if (group === '') return pairs;
  const isOf = (id: string | undefined) => id === group || id?.startsWith(`${group}:`) === true;
  return pairs.filter(({ text }) => {
    const [client, provider] = text.split('|');
    return isOf(client) || isOf(provider);
  });
}

export interface ArchiveNaming {
  readonly group: string;
  /** Instants of the first and last message, milliseconds since the epoch. */
  readonly from: number;
  readonly to: number;
  /** Last linking digest, hex. */
  readonly lastDigest: string;
  readonly isEncrypted: boolean;
}

/** File name of an archive. @see X-Road 7 message log archives */
export function archiveName({ group, from, to, lastDigest, isEncrypted }: ArchiveNaming): string {
  const owner = group === '' ? '' : `${fileNameOf(group)}-`;
  const ending = isEncrypted ? '.zip.gpg' : '.zip';
  return `mlog-${owner}${stampOf(from)}-${stampOf(to)}-${lastDigest.slice(0, 16)}${ending}`;
}

/** No two groups share one, and none leads out of a folder. */
function fileNameOf(group: string): string {
  const name = group.replace(/[^A-Za-z0-9._]/gu, (char) =>
    char === ':' ? '-' : `~${Buffer.from(char).toString('hex')}`,
  );
  if (name.length <= maxNameOctets) return name;
  const digest = createHash('sha256').update(group).digest('hex').slice(0, 32);
  return `${name.slice(0, maxNameOctets - 34)}~~${digest}`;
}

/** `yyyyMMddHHmmss` in UTC. */
function stampOf(at: number): string {
  return new Date(at).toISOString().replace(/\D/g, '').slice(0, 14);
}
