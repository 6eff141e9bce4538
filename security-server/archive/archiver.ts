import { join } from 'node:path';
import type { PrivateKey } from 'openpgp';
import { type Grouping, readOwnArchive } from '../../gateway/evidence/index.ts';
import type { ConfigurationArchive } from '../auditor/index.ts';
import type { SnapshotArchive } from '../configurations/index.ts';
import { ArchiveIndex, type ArchiveRow } from './archive-index.ts';
import type { ArchiveSource } from './archive-source.ts';
import { buildArchive } from './build.ts';
import { type Batch, collectStretch, type Stretch } from './collect.ts';
import { archiveName } from './group.ts';
import { type KeyWrapping, type Recipients, recipientsOf, seal } from './open-pgp.ts';
import { sha256Of } from './sha256.ts';
import { Staging } from './staging.ts';
import type { ArchiveTarget } from './target/index.ts';

export interface ArchiverOptions {
  /** Folder of its index, and of archives on their way. */
  readonly dir: string;
  readonly log: ArchiveSource;
  /** Seals what waits for the target. */
  readonly token: KeyWrapping;
  /** What was in force goes with the last partition whose records name it. */
  readonly configurations: ConfigurationArchive & Pick<SnapshotArchive, 'removeExpired'>;
  readonly target: ArchiveTarget;
  readonly grouping: Grouping;
  /** Octets of messages after which the next archives begin. */
  readonly maxBytes: number;
  /** 0: only when asked. */
  readonly intervalMs: number;
  /** Milliseconds after which what is archived is removed from the log; absent: never. */
  readonly keepMs?: number;
  /** Present: archives are encrypted to these keys, and signed with that one. */
  readonly encryption?: { readonly recipients: Recipients; readonly signingKey: () => Promise<PrivateKey> };
  readonly now: () => Date;
  readonly onTrouble: (error: unknown) => void;
}

/** What one run did. */
export interface ArchiveRun {
  /** Archives that the target was seen to have. */
  readonly delivered: readonly ArchiveRow[];
  /** Partitions that were removed from the log. */
  readonly removed: readonly string[];
  /** Records of the log, and how many of them from its beginning are archived. */
  readonly size: number;
  readonly archived: number;
}

/**
 * Archives the message log: makes files of what was timestamped since the last run, brings them to the target, and
 * removes from the log what the target has long had. A file is on disk here, then in the index with the link it makes,
 * then in the target: whatever dies in between, the next run goes on there, and links nothing twice.
 */
export class Archiver {
  readonly #options: ArchiverOptions;
  readonly #index: ArchiveIndex;
  readonly #staging: Staging;
  readonly #timer: NodeJS.Timeout | undefined;
  #running: Promise<ArchiveRun> | undefined;
  #failure: { readonly at: Date; readonly error: unknown } | undefined;
  #isClosed = false;

  private constructor(options: ArchiverOptions, index: ArchiveIndex, staging: Staging) {
    this.#options = options;
    this.#index = index;
    this.#staging = staging;
    if (options.intervalMs > 0) {
      this.#timer = setInterval(() => {
        this.run().catch(options.onTrouble);
      }, options.intervalMs).unref();
    }
  }

  /** @throws StoreError */
  static async open(options: ArchiverOptions): Promise<Archiver> {
    const index = new ArchiveIndex(join(options.dir, 'archives.sqlite'));
    try {
      const waiting = new Set(index.undelivered().map(({ name }) => name));
      return new Archiver(
        options,
        index,
        await Staging.open(join(options.dir, 'outgoing'), options.token, waiting),
      );
    } catch (error) {
      index.close();
      throw error;
    }
  }

  /** Newest first. */
  list(limit: number): ArchiveRow[] {
    return this.#index.list(limit);
  }

  /** Places of the log that are in archives, counted from its beginning. */
  get archived(): number {
    return this.#index.next;
  }

  /**
   * Archives all that is timestamped; who asks during a run gets the result of that.
   * @throws ArchivingError; MessageLogError locked; TokenError not-active
   */
  run(): Promise<ArchiveRun> {
    this.#running ??= this.#run()
      .then(
        (done) => {
          this.#failure = undefined;
          return done;
        },
        (error: unknown) => {
          this.#failure = { at: this.#options.now(), error };
          throw error;
        },
      )
      .finally(() => {
        this.#running = undefined;
      });
    return this.#running;
  }

  /** Why the last run failed; undefined when it did not. */
  get failure(): { readonly at: Date; readonly error: unknown } | undefined {
    return this.#failure;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    // Its own caller is told what became of it.
    await this.#running?.catch(() => undefined);
    this.#index.close();
  }

  async #run(): Promise<ArchiveRun> {
    const { log, grouping, maxBytes } = this.#options;
    const delivered = await this.#deliver();
    const until = await this.#countAll();
    for (let isLast = until === undefined; !isLast && !this.#isClosed; ) {
      const limits = { grouping, maxBytes, until: until ?? 0 };
      const stretch = await collectStretch(log, this.#index.next, limits);
      await this.#stage(stretch);
      // One stretch waits here at a time: a target that is away fills no disk.
      delivered.push(...(await this.#deliver()));
      isLast = stretch.isLast;
    }
    return { delivered, removed: await this.#clean(), size: log.tree.size, archived: this.#index.next };
  }

  /**
   * Has the log counted, so that every archive of this run shows that nothing is missing at its end.
   * @returns place of the tally; undefined when nothing is new since the last run
   */
  async #countAll(): Promise<number | undefined> {
    const { log } = this.#options;
    const { size } = log.tree;
    if (this.#index.next >= size) return undefined;
    return log.lastTally(size - 1) === size - 1 ? size - 1 : await log.tallyNow();
  }

  async #stage(stretch: Stretch): Promise<void> {
    const { next } = stretch;
    const rows: ArchiveRow[] = [];
    for (const batch of stretch.batches) rows.push(await this.#make(stretch, batch));
    if (rows.length > 0 || next > this.#index.next) this.#index.add(rows, next);
  }

  async #make(stretch: Stretch, batch: Batch): Promise<ArchiveRow> {
    const { log, configurations, encryption, grouping, now } = this.#options;
    const { group, records, from, to, leftOut } = batch;
    const previous = this.#index.linkOf(group);
    const createdAt = now();
    const order = { grouping, stretch, batch, previous, createdAt };
    const { bytes, lastDigest } = await buildArchive(log, configurations, order);
    // What cannot be read again is found before the log forgets it.
    await readOwnArchive(bytes, previous);
    const name = archiveName({ group, from, to, lastDigest, isEncrypted: encryption !== undefined });
    const file =
      encryption === undefined
        ? bytes
        : await seal(
            bytes,
            name.replace(/\.gpg$/, ''),
            recipientsOf(encryption.recipients, group),
            await encryption.signingKey(),
            createdAt,
          );
    await this.#staging.add(name, file);
    const [first = 0] = records;
    return {
      ...{ name, group, first, last: records.at(-1) ?? first, records: records.length },
      ...{ octets: file.length, sha256: sha256Of(file), lastDigest, previous: previous?.fileName ?? null },
      ...{ leftOut, madeAt: createdAt.getTime(), deliveredAt: null },
    };
  }

  /** Brings what waits to the target, oldest first. */
  async #deliver(): Promise<ArchiveRow[]> {
    const { target, now } = this.#options;
    const delivered: ArchiveRow[] = [];
    for (const row of this.#index.undelivered()) {
      if (this.#isClosed) break;
      const bytes = await this.#staging.read(row.name, row.sha256);
      await target.put(row.name, bytes, row.sha256);
      const deliveredAt = now().getTime();
      this.#index.noteDelivered(row.name, deliveredAt);
      await this.#staging.remove(row.name);
      delivered.push({ ...row, deliveredAt });
    }
    return delivered;
  }

  /** Removes partitions that ended, are in the target whole, and are as old as was decided. */
  async #clean(): Promise<string[]> {
    const { log, configurations, keepMs, now } = this.#options;
    if (keepMs === undefined || this.#isClosed) return [];
    const before = now().getTime() - keepMs;
    const removed: string[] = [];
    for (const { name, firstIndex, lastIndex, to, isCurrent, allStamped } of log.partitions()) {
      const isDue = !isCurrent && allStamped && lastIndex >= firstIndex && to < before;
      if (!isDue || !this.#index.isSafe(firstIndex, lastIndex)) continue;
      await log.dropPartition(name);
      removed.push(name);
    }
    // A crash before this leaves them to the next month.
    if (removed.length > 0) {
      // A clock that was put back may have written before the month; a tally may come before its first record.
      const starts = log.partitions().flatMap(({ name, from }) => [from, Date.parse(name)]);
      await configurations.removeExpired(new Date(Math.min(...starts)));
    }
    return removed;
  }
}
