import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import {
  hasEvidence,
  isBundle,
  judgeBundle,
  judgeOwnArchive,
  type Trust,
  type Verdict,
} from '../gateway/evidence/index.ts';
import { ArchiveError } from '../gateway/signature/index.ts';
import { type Auditor, createAuditor, type Judgement } from '../security-server/index.ts';
import { ArchiveChain, broken, type Linking } from './archive-chain.ts';

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
  readonly linking: Linking | null;
}

/** @throws Error when a file cannot be read, or nothing says whom to trust about it */
export async function judgeFiles(files: readonly string[], trust: Trust): Promise<JudgedFiles> {
  const auditor = trust.configuration && createAuditor(trust.configuration);
  const results: Judgement[] = [];
  const bundles: JudgedBundle[] = [];
  const linkings: Linking[] = [];
  const chain = new ArchiveChain();
  for (const file of files) {
    const bytes = await readFile(file);
    if (isBundle(bytes, file)) {
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
  if (archive !== undefined) return { verdict, linking: chain.add(basename(file), archive, verdict.valid) };
  const code = trouble instanceof ArchiveError ? trouble.code : 'malformed';
  return { verdict, linking: broken(code, `${file}: ${verdict.reason}`) };
}

function demand(auditor: Auditor | undefined, file: string): Auditor {
  if (auditor !== undefined) return auditor;
  throw new Error(
    `${file} is a container or an archive, which says not whom to trust: give --configuration DIR, from GET ` +
      '/verificationconf of a security server or from `waygate config verify --into DIR`',
  );
}
