import type {
  Anchor,
  AnchorSource,
  ConfigurationFile,
  ConfigurationSnapshot,
  GlobalConfiguration,
} from '../../gateway/configuration/index.ts';
import {
  buildFromFiles,
  certificateProfilesPart,
  directoryTag,
  parseAnchor,
  pollingConfigurationHeader,
  pollingServerHeader,
  type ReadBefore,
  readConfigurationOnDisk,
  registryHistoryPart,
  writeConfigurationFolder,
} from '../../gateway/configuration/index.ts';
import { Fault } from '../../gateway/fault/index.ts';
import type { ConfigurationSource } from '../../gateway/road/index.ts';
import type { NoteAsked } from '../asked/index.ts';
import type { HistoryWatch } from '../registry-history/index.ts';
import { Doorbell, type Taken } from './doorbell.ts';
import {
  type Downloaded,
  type DownloadQuestion,
  downloadConfiguration,
  type ServedLast,
} from './download.ts';
import { introduce } from './introduce.ts';
import { type Fetched, SnapshotInForce, type SnapshotKeeping } from './snapshot-in-force.ts';

export interface ConfigurationClientOptions {
  /** Configuration anchor, byte for byte: whom to trust is proved with it years later. */
  readonly anchorFile: Buffer;
  /** Folder in the layout of X-Road; a link to the generation in force. */
  readonly dir: string;
  readonly now: () => Date;
  /** In [0, 1); spreads the polls of many servers. */
  readonly random: () => number;
  /** Milliseconds between polls: how long a change of the registry may take to be in force here. */
  readonly pollMs: number;
  /** Encoded identifier of this server, for the registry to show which configuration it has; not told unless given. */
  readonly serverId?: string;
  /** Instances of the federation that are admitted. */
  readonly allowedFederations: 'none' | 'all' | ReadonlySet<string>;
  /** Told of every poll that brought nothing; the next one comes by itself. */
  readonly onFailure: (error: Error) => void;
  /** Told when another configuration is in force. */
  readonly onChange: (configuration: GlobalConfiguration) => void;
  /** Keeps what records name. No configuration is in force before its snapshot is there. */
  readonly snapshots: SnapshotKeeping;
  /** Judges which history of the register a configuration commits to; throws when it must not be taken. */
  readonly history?: Pick<HistoryWatch, 'admit'>;
  /** Told how it went with each source. */
  readonly onAsked?: NoteAsked;
}

/** Polls that brought nothing, the last of them and the first. */
export interface ConfigurationFailure {
  readonly error: Error;
  readonly at: Date;
  readonly since: Date;
}

const firstRetryMs = 1_000;

/** Between polls while the source tells by itself. Milliseconds. */
const heldPollMs = 60_000;
/** How soon after it told: the servers of an instance do not all come in the same moment. Milliseconds. */
const afterRingMs = 400;

/** Polls that may fail before the directory of the snapshot expires. */
const pollsToSpare = 3;

/**
 * Keeps the configuration of the instance fresh: polls its sources, and takes in what is good in one piece. When
 * none can be had, the last good copy serves until it expires; after that everything is refused, until a source
 * answers again.
 */
export class ConfigurationClient implements ConfigurationSource {
  readonly #options: ConfigurationClientOptions;
  readonly #anchor: Anchor;
  readonly #snapshot: SnapshotInForce;
  readonly #served = new Map<string, ServedLast>();
  /** Parsing a large instance takes a second; a poll that brings the same bytes does not repeat it. */
  readonly #readBefore: ReadBefore = new WeakMap();
  #fetched: Fetched;
  #configuration: GlobalConfiguration | undefined;
  #failures = 0;
  #failure: ConfigurationFailure | undefined;
  #fetchedAt: Date | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** What the own source served last; undefined when it is none that tells of changes. */
  #taken: Taken | undefined;
  readonly #doorbell = new Doorbell();
  #polling: Promise<void> | undefined;
  #closed = false;

  /** @throws Fault MalformedGlobalConf when the anchor cannot be read */
  constructor(options: ConfigurationClientOptions) {
    const { anchorFile, now, onFailure, pollMs, snapshots: keeping } = options;
    this.#options = options;
    this.#anchor = parseAnchor(anchorFile);
    this.#fetched = { own: this.#anchor.instance, files: [], directories: [] };
    const marginMs = pollsToSpare * pollMs;
    this.#snapshot = new SnapshotInForce({ anchorFile, now, onFailure, marginMs, keeping });
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

  /** Why the last poll brought nothing; undefined when it did. */
  failure(): ConfigurationFailure | undefined {
    return this.#failure;
  }

  /** When a poll last brought a good configuration, changed or not; undefined before the first since the start. */
  fetchedAt(): Date | undefined {
    return this.#fetchedAt;
  }

  /** Where the own configuration is looked for, first to last. */
  sources(): readonly string[] {
    return this.#ownSources().map(({ url }) => url);
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

  /** All that proves what is in force, on disk already; undefined before the first. */
  snapshot(): ConfigurationSnapshot | undefined {
    return this.#snapshot.snapshot;
  }

  /**
   * Id of the snapshot, for a record that is about to be written.
   * @throws Fault OutdatedGlobalConf when no configuration is in force
   */
  snapshotId(): string {
    this.current();
    const id = this.#snapshot.idForRecord();
    if (id === undefined) throw new Error('a configuration came into force without its snapshot');
    return id;
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
    this.#doorbell.stop();
    this.#snapshot.close();
    await this.#polling?.catch(() => undefined);
  }

  async #load(): Promise<void> {
    try {
      const { own, files, directories } = await readConfigurationOnDisk(this.#options.dir);
      // A copy that cannot be proved does not count: a release before this one kept no directories.
      const proved = new Set(directories.map(({ instance }) => instance));
      if (own !== this.#anchor.instance || !proved.has(own)) return;
      const counting = files.filter(({ instance }) => proved.has(instance));
      await this.#bring({ own, directories, files: counting });
    } catch (error) {
      // Nothing there yet, or a copy that was damaged: the sources will say.
      if (!(error instanceof Fault) && (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }

  async #poll(): Promise<void> {
    const { dir, onFailure } = this.#options;
    try {
      const fetched = await this.#fetch();
      const { own, files, directories } = fetched;
      const isKnown = isUnchanged(files, this.#fetched.files) && this.#configuration !== undefined;
      if (!isKnown) {
        await this.#bring(fetched, () => writeConfigurationFolder(dir, own, files, directories));
      }
      this.#failures = 0;
      this.#failure = undefined;
      this.#fetchedAt = this.#options.now();
    } catch (cause) {
      this.#failures += 1;
      const error = cause instanceof Error ? cause : new Error(String(cause));
      const at = this.#options.now();
      this.#failure = { error, at, since: this.#failure?.since ?? at };
      onFailure(error);
      throw error;
    }
  }

  /** Brings into force what was fetched, once it and its snapshot are on disk. */
  async #bring(fetched: Fetched, write?: () => Promise<void>): Promise<void> {
    const configuration = buildFromFiles(fetched.own, fetched.files, this.#readBefore);
    if (configuration.private === undefined) {
      throw new Fault(
        'MalformedGlobalConf',
        'the anchor leads to a configuration without private parameters',
      );
    }
    const isNew = configuration.id !== this.#configuration?.id;
    await write?.();
    const takeSnapshot = await this.#snapshot.prepare(fetched);
    takeSnapshot();
    this.#fetched = fetched;
    this.#configuration = configuration;
    if (isNew) this.#options.onChange(configuration);
  }

  async #fetch(): Promise<Fetched> {
    const { instance } = this.#anchor;
    const { files, directory, url, isTagged } = await this.#download(
      instance,
      this.#ownSources(),
      undefined,
      {
        headers: this.#ownHeaders(),
      },
    );
    this.#taken = isTagged ? { url, tag: directoryTag(directory.body) } : undefined;
    const commitment = files.find(({ contentIdentifier }) => contentIdentifier === registryHistoryPart);
    await this.#options.history?.admit(commitment?.content, url);
    const introductions = introduce(this.#anchor, directory.body, this.#fetched);
    const own = {
      files,
      directory: introductions.length === 0 ? directory : { ...directory, introductions },
    };
    const others = await this.#downloadFederation(files);
    return {
      own: instance,
      files: [own, ...others].flatMap((one) => one.files),
      directories: [own, ...others].map((one) => one.directory),
    };
  }

  #download(
    instance: string,
    sources: readonly AnchorSource[],
    wanted?: ReadonlySet<string>,
    more: Pick<DownloadQuestion, 'headers'> = {},
  ): Promise<Downloaded> {
    const { now, onAsked } = this.#options;
    const served = this.#served;
    const known = this.#fetched.files;
    return downloadConfiguration({
      instance,
      sources,
      known,
      served,
      now,
      ...(wanted && { wanted }),
      ...(onAsked && { onAsked }),
      ...more,
    });
  }

  /** Who asks, and what it has in force: for sources of the own instance alone. */
  #ownHeaders(): Record<string, string> {
    const { serverId } = this.#options;
    if (serverId === undefined) return {};
    const own = this.#fetched.directories.find(({ instance }) => instance === this.#anchor.instance);
    return {
      [pollingServerHeader]: serverId,
      ...(own !== undefined && { [pollingConfigurationHeader]: directoryTag(own.body) }),
    };
  }

  /** Other instances' shared parameters and certificate profiles; an instance that cannot be had keeps its last copy until that expires. */
  async #downloadFederation(
    own: readonly ConfigurationFile[],
  ): Promise<Pick<Downloaded, 'files' | 'directory'>[]> {
    const { allowedFederations, onFailure } = this.#options;
    if (allowedFederations === 'none') return [];
    const home = this.#anchor.instance;
    const anchors = buildFromFiles(home, own, this.#readBefore).private?.federatedAnchors ?? [];
    const admitted = anchors.filter(
      ({ instance }) =>
        instance !== home && (allowedFederations === 'all' || allowedFederations.has(instance)),
    );
    const wanted = new Set(['SHARED-PARAMETERS', certificateProfilesPart]);
    const others: Pick<Downloaded, 'files' | 'directory'>[] = [];
    for (const { instance, sources } of admitted) {
      try {
        const theirs = await this.#download(instance, httpsFirst(sources), wanted);
        // What another instance publishes, however broken, must not keep the own one from being renewed.
        buildFromFiles(instance, theirs.files, this.#readBefore);
        others.push(theirs);
      } catch (error) {
        onFailure(
          new Error(`instance ${instance}: ${error instanceof Error ? error.message : String(error)}`),
        );
        others.push(...this.#lastCopy(instance));
      }
    }
    return others;
  }

  /** What another instance published last, as long as it counts. */
  #lastCopy(wanted: string): Pick<Downloaded, 'files' | 'directory'>[] {
    const now = this.#options.now();
    const { files, directories } = this.#fetched;
    const theirs = files.filter(({ instance, expiresAt }) => instance === wanted && expiresAt > now);
    const directory = directories.find(({ instance }) => instance === wanted);
    return directory === undefined || theirs.length === 0 ? [] : [{ files: theirs, directory }];
  }

  /** The anchor's sources, then those that the last shared parameters name with their own certificates. */
  #ownSources(): AnchorSource[] {
    const anchor = this.#anchor;
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
    this.#doorbell.stop();
    if (this.#closed) return;
    const { pollMs, random } = this.#options;
    const isWaiting = this.#waitForChange();
    // After a failure soon again, then ever more slowly, never more slowly than the ordinary poll.
    const wait = isWaiting
      ? Math.max(pollMs, heldPollMs)
      : this.#failures === 0
        ? pollMs
        : Math.min(firstRetryMs * 2 ** Math.min(this.#failures - 1, 10), pollMs);
    this.#pollIn(wait * (0.8 + 0.4 * random()));
  }

  #pollIn(wait: number): void {
    clearTimeout(this.#timer);
    if (this.#closed) return;
    // The failure was reported where it happened; the plan is made anew either way.
    this.#timer = setTimeout(() => this.refresh().catch(() => undefined), wait);
    this.#timer.unref();
  }

  /** @returns false where polls have to find out: after a failure, and with other instances to look at */
  #waitForChange(): boolean {
    if (this.#taken === undefined || this.#failures > 0 || this.#fetched.directories.length > 1) return false;
    const { pollMs, random } = this.#options;
    return this.#doorbell.listen(this.#taken, () => this.#ownHeaders(), {
      onRing: () => this.#pollIn(afterRingMs * random()),
      onSilent: () => this.#pollIn(pollMs * random()),
    });
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
