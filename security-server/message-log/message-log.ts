import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { digestOf } from '../../certs/key/index.ts';
import { contentsStart } from '../../gateway/evidence/index.ts';
import { Fault } from '../../gateway/fault/index.ts';
import { printEncoded, providerOf } from '../../gateway/identifier/index.ts';
import type { LogEntry, MessageLog } from '../../gateway/road/index.ts';
import { removeUnfinished, syncFolder } from '../../gateway/store/index.ts';
import { type HashReader, TreeFiles } from '../../gateway/transparency/index.ts';
import { openHeldFile } from '../../gateway/transport/index.ts';
import { BodyFiles } from './body-files.ts';
import { type CheckReport, checkLog } from './check/index.ts';
import { Checkpoints, checkpointFile, readSignedHead, type SignedCheckpoint } from './checkpoints.ts';
import { Eraser } from './eraser.ts';
import { finishLeaving } from './finish-leaving.ts';
import type { StoredLeaf } from './leaves.ts';
import { keysFile, LogKeys } from './log-keys.ts';
import type { BodyToAppend, FoundRecord, FoundTally, PartitionInfo, RecordSummary } from './model.ts';
import type { LogHealth, MessageLogOptions } from './options.ts';
import { partitionOf } from './partition.ts';
import { RecordReader } from './record-reader.ts';
import type { RecordQuery } from './search.ts';
import { readStatistics, type Statistics, type StatisticsQuery } from './statistics.ts';
import { Timestamper } from './timestamper.ts';
import { LogWriter } from './writer.ts';

const failingSince = 'timestampingFailsSince';
/** Records that wait for the disk at once; more are refused rather than kept in memory without bound. */
const maxWaiting = 20_000;

/**
 * The evidence of this server: every message of either direction is on disk here, as a leaf of the log's tree, before
 * anyone is told that it arrived; a signed checkpoint covers it a second later, a timestamp soon after.
 */
export class SqliteMessageLog implements MessageLog {
  readonly #options: MessageLogOptions;
  readonly #keys: LogKeys;
  readonly #writer: LogWriter;
  readonly #reader: RecordReader;
  readonly #tree: TreeFiles;
  readonly #bodies: BodyFiles;
  readonly #checkpoints: Checkpoints;
  readonly #timestamper: Timestamper;
  /** Partition whose key the writer has. */
  #keyed: Promise<void> | undefined;
  #keyedPartition = '';
  /** Milliseconds since the epoch; survives restarts, so that restarting does not buy time. */
  #failingSince: number | undefined;
  readonly #eraser: Eraser;
  #closing: Promise<void> | undefined;

  private constructor(
    options: MessageLogOptions,
    keys: LogKeys,
    writer: LogWriter,
    last: SignedCheckpoint | undefined,
  ) {
    this.#options = options;
    this.#keys = keys;
    this.#writer = writer;
    this.#reader = new RecordReader(options.dir, (id) => keys.periodKey(id));
    this.#tree = TreeFiles.open(join(options.dir, 'tree'), 'r');
    this.#bodies = new BodyFiles(join(options.dir, 'bodies'), writer, options.onTrouble);
    this.#failingSince = this.#reader.condition(failingSince);
    this.#checkpoints = new Checkpoints({
      dir: options.dir,
      writer,
      keys,
      last,
      onFailure: options.onTrouble,
    });
    this.#timestamper = new Timestamper({
      writer,
      checkpoint: () => this.#checkpoints.covering(),
      configuration: options.configuration,
      nameConfiguration: async () => {
        const id = this.#configurationInForce();
        if (id !== undefined) await writer.call('nameConfiguration', options.now().getTime(), id);
        this.#checkpoints.plan();
      },
      urls: options.timestampUrls,
      now: options.now,
      ...(options.onAsked && { onAsked: options.onAsked }),
      onSuccess: () => this.#noteTimestamping(undefined),
      onFailure: (error) => {
        this.#noteTimestamping(this.#failingSince ?? options.now().getTime());
        options.onTimestampFailure(error);
      },
    });
    const { now, onTrouble } = options;
    this.#eraser = new Eraser({ writer, bodies: this.#bodies, now, onTrouble });
  }

  /** @throws MessageLogError rolled-back, damaged */
  static async open(options: MessageLogOptions): Promise<SqliteMessageLog> {
    const { dir, origin, token, now, maxPages } = options;
    await mkdir(join(dir, 'bodies'), { recursive: true, mode: 0o700 });
    for (const file of [keysFile, checkpointFile]) await removeUnfinished(join(dir, file));
    const keys = await LogKeys.open({ dir, token, origin, now });
    const signed = await readSignedHead(dir, keys.verifierKey);
    await finishLeaving(dir, keys);
    const writer = await LogWriter.open({
      dir,
      ...(signed !== undefined && { signed: { size: signed.size, root: signed.root } }),
      ...(maxPages !== undefined && { maxPages }),
    });
    const log = new SqliteMessageLog(options, keys, writer, signed);
    await log.#bodies.removeOrphans((file) => log.#reader.refersTo(file));
    log.#timestamper.start();
    // What was recorded last before a crash has no checkpoint yet.
    if (token.isActive() && log.#tree.size !== (signed?.size ?? 0)) log.#checkpoints.plan();
    return log;
  }

  requireAccepting(): void {
    const configuration = this.#options.configuration.current();
    const hasTsa =
      this.#options.timestampUrls.length > 0 || configuration.tsas(configuration.instance).length > 0;
    if (!hasTsa) throw refusal('No timestamping authority is configured, so no message is taken');
    if (this.#writer.waiting > maxWaiting) {
      throw new Fault('LoggingFailed', `${maxWaiting} messages wait for the disk already; try again later`);
    }
    const { acceptableTimestampFailureMs: acceptable, now } = this.#options;
    if (acceptable === 0 || this.#failingSince === undefined) return;
    if (now().getTime() - this.#failingSince > acceptable) {
      const since = new Date(this.#failingSince).toISOString();
      throw refusal(`No timestamp could be had since ${since}, so no further message is taken`);
    }
  }

  async record(entry: LogEntry): Promise<void> {
    const adopted: string[] = [];
    const { configurationId, bodyPolicy, strippedHead, now } = this.#options;
    const { direction, side, protocol, queryId, requestId, head, service } = entry;
    try {
      // Records are in the order of this instant, whenever their message was begun.
      const at = now().getTime();
      await this.#provideKey(partitionOf(at));
      const policy = bodyPolicy(service, side);
      const isDigest = policy.kind === 'digest';
      const bodies: BodyToAppend[] = [];
      for (const [index, held] of entry.attachments.entries()) {
        const body = { position: index + 1, size: held.size, digest: held.digest };
        if (isDigest) bodies.push({ ...body, bytes: null, file: null, key: null });
        else bodies.push({ ...body, ...(await this.#bodies.keep(held, adopted)) });
      }
      await this.#writer.append({
        ...{ at, direction, side, protocol, queryId, requestId, bodies },
        client: printEncoded(entry.client),
        provider: printEncoded(providerOf(service)),
        service: printEncoded(service),
        userId: entry.userId ?? null,
        issue: entry.issue ?? null,
        status: entry.status ?? null,
        configuration: configurationId(),
        keepDays: policy.kind === 'days' ? policy.days : isDigest ? 0 : null,
        head: isDigest ? strippedHead(entry) : head,
        headDigest: isDigest ? digestOf('sha512', head) : null,
        signature: entry.signature,
        hashChainResult: entry.hashChainResult ?? null,
        hashChain: entry.hashChain ?? null,
      });
      this.#checkpoints.plan();
      await this.#bodies.settle();
    } catch (cause) {
      await this.#bodies.removeRefused(adopted, cause);
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new Fault('LoggingFailed', `The message could not be written to the log: ${reason}`, { cause });
    }
  }

  /** Name of the log in its checkpoints. */
  get origin(): string {
    return this.#keys.origin;
  }

  /** Key that checks its checkpoints; undefined before the first. */
  get verifierKey(): string | undefined {
    return this.#keys.verifierKey;
  }

  /** The hashes of all records so far. */
  get tree(): HashReader & { readonly size: number } {
    return this.#tree;
  }

  /** Signed note that covers everything recorded before the call. @throws MessageLogError locked */
  async checkpoint(): Promise<string> {
    return (await this.#checkpoints.covering()).note;
  }

  /**
   * Signs for what an export holds, with the key of its checkpoints.
   * @param text as `describeContents` writes it
   * @throws MessageLogError locked
   */
  async signContents(text: string): Promise<string> {
    // No other text: it could be a checkpoint.
    if (!text.startsWith(`${contentsStart}\n`)) throw new RangeError('an export is what is signed for');
    return (await this.#keys.noteSigner()).sign(text);
  }

  /** Timestamps everything recorded so far. @throws Fault TimestampingFailed */
  stampNow(): Promise<void> {
    return this.#timestamper.stampNow();
  }

  /** Newest first. */
  search(query: RecordQuery): RecordSummary[] {
    return this.#reader.search(query);
  }

  /** Who asks whom for what, in sums of days: at most `limit` rows. */
  statistics(query: StatisticsQuery, limit: number): Statistics {
    return readStatistics(this.#reader.databases(), query, limit);
  }

  /** Records of one message id, both directions, oldest first. @throws MessageLogError locked */
  find(queryId: string): FoundRecord[] {
    const found = this.#reader.search({ queryId, limit: maxRecordsOfOneId });
    return found.reverse().flatMap(({ index }) => this.#reader.read(index) ?? []);
  }

  /** @throws MessageLogError locked */
  read(index: number): FoundRecord | undefined {
    return this.#reader.read(index);
  }

  /**
   * A body from its beginning.
   * @returns undefined when there is none, or it was erased
   * @throws MessageLogError locked
   */
  openBody(index: number, position: number): AsyncIterable<Buffer> | undefined {
    const place = this.#reader.body(index, position);
    if (place === undefined) return undefined;
    if (place.kind === 'memory') return whole(place.bytes);
    return openHeldFile({ path: this.#bodies.path(place.file), key: place.key, size: place.size });
  }

  /** Appends a tally of all pairs as they are now. @returns its place */
  async tallyNow(): Promise<number> {
    const at = this.#options.now().getTime();
    const tally = this.#writer.call('tally', at, this.#configurationInForce());
    return tally.finally(() => this.#checkpoints.plan());
  }

  /** What the leaf at a place is made of, whatever it is of; nothing of it is sealed. */
  leaf(index: number): StoredLeaf | undefined {
    return this.#reader.leaf(index);
  }

  readTally(index: number): FoundTally | undefined {
    return this.#reader.tally(index);
  }

  /** Place of the last tally at or before a place. */
  lastTally(atOrBefore: number): number | undefined {
    return this.#reader.lastTally(atOrBefore);
  }

  partitions(): PartitionInfo[] {
    return this.#reader.partitions();
  }

  /**
   * Removes a former partition with its keys; proofs of all other records stay whole.
   * @throws MessageLogError not-droppable
   */
  async dropPartition(name: string): Promise<void> {
    // The tree is all that is left of it then: it must be signed for first.
    await this.#checkpoints.covering();
    await this.#keys.announceLeaving(name);
    this.#reader.release(name);
    await this.#bodies.remove(await this.#writer.call('drop', name));
    // A power cut must not bring the partition back without its keys.
    await syncFolder(join(this.#options.dir, 'partitions'));
    await this.#keys.forget(name);
  }

  /** Erases bodies and head of one record; its facts, its signature and all proofs stay. */
  eraseBodies(index: number): Promise<void> {
    return this.#eraser.erase(index);
  }

  /** Erases what the body policy says is due; runs by itself every hour. */
  eraseDue(): Promise<void> {
    return this.#eraser.eraseDue();
  }

  /** Seals what comes from now on under a new key. @throws MessageLogError locked */
  async rotateKey(): Promise<void> {
    const partition = partitionOf(this.#options.now().getTime());
    const { id, key } = await this.#keys.rotate(this.#atLeastNewest(partition));
    await this.#writer.call('useKey', id, key);
  }

  health(): LogHealth {
    const lastTimestampAt = this.#reader.lastTimestampAt();
    const shown = {
      withoutTimestamp: this.#reader.countWithoutTimestamp(),
      ...(lastTimestampAt !== undefined && { lastTimestampAt: new Date(lastTimestampAt) }),
      ...(this.#failingSince !== undefined && { failingSince: new Date(this.#failingSince) }),
    };
    try {
      this.requireAccepting();
      return { isAccepting: true, ...shown };
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      return { isAccepting: false, reason: error.message, ...shown };
    }
  }

  /** Whether a write reaches the disk now. @throws Error with the reason when it does not */
  async checkWritable(): Promise<void> {
    await this.#writer.call('setCondition', 'checked', this.#options.now().getTime());
  }

  /**
   * Checks the whole log, contents included.
   * @param held signed notes that were kept elsewhere
   */
  async check(
    held: readonly { readonly name: string; readonly note: string }[] = [],
    onProgress?: (checked: number, of: number) => void,
  ): Promise<CheckReport> {
    await this.#checkpoints.covering();
    return checkLog({
      ...{ dir: this.#options.dir, verifierKey: this.verifierKey, heldCheckpoints: held },
      periodKey: (id) => this.#keys.periodKey(id),
      keyFaults: this.#keys.faults(this.#options.token.isActive()),
      tsasNow: async () => this.#options.configuration.current().tsaCertificates(),
      ...(onProgress !== undefined && { onProgress }),
    });
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#eraser.close();
    await this.#timestamper.close();
    await this.#checkpoints.close();
    await this.#writer.close();
    this.#reader.close();
    this.#tree.close();
  }

  /** Records under the key of a former partition would lose it when that one is removed. */
  #atLeastNewest(partition: string): string {
    const newest = this.#reader.newestPartition;
    return newest !== undefined && newest > partition ? newest : partition;
  }

  /** The writer gets the key of a period before the first record of it. */
  #provideKey(partition: string): Promise<void> {
    // The clock may be put back; records stay in the partition that was begun.
    if (this.#keyed !== undefined && partition <= this.#keyedPartition) return this.#keyed;
    this.#keyedPartition = this.#atLeastNewest(partition);
    const keyed = this.#keys
      .sealingKey(this.#keyedPartition)
      .then(({ id, key }) => this.#writer.call('useKey', id, key))
      .catch((error: unknown) => {
        if (this.#keyed === keyed) this.#keyed = undefined;
        throw error;
      });
    this.#keyed = keyed;
    return keyed;
  }

  /** Id of the snapshot in force; undefined while there is none, for what has to be written all the same. */
  #configurationInForce(): string | undefined {
    try {
      return this.#options.configurationId();
    } catch (error) {
      if (error instanceof Fault && error.code === 'OutdatedGlobalConf') return undefined;
      throw error;
    }
  }

  #noteTimestamping(since: number | undefined): void {
    if (since === this.#failingSince) return;
    this.#failingSince = since;
    this.#writer.call('setCondition', failingSince, since).catch(this.#options.onTimestampFailure);
  }
}

/** X-Road says nothing against one id for many exchanges. */
const maxRecordsOfOneId = 10_000;

async function* whole(bytes: Buffer): AsyncGenerator<Buffer> {
  if (bytes.length > 0) yield bytes;
}

function refusal(message: string): Fault {
  return new Fault('TimestampingFailed', message, { within: ['LoggingFailed'] });
}
