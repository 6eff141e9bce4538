import { existsSync, statSync } from 'node:fs';
import type Database from 'better-sqlite3';
import {
  type BodyPlace,
  bodiesOf,
  contentOf,
  openContent,
  type PeriodKeySource,
  saltsOf,
  shownBody,
} from './contents.ts';
import { leafAt, type StoredLeaf } from './leaves.ts';
import type { FoundRecord, FoundTally, PartitionInfo, RecordSummary, StoredTimestamp } from './model.ts';
import { type Bounds, boundsOf, openPartitionReader, partitionFile, partitionNames } from './partition.ts';
import { type RecordQuery, searchPartition } from './search.ts';
import { chainsOfBatch, unstampedFrom } from './stamp-batch.ts';

/** Reads of the message log; they never wait for the writer. */
export class RecordReader {
  readonly #dir: string;
  readonly #periodKey: PeriodKeySource;
  readonly #open = new Map<string, Database.Database>();
  /** Partitions that were seen to be begun. */
  readonly #begun = new Set<string>();
  /** Chains of a whole batch are made at once; neighbours are often read together. */
  #batch: { readonly name: string; readonly made: ReturnType<typeof chainsOfBatch> } | undefined;

  constructor(dir: string, periodKey: PeriodKeySource) {
    this.#dir = dir;
    this.#periodKey = periodKey;
  }

  search(query: RecordQuery): RecordSummary[] {
    const found: RecordSummary[] = [];
    for (const name of this.#names().reverse()) {
      const database = this.#database(name);
      const bounds = boundsOf(database);
      if (bounds === undefined || (query.before !== undefined && bounds.firstId >= query.before)) continue;
      found.push(...searchPartition(database, { ...query, limit: query.limit - found.length }));
      if (found.length >= query.limit) break;
    }
    return found;
  }

  /** @throws MessageLogError locked */
  read(index: number): FoundRecord | undefined {
    const database = this.#holding(index);
    const summary = database && searchPartition(database, { before: index + 1, limit: 1 })[0];
    const content = database && contentOf(database, index);
    if (database === undefined || summary?.index !== index || content === undefined) return undefined;
    const { head, ...files } = openContent(database, content, this.#periodKey);
    return {
      ...summary,
      facts: content.facts,
      salts: saltsOf(content.salts),
      head: content.isHeadWhole === 1 ? head : undefined,
      keptHead: content.isHeadWhole === 1 ? undefined : head,
      signature: files.signature,
      hashChainResult: files.hashChainResult,
      hashChain: files.hashChain,
      bodies: bodiesOf(database, index).map(shownBody),
      timestamp: this.#timestampOf(database, index),
    };
  }

  /** @returns undefined when there is no such body, or it was erased. @throws MessageLogError locked */
  body(index: number, position: number): BodyPlace | undefined {
    const database = this.#holding(index);
    const content = database && contentOf(database, index);
    const row = database && bodiesOf(database, index).find((body) => body.position === position);
    if (database === undefined || content === undefined || row === undefined) return undefined;
    return openContent(database, content, this.#periodKey).placeOf(row);
  }

  /** Facts and salt of the leaf at a place, of a message or a tally; nothing is unsealed. */
  leaf(index: number): StoredLeaf | undefined {
    const database = this.#holding(index);
    return database && leafAt(database, index);
  }

  tally(index: number): FoundTally | undefined {
    const row = this.#holding(index)
      ?.prepare<[number], { facts: Buffer; salt: Buffer; pairs: string }>(
        'SELECT facts, salt, pairs FROM tally WHERE id = ?',
      )
      .get(index);
    if (row === undefined) return undefined;
    const pairs = (JSON.parse(row.pairs) as [string, string][]).map(([text, salt]) => ({
      text,
      salt: Buffer.from(salt, 'base64'),
    }));
    return { index, facts: row.facts, factsSalt: row.salt, pairs };
  }

  /** Place of the last tally at or before a place. */
  lastTally(atOrBefore: number): number | undefined {
    for (const name of this.#names().reverse()) {
      const row = this.#database(name)
        .prepare<[number], { id: number | null }>('SELECT max(id) AS id FROM tally WHERE id <= ?')
        .get(atOrBefore);
      if (row?.id != null) return row.id;
    }
    return undefined;
  }

  condition(name: string): number | undefined {
    return this.#newest()
      ?.prepare<[string], { value: number }>('SELECT value FROM condition WHERE name = ?')
      .get(name)?.value;
  }

  /** In a time that does not depend on how many there are: places are dense, so they are subtracted. */
  countWithoutTimestamp(): number {
    let count = 0;
    for (const name of this.#names().reverse()) {
      const database = this.#database(name);
      const bounds = boundsOf(database);
      if (bounds === undefined) continue;
      const stamped = database
        .prepare<[], { last: number | null }>('SELECT max(lastId) AS last FROM timestamp')
        .get();
      const last = stamped?.last ?? bounds.firstId - 1;
      // A few in a thousand.
      const tallies = database
        .prepare<[number], { count: number }>('SELECT count(*) AS count FROM tally WHERE id > ?')
        .get(last);
      const unstamped = bounds.lastId - last - (tallies?.count ?? 0);
      count += unstamped;
      // Timestamps come in order; where all have one, those before have.
      if (unstamped === 0 && bounds.lastId >= bounds.firstId) break;
    }
    return count;
  }

  lastTimestampAt(): number | undefined {
    for (const name of this.#names().reverse()) {
      const row = this.#database(name)
        .prepare<[], { at: number | null }>('SELECT max(at) AS at FROM timestamp')
        .get();
      if (row?.at != null) return row.at;
    }
    return undefined;
  }

  /** Whether a record refers to this file of a body. */
  refersTo(file: string): boolean {
    return this.#names().some(
      (name) => this.#database(name).prepare('SELECT 1 FROM body WHERE file = ?').get(file) !== undefined,
    );
  }

  partitions(): PartitionInfo[] {
    const names = this.#names();
    return names.flatMap((name) => {
      const database = this.#database(name);
      const bounds = boundsOf(database);
      if (bounds === undefined) return [];
      const times = database
        .prepare<[], { from: number | null; to: number | null }>(
          'SELECT (SELECT min(at) FROM record) AS "from", (SELECT max(at) FROM record) AS "to"',
        )
        .get();
      const { firstId: firstIndex, lastId: lastIndex } = bounds;
      return {
        ...{ name, firstIndex, lastIndex, from: times?.from ?? 0, to: times?.to ?? 0 },
        bytes: sizeOf(partitionFile(this.#dir, name)),
        isCurrent: name === names.at(-1),
        allStamped: unstampedFrom(database) === undefined,
      };
    });
  }

  /** All partitions, oldest first, for reads of one's own. */
  databases(): Database.Database[] {
    return this.#names().map((name) => this.#database(name));
  }

  /** Month of the records that come last. */
  get newestPartition(): string | undefined {
    return this.#names().at(-1);
  }

  /** Lets go of a partition that is about to be removed. */
  release(name: string): void {
    this.#open.get(name)?.close();
    this.#open.delete(name);
    this.#begun.delete(name);
    this.#batch = undefined;
  }

  close(): void {
    for (const database of this.#open.values()) database.close();
    this.#open.clear();
  }

  #timestampOf(database: Database.Database, index: number): StoredTimestamp | undefined {
    const row = database
      .prepare<
        [number],
        {
          at: number;
          firstId: number;
          lastId: number;
          token: Buffer;
          result: Buffer;
          checkpoint: string;
          leaves: Buffer;
        }
      >('SELECT * FROM timestamp WHERE lastId >= ? ORDER BY lastId LIMIT 1')
      .get(index);
    if (row === undefined || row.firstId > index) return undefined;
    const name = `${database.name} ${row.lastId}`;
    if (this.#batch?.name !== name) this.#batch = { name, made: chainsOfBatch(row) };
    const { chains, checkpointChain } = this.#batch.made;
    const chain = chains.get(index);
    if (chain === undefined) return undefined;
    const { at, token, result, checkpoint } = row;
    return { at, token, result, chain, checkpoint, checkpointChain };
  }

  #holding(index: number): Database.Database | undefined {
    return this.#names()
      .map((name) => this.#database(name))
      .findLast((database) => holds(boundsOf(database), index));
  }

  #newest(): Database.Database | undefined {
    const name = this.newestPartition;
    return name === undefined ? undefined : this.#database(name);
  }

  /** Partitions that are begun, oldest first: one that is being made has nothing yet, not even tables. */
  #names(): string[] {
    return partitionNames(this.#dir).filter((name) => {
      if (!this.#begun.has(name) && boundsOf(this.#database(name)) !== undefined) this.#begun.add(name);
      return this.#begun.has(name);
    });
  }

  #database(name: string): Database.Database {
    const open = this.#open.get(name);
    if (open !== undefined) return open;
    const database = openPartitionReader(partitionFile(this.#dir, name));
    this.#open.set(name, database);
    return database;
  }
}

function holds(bounds: Bounds | undefined, index: number): boolean {
  return bounds !== undefined && index >= bounds.firstId && index <= bounds.lastId;
}

function sizeOf(path: string): number {
  return [path, `${path}-wal`].reduce((sum, file) => sum + (existsSync(file) ? statSync(file).size : 0), 0);
}
