import { existsSync, statSync } from 'node:fs';
import { inflateRawSync } from 'node:zlib';
import type Database from 'better-sqlite3';
import { type RecordSalts, saltBytes } from '../../gateway/evidence/index.ts';
import { decodeEvidence } from './evidence-blob.ts';
import type { LogKeys } from './log-keys.ts';
import type {
  FoundRecord,
  FoundTally,
  PartitionInfo,
  RecordSummary,
  StoredBody,
  StoredTimestamp,
} from './model.ts';
import { type Bounds, boundsOf, openPartitionReader, partitionFile, partitionNames } from './partition.ts';
import { type OpenPart, openRecordSeal, sealedParts } from './seal.ts';
import { type RecordQuery, searchPartition } from './search.ts';
import { chainsOfBatch, unstampedFrom } from './stamp-batch.ts';

interface ContentRow {
  readonly facts: Buffer;
  readonly salts: Buffer;
  readonly keyId: number;
  readonly wrappedKey: Buffer;
  readonly evidence: Buffer;
  readonly head: Buffer | null;
  readonly isHeadWhole: number;
}

interface BodyRow {
  readonly position: number;
  readonly size: number;
  readonly digest: Buffer;
  readonly sealed: Buffer | null;
  readonly isDeflated: number;
  readonly file: string | null;
  readonly fileKey: Buffer | null;
}

/** Where the octets of a body are. */
export type BodyPlace =
  | { readonly kind: 'memory'; readonly bytes: Buffer }
  | { readonly kind: 'file'; readonly file: string; readonly key: Buffer; readonly size: number };

/** Reads of the message log; they never wait for the writer. */
export class RecordReader {
  readonly #dir: string;
  readonly #keys: LogKeys;
  readonly #open = new Map<string, Database.Database>();
  /** Chains of a whole batch are made at once; neighbours are often read together. */
  #batch: { readonly name: string; readonly made: ReturnType<typeof chainsOfBatch> } | undefined;

  constructor(dir: string, keys: LogKeys) {
    this.#dir = dir;
    this.#keys = keys;
  }

  search(query: RecordQuery): RecordSummary[] {
    const found: RecordSummary[] = [];
    for (const name of partitionNames(this.#dir).reverse()) {
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
    const open = this.#seal(index, content);
    const shared = database.prepare<[number], { text: string }>('SELECT text FROM shared WHERE id = ?');
    const files = decodeEvidence(open(sealedParts.evidence, content.evidence), (id) => {
      const text = shared.get(id)?.text;
      if (text === undefined) throw new RangeError(`shared text ${id} is missing`);
      return text;
    });
    const head = content.head === null ? undefined : open(sealedParts.head, content.head);
    return {
      ...summary,
      facts: content.facts,
      salts: saltsOf(content.salts),
      head: content.isHeadWhole === 1 ? head : undefined,
      keptHead: content.isHeadWhole === 1 ? undefined : head,
      signature: Buffer.from(files.signature),
      hashChainResult: files.hashChainResult && Buffer.from(files.hashChainResult),
      hashChain: files.hashChain && Buffer.from(files.hashChain),
      bodies: bodiesOf(database, index).map(shownBody),
      timestamp: this.#timestampOf(database, index),
    };
  }

  /** @returns undefined when there is no such body, or it was erased. @throws MessageLogError locked */
  body(index: number, position: number): BodyPlace | undefined {
    const database = this.#holding(index);
    const content = database && contentOf(database, index);
    const row = database && bodiesOf(database, index).find((body) => body.position === position);
    if (content === undefined || row === undefined) return undefined;
    const open = this.#seal(index, content);
    const part = sealedParts.body + position;
    if (row.sealed !== null) {
      const bytes = open(part, row.sealed);
      return {
        kind: 'memory',
        bytes: row.isDeflated === 1 ? inflateRawSync(bytes, { maxOutputLength: row.size }) : bytes,
      };
    }
    if (row.file === null || row.fileKey === null) return undefined;
    return { kind: 'file', file: row.file, key: open(part, row.fileKey), size: row.size };
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
    for (const name of partitionNames(this.#dir).reverse()) {
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

  countWithoutTimestamp(): number {
    let count = 0;
    for (const name of partitionNames(this.#dir).reverse()) {
      const row = this.#database(name)
        .prepare<[], { count: number }>(
          'SELECT count(*) AS count FROM record WHERE id > (SELECT coalesce(max(lastId), -1) FROM timestamp)',
        )
        .get();
      count += row?.count ?? 0;
      // Timestamps come in order; where all have one, those before have.
      if (row?.count === 0) break;
    }
    return count;
  }

  lastTimestampAt(): number | undefined {
    for (const name of partitionNames(this.#dir).reverse()) {
      const row = this.#database(name)
        .prepare<[], { at: number | null }>('SELECT max(at) AS at FROM timestamp')
        .get();
      if (row?.at != null) return row.at;
    }
    return undefined;
  }

  /** Whether a record refers to this file of a body. */
  refersTo(file: string): boolean {
    return partitionNames(this.#dir).some(
      (name) => this.#database(name).prepare('SELECT 1 FROM body WHERE file = ?').get(file) !== undefined,
    );
  }

  partitions(): PartitionInfo[] {
    const names = partitionNames(this.#dir);
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
    return partitionNames(this.#dir).map((name) => this.#database(name));
  }

  /** Lets go of a partition that is about to be removed. */
  release(name: string): void {
    this.#open.get(name)?.close();
    this.#open.delete(name);
    this.#batch = undefined;
  }

  close(): void {
    for (const database of this.#open.values()) database.close();
    this.#open.clear();
  }

  #seal(index: number, { keyId, wrappedKey }: ContentRow): OpenPart {
    return openRecordSeal(this.#keys.periodKey(keyId), index, wrappedKey);
  }

  #timestampOf(database: Database.Database, index: number): StoredTimestamp | undefined {
    const row = database
      .prepare<
        [number],
        { at: number; firstId: number; lastId: number; token: Buffer; result: Buffer; checkpoint: string }
      >('SELECT * FROM timestamp WHERE lastId >= ? ORDER BY lastId LIMIT 1')
      .get(index);
    if (row === undefined || row.firstId > index) return undefined;
    const name = `${database.name} ${row.lastId}`;
    if (this.#batch?.name !== name) this.#batch = { name, made: chainsOfBatch(database, row) };
    const { chains, checkpointChain } = this.#batch.made;
    const chain = chains.get(index);
    if (chain === undefined) return undefined;
    const { at, token, result, checkpoint } = row;
    return { at, token, result, chain, checkpoint, checkpointChain };
  }

  #holding(index: number): Database.Database | undefined {
    return partitionNames(this.#dir)
      .map((name) => this.#database(name))
      .findLast((database) => holds(boundsOf(database), index));
  }

  #newest(): Database.Database | undefined {
    const name = partitionNames(this.#dir).at(-1);
    return name === undefined ? undefined : this.#database(name);
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

function contentOf(database: Database.Database, index: number): ContentRow | undefined {
  return database.prepare<[number], ContentRow>('SELECT * FROM content WHERE id = ?').get(index);
}

function bodiesOf(database: Database.Database, index: number): BodyRow[] {
  return database
    .prepare<[number], BodyRow>('SELECT * FROM body WHERE recordId = ? ORDER BY position')
    .all(index);
}

function shownBody({ position, size, digest, sealed, file }: BodyRow): StoredBody {
  return { position, size, digest, isErased: sealed === null && file === null };
}

function saltsOf(salts: Buffer): RecordSalts {
  const at = (index: number) => salts.subarray(index * saltBytes, (index + 1) * saltBytes);
  const bodies = Array.from({ length: salts.length / saltBytes - 3 }, (_, index) => at(index + 3));
  return { facts: at(0), head: at(1), signature: at(2), bodies };
}

function sizeOf(path: string): number {
  return [path, `${path}-wal`].reduce((sum, file) => sum + (existsSync(file) ? statSync(file).size : 0), 0);
}
