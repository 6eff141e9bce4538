import {
  findHole,
  numbersAround,
  type ReadOwnArchive,
  type StretchNumbers,
} from '../gateway/evidence/index.ts';
import type { ArchiveErrorCode } from '../gateway/signature/index.ts';
import type { JudgedArchive } from '../security-server/index.ts';

export type Linking = JudgedArchive['linking'];

/** What the next archive of a group is held to. */
interface Link {
  readonly name: string;
  readonly lastDigest: string;
  /** Place before which this archive and those before it have everything of the group. */
  readonly end: number | undefined;
  readonly numbers: StretchNumbers | undefined;
}

/** Holds the archives of a group that are given to each other: each follows one that was given before it. */
export class ArchiveChain {
  /** Archives of each group, by the names under which they are followed. */
  readonly #groups = new Map<string, Map<string, Link>>();

  /** @param isGood whether its evidence is; else its numbers tell nothing */
  add(name: string, archive: ReadOwnArchive, isGood: boolean): Linking {
    const { title, lastDigest, previous, content } = archive;
    const { scope } = content;
    const known = this.#groups.get(title) ?? new Map<string, Link>();
    const isFirst = known.size === 0;
    const before = known.get(previous?.fileName ?? '');
    const end = scope.kind === 'archive' ? scope.to : undefined;
    const link = { name, lastDigest, end, numbers: isGood ? numbersAround(content) : undefined };
    this.#groups.set(title, known);
    // While it was encrypted, it had .gpg behind its name.
    for (const one of [name, `${name}.gpg`]) known.set(one, link);
    if (previous === undefined) {
      return isFirst ? good : broken('broken-link', `${name} begins the ${title} anew: it follows no other`);
    }
    if (before === undefined) {
      return isFirst
        ? good
        : broken('missing', `${name} follows ${previous.fileName}, which was not given before it`);
    }
    const lost = findLost(before, name, content);
    if (lost !== undefined) return lost;
    if (before.lastDigest !== previous.digest)
      return broken('broken-link', `${name} does not follow the ${previous.fileName} that was given`);
    return judgeNumbers(before, link);
  }
}

/** Between two stretches only numbers are told, of records that must be in one of them. */
function findLost(
  { name: before, end }: Link,
  name: string,
  { scope, records }: ReadOwnArchive['content'],
): Linking | undefined {
  if (scope.kind !== 'archive' || end === undefined) return undefined;
  const lost = records.find(({ index }) => end <= index && index < scope.from);
  return lost && broken('missing', `record ${lost.index} is neither in ${before} nor in ${name}`);
}

function judgeNumbers({ name: before, numbers: left }: Link, { name, numbers }: Link): Linking {
  if (left === undefined || numbers === undefined) return good;
  const hole = findHole({ name: before, numbers: left }, { name, numbers });
  return hole === undefined ? good : broken(hole.code, hole.reason);
}

const good: Linking = { valid: true, code: null, reason: null };

export function broken(code: ArchiveErrorCode, reason: string): Linking {
  return { valid: false, code, reason };
}
