import { request } from 'undici';
import { digestOf } from '../../certs/key/index.ts';
import {
  type AnchorSource,
  type ConfigurationFile,
  type Directory,
  type DirectoryPart,
  directoryTag,
  isProofName,
  parsePrivateParameters,
  parseSharedParameters,
  type SignedDirectory,
  verifyDirectory,
  versions,
} from '../../gateway/configuration/index.ts';
import { Fault } from '../../gateway/fault/index.ts';
import { dateOf, HttpStatusError, type NoteAsked } from '../asked/index.ts';
import { NoVersionError, OtherFile, OtherInstance } from './errors.ts';

export interface DownloadQuestion {
  /** Instance whose configuration it must be. */
  readonly instance: string;
  /** In the order they are to be tried; HTTPS addresses first. */
  readonly sources: readonly AnchorSource[];
  /** Which content identifiers are wanted; undefined takes all. */
  readonly wanted?: ReadonlySet<string>;
  /** Files at hand: those whose hash is unchanged are not fetched again. */
  readonly known: readonly ConfigurationFile[];
  /** What each address served last, by address; kept up to date here. */
  readonly served: Map<string, ServedLast>;
  readonly now: () => Date;
  /** Sent to the sources with the question for the directory. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Milliseconds for each file; default 30,000. */
  readonly timeoutMs?: number;
  /** Told how it went with each source. */
  readonly onAsked?: NoteAsked;
}

/** What an address served last: polls come often, and mostly bring the same bytes again. */
export interface ServedLast {
  /** Directory as it was received and verified. */
  readonly body: Buffer;
  readonly directory: Directory;
}

/** What one source served. */
export interface Downloaded {
  readonly files: readonly ConfigurationFile[];
  /** What it was signed with: evidence of where the files came from. */
  readonly directory: SignedDirectory;
  /** Where the directory was. */
  readonly url: URL;
  /** Whether it had the entity tag that a registry of this program gives it. */
  readonly isTagged: boolean;
}

const newestFirst = [...versions].reverse();
const maxDirectoryBytes = 1024 * 1024;
const maxFileBytes = 256 * 1024 * 1024;

/**
 * Fetches a configuration from the first source that serves a good one.
 * @throws Error naming what was wrong with each source
 * @see X-Road 7 protocol for downloading configuration
 */
export async function downloadConfiguration(question: DownloadQuestion): Promise<Downloaded> {
  const failures: string[] = [];
  for (const source of question.sources) {
    const asked = { kind: 'configuration', url: source.url, askedAt: question.now().getTime() } as const;
    const seen: Seen = {};
    const told = () => ({ ...asked, answeredAt: question.now().getTime(), ...seen });
    try {
      const downloaded = await downloadFrom(source, question, seen);
      question.onAsked?.(told());
      return downloaded;
    } catch (error) {
      question.onAsked?.({ ...told(), error });
      failures.push(`${source.url}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  throw new Error(failures.length === 0 ? 'no source is known' : failures.join('; '));
}

/** What the last answer of a source said of the time. */
interface Seen {
  date?: number;
  askedAt?: number;
}

async function downloadFrom(
  source: AnchorSource,
  question: DownloadQuestion,
  seen: Seen,
): Promise<Downloaded> {
  const { url, body, directory, isTagged } = await fetchDirectory(source, question, seen);
  const { wanted } = question;
  const parts = directory.parts.filter(
    ({ contentIdentifier }) => wanted === undefined || wanted.has(contentIdentifier),
  );
  const files: ConfigurationFile[] = [];
  for (const part of parts) files.push(await fileOf(part, url, directory, question, seen));
  if (!files.some(({ contentIdentifier }) => contentIdentifier === 'SHARED-PARAMETERS')) {
    throw new Fault('MalformedGlobalConf', 'the directory names no shared parameters');
  }
  return { files, directory: { instance: question.instance, body }, url, isTagged };
}

/** The newest version the source has, unless its address names one. */
async function fetchDirectory(
  source: AnchorSource,
  question: DownloadQuestion,
  seen: Seen,
): Promise<Pick<Downloaded, 'url' | 'isTagged'> & { readonly body: Buffer; readonly directory: Directory }> {
  const base = new URL(source.url);
  const { served, now } = question;
  const last = served.get(source.url);
  // Every time from the newest on: a registry that is upgraded says more than it did before.
  const candidates = base.searchParams.has('version') ? [undefined] : newestFirst;
  for (const version of candidates) {
    const url = new URL(base);
    if (version !== undefined) url.searchParams.set('version', String(version));
    // While it counts, who has it need not send it again; whoever says so without having it keeps us from nothing
    // for longer than the directory counts, as if they sent it again.
    const known = last !== undefined && last.directory.expiresAt > now() ? last.body : undefined;
    const answer = await get(url, maxDirectoryBytes, question, seen, known);
    if (answer === undefined) continue;
    const { body, etag } = answer;
    // The same bytes were verified before; only the clock has gone on.
    const isSame = last?.body.equals(body) === true && last.directory.expiresAt > now();
    const directory = isSame ? last.directory : verifyDirectory(body, source.verificationCerts, now());
    served.set(source.url, { body, directory });
    return { url, body, directory, isTagged: etag === `"${directoryTag(body)}"` };
  }
  throw new NoVersionError();
}

async function fileOf(
  part: DirectoryPart,
  directoryUrl: URL,
  directory: Directory,
  question: DownloadQuestion,
  seen: Seen,
): Promise<ConfigurationFile> {
  const { instance, contentIdentifier, digest, hash, location } = part;
  if (instance !== question.instance) {
    throw new OtherInstance(`the directory is of instance ${instance}, expected ${question.instance}`);
  }
  const fileName = part.fileName ?? location.slice(location.lastIndexOf('/') + 1);
  const about = {
    instance,
    contentIdentifier,
    fileName: safeName(fileName),
    expiresAt: directory.expiresAt,
    version: directory.version,
    location,
  };
  const known = question.known.find(
    (file) => file.instance === instance && file.contentIdentifier === contentIdentifier,
  );
  if (
    known !== undefined &&
    known.version === directory.version &&
    digestOf(digest.name, known.content).equals(hash)
  ) {
    // Not renewed: the content stays, and counts for longer.
    return { ...known, ...about };
  }
  const answer = await get(new URL(location, directoryUrl), maxFileBytes, { ...question, headers: {} }, seen);
  if (answer === undefined) throw new Error(`${location} is not there`);
  const content = answer.body;
  if (!digestOf(digest.name, content).equals(hash)) {
    throw new OtherFile(location);
  }
  checkContent(contentIdentifier, content, about);
  return { ...about, content };
}

/** A file that cannot be read is refused before it takes the place of one that can. */
function checkContent(
  contentIdentifier: string,
  content: Buffer,
  { instance, version }: Pick<ConfigurationFile, 'instance' | 'version'>,
): void {
  const found =
    contentIdentifier === 'SHARED-PARAMETERS'
      ? parseSharedParameters(content, version).instance
      : contentIdentifier === 'PRIVATE-PARAMETERS'
        ? parsePrivateParameters(content).instance
        : instance;
  if (found !== instance) {
    throw new OtherInstance(`the ${contentIdentifier} of ${instance} are those of ${found}`);
  }
}

/** A name that cannot lead out of its folder. */
function safeName(name: string): string {
  const isTaken = isProofName(name) || name.endsWith('.metadata');
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,200}$/.test(name) || isTaken) {
    throw new Fault('MalformedGlobalConf', `'${name}' cannot be the name of a configuration file`);
  }
  return name;
}

/**
 * @param known a directory at hand, which a source that has the same need not send
 * @returns undefined for 404
 */
async function get(
  url: URL,
  maxBytes: number,
  { timeoutMs = 30_000, now, headers }: DownloadQuestion,
  seen: Seen,
  known?: Buffer,
): Promise<{ readonly body: Buffer; readonly etag: string | undefined } | undefined> {
  seen.askedAt = now().getTime();
  const response = await request(url, {
    method: 'GET',
    headers: {
      ...headers,
      ...(known !== undefined && { 'if-none-match': `"${directoryTag(known)}"` }),
    },
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    signal: AbortSignal.timeout(timeoutMs),
  });
  Object.assign(seen, dateOf(response.headers));
  const etag = [response.headers['etag']].flat()[0];
  if (response.statusCode !== 200) {
    await response.body.dump({ limit: 64 * 1024 });
    if (response.statusCode === 304 && known !== undefined) return { body: known, etag };
    if (response.statusCode === 404) return undefined;
    throw new HttpStatusError(response.statusCode);
  }
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response.body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) throw new Error(`${url.pathname} is larger than ${maxBytes} octets`);
    chunks.push(chunk);
  }
  return { body: Buffer.concat(chunks), etag };
}
