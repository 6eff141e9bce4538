import type {
  Anchor,
  AnchorSource,
  ConfigurationFile,
  GlobalConfiguration,
} from '../../gateway/configuration/index.ts';
import {
  buildFromFiles,
  type ReadBefore,
  readConfigurationFiles,
  writeConfigurationFolder,
} from '../../gateway/configuration/index.ts';
import { Fault } from '../../gateway/fault/index.ts';
import type { ConfigurationSource } from '../../gateway/road/index.ts';
import { downloadConfiguration, type ServedLast } from './download.ts';

export interface ConfigurationClientOptions {
  readonly anchor: Anchor;
  /** Folder in the layout of X-Road; a link to the generation in force. */
  readonly dir: string;
  readonly now: () => Date;
  /** In [0, 1); spreads the polls of many servers. */
  readonly random: () => number;
  /** Milliseconds between polls: how long a change of the registry may take to be in force here. */
  readonly pollMs: number;
  /** Instances of the federation that are admitted. */
  readonly allowedFederations: 'none' | 'all' | ReadonlySet<string>;
  /** Told of every poll that brought nothing; the next one comes by itself. */
  readonly onFailure: (error: Error) => void;
  /** Told when another configuration is in force. */
  readonly onChange: (configuration: GlobalConfiguration) => void;
}

const firstRetryMs = 1_000;

/**
 * Keeps the configuration of the instance fresh: polls its sources, and takes in what is good in one piece. When
 * none can be had, the last good copy serves until it expires; after that everything is refused, until a source
 * answers again.
 */
export class ConfigurationClient implements ConfigurationSource {
  readonly #options: ConfigurationClientOptions;
  readonly #served = new Map<string, ServedLast>();
  /** Parsing a large instance takes a second; a poll that brings the same bytes does not repeat it. */
  readonly #readBefore: ReadBefore = new WeakMap();
  #files: readonly ConfigurationFile[] = [];
  #configuration: GlobalConfiguration | undefined;
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;
  #polling: Promise<void> | undefined;
  #closed = false;

  constructor(options: ConfigurationClientOptions) {
    this.#options = options;
  }

  /** Takes what is on disk, polls once, and goes on polling. */
  async start(): Promise<void> {
    await this.#load();
    // A source that is down now is no reason not to start: the copy on disk may still count.
    await this.refresh().catch(() => undefined);
  }

  /** The configuration fetched last, in force or not; undefined before the first. */
  latest(): GlobalConfiguration | undefined {
    return this.#configuration;
  }

  current(): GlobalConfiguration {
    if (this.#configuration === undefined) {
      throw new Fault(
        'OutdatedGlobalConf',
        'No global configuration could be fetched yet; nothing is processed',
      );
    }
    return this.#configuration.inForceAt(this.#options.now());
  }

  /**
   * Polls anew, after a poll that is under way: what was published before the call is in force when it resolves.
   * @throws Error with what was wrong with each source
   */
  async refresh(): Promise<void> {
    await this.#polling?.catch(() => undefined);
    this.#polling ??= this.#poll().finally(() => {
      this.#polling = undefined;
      this.#plan();
    });
    await this.#polling;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#polling?.catch(() => undefined);
  }

  async #load(): Promise<void> {
    const { dir, anchor, onChange } = this.#options;
    try {
      const [own, files] = await readConfigurationFiles(dir);
      if (own !== anchor.instance) return;
      this.#configuration = buildFromFiles(own, files, this.#readBefore);
      this.#files = files;
      onChange(this.#configuration);
    } catch (error) {
      // Nothing there yet, or a copy that was damaged: the sources will say.
      if (!(error instanceof Fault) && (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }

  async #poll(): Promise<void> {
    const { anchor, dir, onChange, onFailure } = this.#options;
    const { instance } = anchor;
    try {
      const own = await this.#download(instance, this.#ownSources());
      const files = [...own, ...(await this.#downloadFederation(own))];
      if (isUnchanged(files, this.#files) && this.#configuration !== undefined) {
        this.#failures = 0;
        return;
      }
      const configuration = buildFromFiles(instance, files, this.#readBefore);
      if (configuration.private === undefined) {
        throw new Fault(
          'MalformedGlobalConf',
          'the anchor leads to a configuration without private parameters',
        );
      }
      const isNew = configuration.id !== this.#configuration?.id;
      await writeConfigurationFolder(dir, instance, files);
      this.#files = files;
      this.#configuration = configuration;
      this.#failures = 0;
      if (isNew) onChange(configuration);
    } catch (cause) {
      this.#failures += 1;
      const error = cause instanceof Error ? cause : new Error(String(cause));
      onFailure(error);
      throw error;
    }
  }

  #download(
    instance: string,
    sources: readonly AnchorSource[],
    wanted?: ReadonlySet<string>,
  ): Promise<ConfigurationFile[]> {
    const { now } = this.#options;
    const served = this.#served;
    const known = this.#files;
    return downloadConfiguration({
      instance,
      sources,
      known,
      served,
      now,
      ...(wanted && { wanted }),
    });
  }

  /** Other instances' shared parameters; one that cannot be had keeps its last copy until that expires. */
  async #downloadFederation(own: readonly ConfigurationFile[]): Promise<ConfigurationFile[]> {
    const { allowedFederations, anchor, onFailure, now } = this.#options;
    if (allowedFederations === 'none') return [];
    const anchors = buildFromFiles(anchor.instance, own, this.#readBefore).private?.federatedAnchors ?? [];
    const admitted = anchors.filter(
      ({ instance }) =>
        instance !== anchor.instance && (allowedFederations === 'all' || allowedFederations.has(instance)),
    );
    const wanted = new Set(['SHARED-PARAMETERS']);
    const files: ConfigurationFile[] = [];
    for (const { instance, sources } of admitted) {
      try {
        const theirs = await this.#download(instance, httpsFirst(sources), wanted);
        // What another instance publishes, however broken, must not keep the own one from being renewed.
        buildFromFiles(instance, theirs, this.#readBefore);
        files.push(...theirs);
      } catch (error) {
        onFailure(
          new Error(`instance ${instance}: ${error instanceof Error ? error.message : String(error)}`),
        );
        files.push(...this.#files.filter((file) => file.instance === instance && file.expiresAt > now()));
      }
    }
    return files;
  }

  /** The anchor's sources, then those that the last shared parameters name with their own certificates. */
  #ownSources(): AnchorSource[] {
    const { anchor } = this.#options;
    const listed = this.#configuration?.shared(anchor.instance)?.sources ?? [];
    const paths = new Set(anchor.sources.map(({ url }) => new URL(url).pathname));
    const further = listed.flatMap(({ address, internalVerificationCerts: verificationCerts }) =>
      [...paths].map((path) => ({
        url: `https://${address.includes(':') ? `[${address}]` : address}${path}`,
        verificationCerts,
      })),
    );
    return [...httpsFirst(anchor.sources), ...further];
  }

  #plan(): void {
    clearTimeout(this.#timer);
    if (this.#closed) return;
    const { pollMs, random } = this.#options;
    // After a failure soon again, then ever more slowly, never more slowly than the ordinary poll.
    const wait =
      this.#failures === 0 ? pollMs : Math.min(firstRetryMs * 2 ** Math.min(this.#failures - 1, 10), pollMs);
    this.#timer = setTimeout(
      () => {
        // The failure was reported where it happened; the plan is made anew either way.
        this.refresh().catch(() => undefined);
      },
      wait * (0.8 + 0.4 * random()),
    );
    this.#timer.unref();
  }
}

/** Whether a poll brought nothing new: the same contents, counting until the same instants. */
function isUnchanged(files: readonly ConfigurationFile[], before: readonly ConfigurationFile[]): boolean {
  return (
    files.length === before.length &&
    files.every((file, index) => {
      const other = before[index];
      return file.content === other?.content && file.expiresAt.getTime() === other.expiresAt.getTime();
    })
  );
}

/** HTTPS variants before HTTP ones, each group in the order given. */
function httpsFirst(sources: readonly AnchorSource[]): AnchorSource[] {
  const isHttps = ({ url }: AnchorSource) => url.startsWith('https:');
  return [...sources.filter(isHttps), ...sources.filter((source) => !isHttps(source))];
}
