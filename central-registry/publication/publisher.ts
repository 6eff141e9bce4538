import { dirname, join } from 'node:path';
import type { Token } from '../../certs/token/index.ts';
import {
  buildFromFiles,
  type ConfigurationVersion,
  type GlobalConfiguration,
  type ReadBefore,
  type RegistryHistory,
  versions,
} from '../../gateway/configuration/index.ts';
import { printEncoded } from '../../gateway/identifier/index.ts';
import { syncFolder } from '../../gateway/store/index.ts';
import type { History } from '../history/index.ts';
import type { ConfigurationSource, Register, RegisterContent } from '../register/index.ts';
import {
  historyFolder,
  listGenerations,
  prepareVersion,
  removeGeneration,
  removeVersion,
  writeGeneration,
  writeSignedDirectory,
} from './folder.ts';
import { buildParameters } from './parameters.ts';
import { type Part, writeParts } from './parts.ts';
import type { Published } from './polls.ts';
import { type DirectoryWanted, signDirectory } from './sign-directory.ts';

export interface PublisherOptions {
  readonly register: Register;
  /** What every configuration commits to; absent: to nothing. */
  readonly history?: Pick<History, 'verifierKey' | 'publish'>;
  /** Holds the configuration keys; while it is not active, the former configuration stays until it expires. */
  readonly token: Pick<Token, 'signingKey'>;
  /** Where the published files are. */
  readonly folder: string;
  readonly now: () => Date;
  /** Pause between renewals without a change, shorter where the validity asks for it. Milliseconds. */
  readonly renewEveryMs: number;
  /** Newest version that is published, for readers that refuse later ones; the newest known unless told. */
  readonly newestVersion?: ConfigurationVersion;
  /** Told of each publication that is in force. */
  readonly onPublished?: (published: Published) => void;
  /** Told of publications that failed; they are tried again at the next change or renewal. */
  readonly report: (error: unknown) => void;
}

/** How publishing stands. */
export interface PublicationState {
  /** Undefined before the first publication of this run. */
  readonly publishedAt: Date | undefined;
  readonly expiresAt: Date | undefined;
  /** Why the latest attempt failed; undefined when it did not. */
  readonly failure: string | undefined;
}

/** The files of one version that its directories name. */
interface Generation {
  readonly name: string;
  readonly parts: readonly Part[];
}

/** The register in the form of every version. */
interface Prepared {
  readonly revision: number;
  readonly content: RegisterContent;
  readonly parts: ReadonlyMap<ConfigurationVersion, readonly Part[]>;
}

const newestKnown: ConfigurationVersion = 6;

/**
 * Keeps the published folder in step with the register: at once after a change, and again before what was published
 * expires. Changes that come while a publication runs are published together by the next one.
 */
export class Publisher {
  readonly #options: PublisherOptions;
  readonly #newestVersion: ConfigurationVersion;
  readonly #versions: readonly ConfigurationVersion[];
  readonly #current = new Map<ConfigurationVersion, Generation>();
  /** When the last directory that names a former generation expires, by version and name. Milliseconds since 1970. */
  readonly #removableAt = new Map<string, number>();
  readonly #stopListening: () => void;
  readonly #readBefore: ReadBefore = new WeakMap();
  #prepared: Prepared | undefined;
  /** What readers of the latest version get, until it is built anew after the next publication. */
  #published: { readonly parts: readonly Part[]; readonly expiresAt: Date } | undefined;
  #configuration: GlobalConfiguration | undefined;
  #state: PublicationState = { publishedAt: undefined, expiresAt: undefined, failure: undefined };
  #running: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;
  /** When what is published was last another. */
  #changedAt = new Date(0);
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  private constructor(options: PublisherOptions) {
    this.#options = options;
    this.#newestVersion = options.newestVersion ?? newestKnown;
    this.#versions = versions.filter((version) => version <= this.#newestVersion);
    this.#stopListening = options.register.onChange(() => this.#publishUnattended());
  }

  /** Publishes once, so that a registry that runs has a configuration to show, and goes on from there. */
  static async start(options: PublisherOptions): Promise<Publisher> {
    const { folder, newestVersion = newestKnown } = options;
    for (const version of versions) {
      // A reader takes the newest version it finds: one that is published no more must not stay behind.
      if (version > newestVersion) await removeVersion(folder, version);
      else await prepareVersion(folder, version);
    }
    await syncFolder(folder);
    await syncFolder(dirname(folder));
    const publisher = new Publisher(options);
    try {
      await publisher.publish();
    } catch (error) {
      await publisher.close();
      throw error;
    }
    return publisher;
  }

  state(): PublicationState {
    return this.#state;
  }

  /**
   * The configuration as readers have it now: the registry trusts whom everybody else does, and nobody once what it
   * published has expired.
   * @throws Fault OutdatedGlobalConf
   */
  configuration(): GlobalConfiguration {
    const { register, now } = this.#options;
    if (this.#published === undefined) throw new Error('nothing was published yet');
    const { parts, expiresAt } = this.#published;
    this.#configuration ??= buildFromFiles(
      register.instance,
      parts.map((part) => ({
        ...part,
        instance: register.instance,
        version: this.#newestVersion,
        expiresAt,
      })),
      this.#readBefore,
    );
    return this.#configuration.inForceAt(now());
  }

  /** Publishes the register as it is now; resolves when readers get it. Calls while one waits share it. */
  publish(): Promise<void> {
    this.#next ??= this.#afterRunning();
    return this.#next;
  }

  /** Stops renewing and waits for the publication under way. What is published stays until it expires. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#stopListening();
    clearTimeout(this.#timer);
    await Promise.allSettled([this.#next, this.#running]);
    clearTimeout(this.#timer);
  }

  async #afterRunning(): Promise<void> {
    await Promise.allSettled([this.#running]);
    // From here on the register is being read: a later change needs a publication of its own.
    this.#next = undefined;
    this.#running = this.#publishOnce();
    await this.#running;
  }

  #publishUnattended(): void {
    if (this.#isClosed) return;
    this.publish().catch(this.#options.report);
  }

  async #publishOnce(): Promise<void> {
    clearTimeout(this.#timer);
    let pauseMs = this.#options.renewEveryMs;
    try {
      const { content, parts } = await this.#prepare();
      const validityMs = content.settings.validitySeconds * 1000;
      // A short validity may not run out between two renewals, nor because one of them failed.
      pauseMs = Math.min(pauseMs, validityMs / 3);
      const publishedAt = this.#options.now();
      const expiresAt = new Date(publishedAt.getTime() + validityMs);
      const directories: Buffer[] = [];
      for (const [version, files] of parts) {
        const former = this.#current.get(version)?.name;
        const location = await this.#putPartsInPlace(version, files, publishedAt);
        // Before the first reader has it, who may ask at once for what it allows.
        if (version === this.#newestVersion) this.#use(files, expiresAt);
        directories.push(
          await this.#putDirectoriesInForce({ version, location, parts: files, expiresAt }, content),
        );
        if (this.#current.get(version)?.name !== former) this.#changedAt = publishedAt;
      }
      const servers = new Set(content.servers.map(({ id }) => printEncoded(id)));
      this.#options.onPublished?.({ directories, at: publishedAt, changedAt: this.#changedAt, servers });
      const formerExpiry = this.#state.expiresAt?.getTime() ?? 0;
      this.#state = { publishedAt, expiresAt, failure: undefined };
      await this.#removeReplaced(publishedAt.getTime(), Math.max(formerExpiry, expiresAt.getTime()));
    } catch (error) {
      this.#state = { ...this.#state, failure: error instanceof Error ? error.message : String(error) };
      throw error;
    } finally {
      if (!this.#isClosed) {
        this.#timer = setTimeout(() => this.#publishUnattended(), pauseMs);
        this.#timer.unref();
      }
    }
  }

  #use(parts: readonly Part[], expiresAt: Date): void {
    this.#published = { parts, expiresAt };
    this.#configuration = undefined;
  }

  /** The register as it is now, written out again only if it has changed. */
  async #prepare(): Promise<Prepared> {
    // Asked before reading: a change that comes in between is written out once too often, never too seldom.
    const { revision } = this.#options.register;
    if (this.#prepared?.revision === revision) return this.#prepared;
    const content = await this.#options.register.readAll();
    const parameters = buildParameters(content);
    const history = await this.#publishHistory();
    const parts = new Map(
      this.#versions.map((version) => [version, writeParts(parameters, version, history)]),
    );
    this.#prepared = { revision, content, parts };
    return this.#prepared;
  }

  /** Of at least what was read before, and in place before a directory names it. */
  async #publishHistory(): Promise<RegistryHistory | undefined> {
    const { history, folder } = this.#options;
    if (history === undefined) return undefined;
    const checkpoint = await history.publish(join(folder, historyFolder));
    return { verifierKey: history.verifierKey, checkpoint, location: `/${historyFolder}` };
  }

  /** @returns path under which the parts are served; parts that are in place stay where they are */
  async #putPartsInPlace(
    version: ConfigurationVersion,
    parts: readonly Part[],
    publishedAt: Date,
  ): Promise<string> {
    const former = this.#current.get(version);
    if (former !== undefined && haveSameBytes(former.parts, parts)) return `/V${version}/${former.name}`;
    const name = await writeGeneration(this.#options.folder, version, publishedAt, parts);
    this.#current.set(version, { name, parts });
    return `/V${version}/${name}`;
  }

  /** @returns the one for own servers */
  async #putDirectoriesInForce(
    wanted: Omit<DirectoryWanted, 'source'>,
    content: RegisterContent,
  ): Promise<Buffer> {
    const { folder, token } = this.#options;
    const put = async (source: ConfigurationSource) => {
      const body = await signDirectory({ ...wanted, source }, content, token);
      await writeSignedDirectory(folder, wanted.version, source, body);
      return body;
    };
    const internal = await put('internal');
    await put('external');
    return internal;
  }

  /**
   * Removes generations that no valid directory names: a reader may hold the former directory as long as it is
   * valid, and fetch parts by it.
   * @param latestExpiry of directories that may name what was replaced just now
   */
  async #removeReplaced(nowMs: number, latestExpiry: number): Promise<void> {
    const { folder } = this.#options;
    for (const version of this.#versions) {
      const current = this.#current.get(version)?.name;
      for (const name of await listGenerations(folder, version)) {
        if (name === current) continue;
        const key = `${version}/${name}`;
        const removableAt = this.#removableAt.get(key);
        if (removableAt === undefined) this.#removableAt.set(key, latestExpiry);
        else if (nowMs > removableAt) {
          await removeGeneration(folder, version, name);
          this.#removableAt.delete(key);
        }
      }
    }
  }
}

function haveSameBytes(former: readonly Part[], parts: readonly Part[]): boolean {
  return (
    former.length === parts.length &&
    parts.every(({ fileName, digest }, index) => {
      const other = former[index];
      return other?.fileName === fileName && other.digest.equals(digest);
    })
  );
}
