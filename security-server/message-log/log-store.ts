import { join } from 'node:path';
import { namingOf } from '../../gateway/evidence/index.ts';
import { rootOf, TreeFiles } from '../../gateway/transparency/index.ts';
import { emptyWriteAheadLog, eraseDueIn, eraseRecord } from './erase.ts';
import { leafAt } from './leaves.ts';
import { MessageLogError, type RecordToAppend } from './model.ts';
import {
  boundsOf,
  dayOf,
  Partition,
  partitionFile,
  partitionNames,
  partitionOf,
  removePartition,
} from './partition.ts';
import { PartitionWriter, type PeriodKey } from './partition-writer.ts';
import { fillTree, recoverTree, type SignedHead } from './recover.ts';
import { nextBatch, saveBatch, type ToStamp, unstampedFrom } from './stamp-batch.ts';

export interface LogStoreOptions {
  readonly dir: string;
  /** What was signed for last: what is on disk must reach at least so far. */
  readonly signed?: SignedHead;
  /** Bound of each partition in pages of 4 KiB. */
  readonly maxPages?: number;
}

/**
 * Records after which the log is counted again, also within a day: who shows a stretch of it complete tells of no more
 * besides. A log with many pairs is counted less often, for a tally has a line for each.
 */
const recordsPerTally = 1_000;
const recordsPerPair = 4;

/** When something is appended, and under which configuration. */
interface Moment {
  readonly at: number;
  readonly configuration: string | undefined;
}

/** What one transaction appends with. */
interface Writing {
  readonly writer: PartitionWriter;
  readonly add: (make: (id: number) => Buffer) => void;
  /** Adds a tally, if nothing has been added yet: one that was due stands there already. */
  readonly count: () => void;
}

/** Files of bodies that nothing refers to any more. */
export interface Erased {
  readonly files: string[];
  readonly isMore: boolean;
}

/**
 * The message log as the one thread that writes has it: partitions by month, and the tree over all of them. What a
 * verb did is on the disk when it returns.
 */
export class LogStore {
  readonly #dir: string;
  readonly #maxPages: number | undefined;
  readonly #tree: TreeFiles;
  /** Former partitions with messages that wait for a timestamp. */
  readonly #older: Partition[] = [];
  #current: Partition | undefined;
  #writer: PartitionWriter | undefined;
  #size: number;
  #lastTally: { readonly day: number; readonly place: number } | undefined;
  #periodKey: PeriodKey | undefined;
  /** Partitions where something was erased, and whose write-ahead logs still have it. */
  readonly #toEmpty = new Set<string>();
  /** Leaves up to which the tree is good, when a write to it failed after the records were on disk. */
  #treeGoodTo: number | undefined;
  /** Leaves up to which the tree is known to be on the disk. */
  #treeSyncedTo: number;
  /** Partitions in which a commit failed: what it had written may be found there by the next start. */
  readonly #failedIn = new Set<string>();

  /**
   * Opens the log, and brings its tree to where the records are: a crash may have kept the last hashes from the disk,
   * never a record.
   * @throws MessageLogError rolled-back, damaged
   */
  constructor({ dir, signed, maxPages }: LogStoreOptions) {
    this.#dir = dir;
    this.#maxPages = maxPages;
    for (const name of partitionNames(dir)) {
      const partition = this.#open(name);
      // A crash may have come between erasing and this.
      if (!emptyWriteAheadLog(partition.database)) this.#toEmpty.add(name);
      this.#take(partition);
    }
    this.#size = this.#current?.nextId() ?? 0;
    this.#lastTally = this.#current?.lastTally();
    this.#tree = TreeFiles.open(join(dir, 'tree'));
    recoverTree(this.#tree, this.#partitions, this.#size, signed);
    this.#treeSyncedTo = Math.min(signed?.size ?? 0, this.#size);
  }

  /** From now on the keys of records are sealed under this key. */
  useKey(id: number, key: Uint8Array): void {
    this.#periodKey = { id, key: Buffer.from(key) };
  }

  /** Appends all or none. @throws MessageLogError locked */
  append(records: readonly RecordToAppend[]): void {
    const [first] = records;
    const key = this.#periodKey;
    if (first === undefined) return;
    if (key === undefined) {
      throw new MessageLogError('locked', 'the token that holds the keys of the log is not signed in');
    }
    this.#write(first, ({ writer, add }) => {
      for (const record of records) add((id) => writer.append(id, record, key));
    });
  }

  /**
   * @param configuration id of the snapshot in force; undefined where none is
   * @returns the place of a tally of all pairs as they are now
   */
  tally(at: number, configuration: string | undefined): number {
    this.#write({ at, configuration }, ({ count }) => count());
    return this.#size - 1;
  }

  /** Writes down which configuration counts now, with a tally, unless the newest leaf names it already. */
  nameConfiguration(at: number, configuration: string): void {
    const newest = this.#current && leafAt(this.#current.database, this.#size - 1);
    const named = newest && namingOf({ index: this.#size - 1, facts: newest.facts })?.configuration;
    if (named !== configuration) this.tally(at, configuration);
  }

  /** Leaves so far and their root; the tree's own files are on the disk then, too. */
  head(): SignedHead {
    this.#syncTree();
    return { size: this.#size, root: rootOf(this.#tree, this.#size) };
  }

  /** The oldest messages without timestamp that a checkpoint of `size` leaves covers; undefined when there are none. */
  nextToStamp(limit: number, size: number, checkpoint: string): ToStamp | undefined {
    for (const partition of [...this.#older]) {
      const batch = nextBatch(partition.name, partition.database, limit, size, checkpoint);
      if (batch !== undefined) return batch;
      if (unstampedFrom(partition.database) === undefined) this.#letGo(partition);
    }
    const current = this.#current;
    return current && nextBatch(current.name, current.database, limit, size, checkpoint);
  }

  saveStamp(batch: ToStamp, token: Uint8Array, at: number): void {
    const partition = [...this.#older, this.#current].find((open) => open?.name === batch.partition);
    if (partition === undefined) throw new Error(`partition ${batch.partition} is not open`);
    saveBatch(partition.database, batch, token, at);
  }

  setCondition(name: string, value: number | undefined): void {
    const { database } = this.#current ?? this.#begin(partitionOf(Date.now()));
    if (value === undefined) {
      database.prepare('DELETE FROM condition WHERE name = ?').run(name);
      return;
    }
    database
      .prepare(
        'INSERT INTO condition (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
      )
      .run(name, value);
  }

  /** Erases the contents of one message. `emptyErased` is to follow. */
  erase(index: number): string[] {
    return (
      this.#inPartition(index, ({ name, database }) => {
        this.#toEmpty.add(name);
        return database.transaction(() => eraseRecord(database, index)).immediate();
      }) ?? []
    );
  }

  /** Erases what is due, some at a time. `emptyErased` is to follow. */
  eraseDue(now: number): Erased {
    for (const name of partitionNames(this.#dir)) {
      const { files, count } = this.#inNamed(name, ({ database }) => eraseDueIn(database, now));
      if (count === 0) continue;
      this.#toEmpty.add(name);
      return { files, isMore: true };
    }
    return { files: [], isMore: false };
  }

  /**
   * Empties the write-ahead logs in which something erased still lies.
   * @returns false when a reader keeps one of them: to be tried again
   */
  emptyErased(): boolean {
    for (const name of this.#toEmpty) {
      if (this.#inNamed(name, ({ database }) => emptyWriteAheadLog(database))) this.#toEmpty.delete(name);
    }
    return this.#toEmpty.size === 0;
  }

  /**
   * Removes a whole partition; its leaves stay in the tree.
   * @throws MessageLogError not-droppable
   */
  drop(name: string): string[] {
    if (name === this.#current?.name || !partitionNames(this.#dir).includes(name)) {
      throw new MessageLogError('not-droppable', `${name} is not a former partition of this log`);
    }
    if (this.#older.some((partition) => partition.name === name)) {
      throw new MessageLogError('not-droppable', `${name} has messages without timestamp`);
    }
    // The records would be the only place to make these hashes from.
    this.#syncTree();
    this.#toEmpty.delete(name);
    this.#failedIn.delete(name);
    const files = this.#inNamed(name, ({ database }) =>
      database
        .prepare<[], { file: string }>('SELECT file FROM body WHERE file IS NOT NULL')
        .all()
        .map(({ file }) => file),
    );
    removePartition(this.#dir, name);
    return files;
  }

  /**
   * Puts another write in the place of commits that failed. One that could not be synced may lie in the write-ahead log
   * whole: until then the next start would find it there, and take its records for committed.
   */
  settle(): void {
    for (const name of this.#failedIn) {
      this.#inNamed(name, ({ database }) => {
        const value = Date.now();
        // Not an update: one to the same value would write nothing.
        database
          .transaction(() => {
            database.prepare("DELETE FROM condition WHERE name = 'checked'").run();
            database.prepare("INSERT INTO condition (name, value) VALUES ('checked', ?)").run(value);
          })
          .immediate();
      });
      this.#failedIn.delete(name);
    }
  }

  close(): void {
    for (const partition of this.#older) partition.close();
    this.#current?.close();
    this.#tree.sync();
    this.#tree.close();
  }

  /** One transaction: all leaves are there afterwards, with what they stand for, or none is. */
  #write({ at, configuration }: Moment, act: (writing: Writing) => void): void {
    const { name, database } = this.#partitionAt(at);
    this.#writer ??= new PartitionWriter(database);
    const writer = this.#writer;
    const leaves: Buffer[] = [];
    const add = (make: (id: number) => Buffer) => leaves.push(make(this.#size + leaves.length));
    const [day, last] = [dayOf(at), this.#lastTally];
    const since = this.#size - 1 - (last?.place ?? 0);
    // With the first write of a day, and so many records after the last.
    const isDue = last?.day !== day || since >= Math.max(recordsPerTally, recordsPerPair * writer.pairs);
    let tallied: number | undefined;
    const count = () => {
      if (leaves.length > 0) return;
      tallied = this.#size;
      add((id) => writer.appendTally(id, at, configuration));
    };
    try {
      database
        .transaction(() => {
          if (isDue) count();
          act({ writer, add, count });
          writer.finish();
        })
        .immediate();
    } catch (error) {
      this.#failedIn.add(name);
      writer.forget();
      throw error;
    }
    if (tallied !== undefined) this.#lastTally = { day, place: tallied };
    const good = this.#size;
    this.#size += leaves.length;
    try {
      if (this.#treeGoodTo === undefined) this.#tree.append(leaves);
      else this.#catchUp();
    } catch {
      // The records are on disk, which is what was asked for. The tree follows from them: before anything is signed
      // for it is caught up with, and there a failure is told.
      this.#treeGoodTo ??= good;
    }
  }

  /** All hashes are on the disk afterwards. */
  #syncTree(): void {
    this.#catchUp();
    try {
      this.#tree.sync();
      this.#treeSyncedTo = this.#size;
    } catch (error) {
      // The system may have let go of what it could not write, and would say nothing the next time: it is written anew.
      this.#treeGoodTo = this.#treeSyncedTo;
      throw error;
    }
  }

  #catchUp(): void {
    if (this.#treeGoodTo === undefined) return;
    fillTree(this.#tree, this.#partitions, this.#treeGoodTo, this.#size);
    this.#treeGoodTo = undefined;
  }

  readonly #partitions = () => partitionNames(this.#dir).map((name) => partitionFile(this.#dir, name));

  /** That of an instant, but never one before that of the last record. */
  #partitionAt(at: number): Partition {
    const name = partitionOf(at);
    const current = this.#current;
    return current !== undefined && name <= current.name ? current : this.#begin(name);
  }

  #begin(name: string): Partition {
    const partition = this.#open(name);
    try {
      partition.begin(this.#current?.database, this.#size);
    } catch (error) {
      partition.close();
      throw error;
    }
    this.#take(partition);
    return partition;
  }

  /** Makes a partition the current one. One that a crash kept from beginning is begun when it is needed. */
  #take(partition: Partition): void {
    if (!partition.isBegun) {
      partition.close();
      return;
    }
    const former = this.#current;
    this.#current = partition;
    this.#writer = undefined;
    if (former === undefined) return;
    this.#older.push(former);
    if (unstampedFrom(former.database) === undefined) this.#letGo(former);
  }

  #open(name: string): Partition {
    return Partition.open(this.#dir, name, this.#maxPages);
  }

  #letGo(partition: Partition): void {
    this.#older.splice(this.#older.indexOf(partition), 1);
    partition.close();
  }

  #inPartition<Value>(index: number, act: (partition: Partition) => Value): Value | undefined {
    for (const name of partitionNames(this.#dir).reverse()) {
      const found = this.#inNamed(name, (partition) => {
        const bounds = boundsOf(partition.database);
        const isIn = bounds !== undefined && index >= bounds.firstId && index <= bounds.lastId;
        return isIn ? { value: act(partition) } : undefined;
      });
      if (found !== undefined) return found.value;
    }
    return undefined;
  }

  #inNamed<Value>(name: string, act: (partition: Partition) => Value): Value {
    const open = [...this.#older, this.#current].find((partition) => partition?.name === name);
    if (open !== undefined) return act(open);
    const partition = this.#open(name);
    try {
      return act(partition);
    } finally {
      partition.close();
    }
  }
}
