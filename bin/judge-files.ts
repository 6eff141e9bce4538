import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import {
  hasEvidence,
  isBundle,
  judgeBundle,
  judgeOwnArchive,
  type ReadOwnArchive,
  type Trust,
  type Verdict,
} from '../gateway/evidence/index.ts';
import { ArchiveError, type ArchiveErrorCode } from '../gateway/signature/index.ts';
import { type Auditor, createAuditor, type JudgedArchive, type Judgement } from '../security-server/index.ts';

export interface JudgedBundle {
  readonly file: string;
  readonly verdict: Verdict;
}

export interface JudgedFiles {
  /** Of containers, alone or in archives of X-Road. */
  readonly results: readonly Judgement[];
  /** Of files that bring their evidence along: bundles, and archives of Waygate. */
  readonly bundles: readonly JudgedBundle[];
  /** Of the archives; the first that is not good. Null without any. */
  readonly linking: JudgedArchive['linking'] | null;
}

type Linking = JudgedArchive['linking'];

/** @throws Error when a file cannot be read, or nothing says whom to trust about it */
export async function judgeFiles(files: readonly string[], trust: Trust): Promise<JudgedFiles> {
  const auditor = trust.configuration && createAuditor(trust.configuration);
  const results: Judgement[] = [];
  const bundles: JudgedBundle[] = [];
  const linkings: Linking[] = [];
  const chain = new ArchiveChain();
  for (const file of files) {
    const bytes = await readFile(file);
    if (isBundle(bytes)) {
      bundles.push({ file, verdict: await judgeBundle(bytes, trust) });
    } else if (/\.gpg$/i.test(file)) {
      throw new Error(`${file} is encrypted: open it first, gpg --decrypt ${file} > ${file.slice(0, -4)}`);
    } else if (!/\.zip$/i.test(file)) {
      results.push(await demand(auditor, file).judgeContainer(file, bytes));
    } else if (hasEvidence(bytes)) {
      const { verdict, linking } = await judgeOwn(file, bytes, trust, chain);
      bundles.push({ file, verdict });
      linkings.push(linking);
    } else {
      const archive = await demand(auditor, file).judgeArchive(file, bytes);
      results.push(...archive.results);
      linkings.push(archive.linking);
    }
  }
  return { results, bundles, linking: linkings.find(({ valid }) => !valid) ?? linkings[0] ?? null };
}

async function judgeOwn(
  file: string,
  bytes: Buffer,
  trust: Trust,
  chain: ArchiveChain,
): Promise<{ readonly linking: Linking; readonly verdict: Verdict }> {
  const { verdict, archive, trouble } = await judgeOwnArchive(bytes, trust);
  if (archive !== undefined) return { verdict, linking: chain.add(basename(file), archive) };
  const code = trouble instanceof ArchiveError ? trouble.code : 'malformed';
  return { verdict, linking: broken(code, `${file}: ${verdict.reason}`) };
}

/** Holds the archives of a group that are given to each other: each follows one that was given before it. */
class ArchiveChain {
  /** Last digests of a group's archives, by the names under which they are followed. */
  readonly #groups = new Map<string, Map<string, string>>();
  /** Places before which a group's archives, by the same names, have everything. */
  readonly #ends = new Map<string, number>();

  add(name: string, { title, lastDigest, previous, content }: ReadOwnArchive): Linking {
    const end = this.#ends.get(previous?.fileName ?? '');
    const { scope, records } = content;
    if (scope.kind === 'archive') for (const one of [name, `${name}.gpg`]) this.#ends.set(one, scope.to);

    const known = this.#groups.get(title) ?? new Map<string, string>();
    const isFirst = known.size === 0;
    this.#groups.set(title, known);
    // While it was encrypted, it had .gpg behind its name.
    for (const one of [name, `${name}.gpg`]) known.set(one, lastDigest);
    if (previous === undefined) {
      return isFirst ? good : broken('broken-link', `${name} begins the ${title} anew: it follows no other`);
    }
    const digest = known.get(previous.fileName);
    // Between two stretches only their numbers are told, of records that must be in one of them.
    const lost = records.find(
      ({ index }) => scope.kind === 'archive' && end !== undefined && end <= index && index < scope.from,
    );
    if (lost !== undefined) {
      return broken('missing', `record ${lost.index} is neither in ${previous.fileName} nor in ${name}`);
    }
    if (digest === previous.digest || (digest === undefined && isFirst)) return good;
    return digest === undefined
      ? broken('missing', `${name} follows ${previous.fileName}, which was not given before it`)
      : broken('broken-link', `${name} does not follow the ${previous.fileName} that was given`);
  }
}

const good: Linking = { valid: true, code: null, reason: null };

function broken(code: ArchiveErrorCode, reason: string): Linking {
  return { valid: false, code, reason };
}

function demand(auditor: Auditor | undefined, file: string): Auditor {
  if (auditor !== undefined) return auditor;
  throw new Error(
    `${file} is a container or an archive, which says not whom to trust: give --configuration DIR, from GET ` +
      '/verificationconf of a security server or from `waygate config verify --into DIR`',
  );
}
