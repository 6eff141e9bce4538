import { deflateRawSync } from 'node:zlib';
import type Database from 'better-sqlite3';
import { digestOf } from '../../certs/key/index.ts';
import {
  commitPart,
  commitTally,
  entryOf,
  pairOf,
  saltBytes,
  tallyText,
  writeFacts,
} from '../../gateway/evidence/index.ts';
import { hashLeaf } from '../../gateway/transparency/index.ts';
import { encodeEvidence } from './evidence-blob.ts';
import type { RecordToAppend } from './model.ts';
import { RandomPool } from './random.ts';
import { createRecordSeal, type RecordSeal, sealedParts } from './seal.ts';

/** A key that seals the keys of records. */
export interface PeriodKey {
  readonly id: number;
  readonly key: Buffer;
}

/** Smaller bodies share a page of the disk with their record: making them smaller frees nothing. */
const deflateFrom = 4_096;
const dayMs = 86_400_000;

/** What one transaction adds up before it is written. */
interface DailyCount {
  readonly day: number;
  readonly route: number;
  readonly direction: string;
  readonly side: string;
  records: number;
  failed: number;
  octets: number;
}

/** Writes of one partition. All verbs run inside a transaction of the caller. */
export class PartitionWriter {
  readonly #statements: ReturnType<typeof prepare>;
  readonly #database: Database.Database;
  /** Numbers by pair, of what is committed and of what the open transaction adds. */
  #pairs: Map<string, number>;
  #routes = new Map<string, number>();
  #shared = new Map<string, number>();
  #daily = new Map<string, DailyCount>();
  #touched = new Set<string>();
  readonly #random = new RandomPool();

  constructor(database: Database.Database) {
    this.#database = database;
    this.#statements = prepare(database);
    this.#pairs = this.#readPairs();
  }

  /** How many pairs have numbers. */
  get pairs(): number {
    return this.#pairs.size;
  }

  /** Forgets what a transaction that failed had added. */
  forget(): void {
    this.#pairs = this.#readPairs();
    this.#routes = new Map();
    this.#shared = new Map();
    this.#daily = new Map();
    this.#touched = new Set();
  }

  /** @returns the leaf of the record */
  append(id: number, record: RecordToAppend, { id: keyId, key }: PeriodKey): Buffer {
    const statements = this.#statements;
    const { client, provider, service, direction, side, bodies, keepDays } = record;
    const pair = pairOf({ client, provider, direction, side });
    const sequence = (this.#pairs.get(pair) ?? 0) + 1;
    this.#pairs.set(pair, sequence);
    this.#touched.add(pair);

    const signatureHash = digestOf('sha512', record.signature);
    const salts = this.#random.take(saltBytes * (3 + bodies.length));
    const salt = (at: number) => salts.subarray(at * saltBytes, (at + 1) * saltBytes);
    const { at, protocol, queryId, requestId, userId, issue, status, configuration } = record;
    const facts = writeFacts({
      kind: 'message',
      sequence,
      at: new Date(at).toISOString(),
      direction,
      side,
      protocol,
      client,
      provider,
      service,
      queryId,
      requestId,
      userId: userId ?? undefined,
      issue: issue ?? undefined,
      status: status ?? undefined,
      keepDays: keepDays ?? undefined,
      configuration,
      signedExports: true,
      head: commitPart(salt(1), Buffer.from(record.headDigest ?? digestOf('sha512', record.head))),
      signature: commitPart(salt(2), signatureHash),
      bodies: bodies.map(({ digest }, index) => commitPart(salt(3 + index), Buffer.from(digest))),
    });

    const route = this.#routeOf(client, provider, service);
    const eraseAt = keepDays === null || keepDays === 0 ? null : at + keepDays * dayMs;
    // By position: binding by name costs a third of an insertion.
    const numbers = [id, at, direction, side, protocol, route, sequence] as const;
    statements.insertRecord.run(
      ...numbers,
      ...[queryId, requestId, userId, issue, status, eraseAt, signatureHash],
    );
    const seal = createRecordSeal(key, id, this.#random);
    const evidence = seal.seal(sealedParts.evidence, encodeEvidence(record, this.#share));
    const head = seal.seal(sealedParts.head, record.head);
    const isHeadWhole = record.headDigest === null ? 1 : 0;
    statements.insertContent.run(id, facts, salts, keyId, seal.wrappedKey, evidence, head, isHeadWhole);
    for (const body of bodies) this.#appendBody(id, body, seal);
    this.#count(record, route);
    return hashLeaf(entryOf(salt(0), facts));
  }

  /**
   * @param configuration id of the snapshot in force; undefined where none is
   * @returns the leaf of a tally of all pairs
   */
  appendTally(id: number, at: number, configuration: string | undefined): Buffer {
    const pairs = [...this.#pairs].map(([pair, sequence]) => tallyText(pair, sequence)).sort();
    const salts = this.#random.take(saltBytes * (pairs.length + 1));
    const salt = salts.subarray(0, saltBytes);
    const lines = pairs.map((text, index) => ({
      text,
      salt: salts.subarray((index + 1) * saltBytes, (index + 2) * saltBytes),
    }));
    const facts = writeFacts({
      kind: 'tally',
      at: new Date(at).toISOString(),
      configuration,
      pairs: lines.map((line) => commitTally(line.salt, line.text)),
    });
    const stored = JSON.stringify(lines.map((line) => [line.text, line.salt.toString('base64')]));
    this.#statements.insertTally.run(id, at, facts, salt, stored);
    return hashLeaf(entryOf(salt, facts));
  }

  /** Writes what the transaction added up. To be called once, at its end. */
  finish(): void {
    const { setPair, addDaily } = this.#statements;
    for (const pair of this.#touched) setPair.run(pair, this.#pairs.get(pair));
    this.#touched.clear();
    for (const count of this.#daily.values()) addDaily.run({ ...count });
    this.#daily.clear();
  }

  #appendBody(recordId: number, body: RecordToAppend['bodies'][number], seal: RecordSeal): void {
    const { position, size, digest, bytes, file, key } = body;
    const part = sealedParts.body + position;
    const deflated =
      bytes !== null && bytes.length >= deflateFrom ? deflateRawSync(bytes, { level: 1 }) : null;
    const isDeflated = deflated !== null && bytes !== null && deflated.length < bytes.length;
    const kept = isDeflated ? deflated : bytes;
    const sealed = kept === null ? null : seal.seal(part, kept);
    const fileKey = key === null ? null : seal.seal(part, key);
    this.#statements.insertBody.run(
      recordId,
      position,
      size,
      digest,
      sealed,
      isDeflated ? 1 : 0,
      file,
      fileKey,
    );
  }

  #routeOf(client: string, provider: string, service: string): number {
    const name = `${client}|${provider}|${service}`;
    const known = this.#routes.get(name);
    if (known !== undefined) return known;
    const { findRoute, insertRoute } = this.#statements;
    const stored = findRoute.get(client, provider, service);
    const id = stored?.id ?? Number(insertRoute.run(client, provider, service).lastInsertRowid);
    this.#routes.set(name, id);
    return id;
  }

  readonly #share = (text: string): number => {
    const known = this.#shared.get(text);
    if (known !== undefined) return known;
    const { findShared, insertShared } = this.#statements;
    const digest = digestOf('sha256', Buffer.from(text, 'latin1'));
    const id = findShared.get(digest)?.id ?? Number(insertShared.run(digest, text).lastInsertRowid);
    // Every member signs with a certificate and a status of its own; years of them are not kept in memory.
    if (this.#shared.size > 10_000) this.#shared.clear();
    this.#shared.set(text, id);
    return id;
  };

  #count({ at, direction, side, status, bodies }: RecordToAppend, route: number): void {
    const day = Math.floor(at / dayMs);
    const name = `${day}|${route}|${direction}|${side}`;
    const count = this.#daily.get(name) ?? { day, route, direction, side, records: 0, failed: 0, octets: 0 };
    count.records += 1;
    count.failed += status !== null && status >= 400 ? 1 : 0;
    count.octets += bodies.reduce((sum, { size }) => sum + size, 0);
    this.#daily.set(name, count);
  }

  #readPairs(): Map<string, number> {
    const rows = this.#database
      .prepare<[], { pair: string; last: number }>('SELECT pair, last FROM pair')
      .all();
    return new Map(rows.map(({ pair, last }) => [pair, last]));
  }
}

function prepare(database: Database.Database) {
  return {
    insertRecord: database.prepare(
      `INSERT INTO record (id, at, direction, side, protocol, route, sequence, queryId, requestId, userId, issue,
         status, eraseAt, signatureHash)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    insertContent: database.prepare(
      `INSERT INTO content (id, facts, salts, keyId, wrappedKey, evidence, head, isHeadWhole)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    insertBody: database.prepare(
      `INSERT INTO body (recordId, position, size, digest, sealed, isDeflated, file, fileKey)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    insertTally: database.prepare('INSERT INTO tally (id, at, facts, salt, pairs) VALUES (?, ?, ?, ?, ?)'),
    setPair: database.prepare(
      'INSERT INTO pair (pair, last) VALUES (?, ?) ON CONFLICT (pair) DO UPDATE SET last = excluded.last',
    ),
    addDaily: database.prepare(
      `INSERT INTO daily (day, route, direction, side, records, failed, octets)
       VALUES (@day, @route, @direction, @side, @records, @failed, @octets)
       ON CONFLICT (day, route, direction, side) DO UPDATE SET records = records + excluded.records,
         failed = failed + excluded.failed, octets = octets + excluded.octets`,
    ),
    findRoute: database.prepare<[string, string, string], { id: number }>(
      'SELECT id FROM route WHERE client = ? AND provider = ? AND service = ?',
    ),
    insertRoute: database.prepare('INSERT INTO route (client, provider, service) VALUES (?, ?, ?)'),
    findShared: database.prepare<[Buffer], { id: number }>('SELECT id FROM shared WHERE digest = ?'),
    insertShared: database.prepare('INSERT INTO shared (digest, text) VALUES (?, ?)'),
  };
}
