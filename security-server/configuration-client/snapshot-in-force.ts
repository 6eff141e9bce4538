import {
  buildSnapshot,
  type ConfigurationFile,
  type ConfigurationSnapshot,
  type SignedDirectory,
} from '../../gateway/configuration/index.ts';

/** A configuration as it was fetched: every instance of `files` has its directory. */
export interface Fetched {
  /** Own instance. */
  readonly own: string;
  readonly files: readonly ConfigurationFile[];
  readonly directories: readonly SignedDirectory[];
}

/** Where snapshots are kept for records that name them. */
export interface SnapshotKeeping {
  /** Puts a snapshot on disk: it is there, also after a crash, when this resolves. */
  save(snapshot: ConfigurationSnapshot): Promise<void>;
  /** Takes one back that no record was given since it was saved. */
  discard(id: string): Promise<void>;
}

export interface SnapshotInForceOptions {
  /** The anchor file as it was given. */
  readonly anchorFile: Buffer;
  readonly keeping: SnapshotKeeping;
  readonly now: () => Date;
  /** Milliseconds before a directory expires from which on a later one takes its place. */
  readonly marginMs: number;
  readonly onFailure: (error: Error) => void;
}

/** Timers cannot be set further ahead than 24 days. */
const longestWaitMs = 24 * 3_600_000;

/**
 * The snapshot that records are to name. A registry signs its directory anew every minute, mostly for the same files;
 * the snapshot keeps the first one it saw for them until that one is about to expire, so that a day makes some hundred
 * snapshots and not thousands, and yet each record names a directory that counted when it was written. A snapshot that
 * no record was given in its time is taken back.
 */
export class SnapshotInForce {
  readonly #options: SnapshotInForceOptions;
  /** What the snapshot was made of. */
  #kept: Fetched | undefined;
  #snapshot: ConfigurationSnapshot | undefined;
  #isNamed = false;
  #latest: Fetched | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: SnapshotInForceOptions) {
    this.#options = options;
  }

  get snapshot(): ConfigurationSnapshot | undefined {
    return this.#snapshot;
  }

  /** Id of the snapshot, for a record that is about to be written. */
  idForRecord(): string | undefined {
    this.#isNamed = true;
    return this.#snapshot?.id;
  }

  /**
   * Puts on disk what records of this configuration will name.
   * @returns what makes it the snapshot in force, to be called together with the configuration's own coming into force
   */
  async prepare(latest: Fetched): Promise<() => void> {
    const kept = this.#kept;
    if (kept !== undefined && hasSameParts(kept, latest) && !this.#isDue(kept, latest)) {
      return () => {
        this.#latest = latest;
        this.#plan();
      };
    }
    const { anchorFile, keeping } = this.#options;
    const snapshot = buildSnapshot({ anchor: anchorFile, ...latest });
    await keeping.save(snapshot);
    return () => this.#take(latest, snapshot);
  }

  #take(latest: Fetched, snapshot: ConfigurationSnapshot): void {
    const former = this.#snapshot;
    this.#kept = latest;
    this.#latest = latest;
    this.#snapshot = snapshot;
    this.#plan();
    if (former === undefined || former.id === snapshot.id) return;
    if (!this.#isNamed) this.#options.keeping.discard(former.id).catch(this.#fail);
    this.#isNamed = false;
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  #isDue(kept: Fetched, latest: Fetched): boolean {
    const due = renewableUntil(kept, latest) - this.#options.marginMs;
    return this.#options.now().getTime() >= due;
  }

  /** Polls may fail, or hang, just when the directory of the snapshot expires. */
  #plan(): void {
    clearTimeout(this.#timer);
    if (this.#isClosed || this.#kept === undefined || this.#latest === undefined) return;
    const { now, marginMs } = this.#options;
    const wait = renewableUntil(this.#kept, this.#latest) - marginMs - now().getTime();
    if (wait === Number.POSITIVE_INFINITY) return;
    this.#timer = setTimeout(() => void this.#renew(), Math.min(Math.max(wait, 0), longestWaitMs));
    this.#timer.unref();
  }

  async #renew(): Promise<void> {
    const latest = this.#latest;
    if (latest === undefined) return;
    try {
      const take = await this.prepare(latest);
      // A poll may have brought something newer meanwhile.
      if (this.#latest === latest) take();
    } catch (error) {
      this.#fail(error);
    }
  }

  readonly #fail = (error: unknown): void => {
    this.#options.onFailure(error instanceof Error ? error : new Error(String(error)));
  };
}

/** When the first of the kept directories expires for which there is a later one; never, if there is none. */
function renewableUntil(kept: Fetched, latest: Fetched): number {
  let first = Number.POSITIVE_INFINITY;
  for (const [index, { expiresAt }] of kept.files.entries()) {
    const later = latest.files[index];
    if (later !== undefined && later.expiresAt > expiresAt) first = Math.min(first, expiresAt.getTime());
  }
  return first;
}

/** Whether the directories kept name the same files as the latest, in the same order. */
function hasSameParts(kept: Fetched, latest: Fetched): boolean {
  return (
    kept.files.length === latest.files.length &&
    kept.files.every((file, index) => {
      const other = latest.files[index];
      return (
        other !== undefined &&
        file.instance === other.instance &&
        file.contentIdentifier === other.contentIdentifier &&
        file.fileName === other.fileName &&
        file.version === other.version &&
        (file.content === other.content || file.content.equals(other.content))
      );
    })
  );
}
