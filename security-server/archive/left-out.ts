import type { FoundRecord } from '../message-log/index.ts';

/**
 * Octets of one body that an archive takes: a container is made in memory, several times its size at once. A larger
 * body stays in the log, with the partition it is in; the archive has its digest, in the signature.
 */
export const maxArchivedBody = 128 * 1024 * 1024;

/** Bodies of a record that its archive leaves out. */
export function countLeftOut({ bodies }: Pick<FoundRecord, 'bodies'>): number {
  return bodies.filter(({ isErased, size }) => !isErased && size > maxArchivedBody).length;
}
