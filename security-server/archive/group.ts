import { createHash } from 'node:crypto';

const maxNameOctets = 120;

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
