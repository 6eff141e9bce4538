import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import Database from 'better-sqlite3';
import { digestOf } from '../certs/key/index.ts';
import { commitPart, entryOf, saltBytes, writeFacts } from '../gateway/evidence/index.ts';
import { hashLeaf, TreeFiles } from '../gateway/transparency/index.ts';
import {
  createRecordSeal,
  LogStore,
  RandomPool,
  type RecordToAppend,
  sealedParts,
} from '../security-server/message-log/index.ts';

/**
 * What it costs that a record is sealed, and a leaf of a tree. Records a second, in one thread, without the exchange
 * around them; the best of three rounds.
 */
export interface LogCost {
  /** Plain rows of the same octets, found by time and message id. */
  readonly plainPerSecond: number;
  /** The same rows, found by all that an auditor searches by. */
  readonly searchablePerSecond: number;
  readonly evidencedPerSecond: number;
  /** Milliseconds a record that sealing and the tree take by themselves, without any row. */
  readonly evidenceMs: number;
}

/** As many records as the log commits together under load. */
const batchSize = 500;
const rounds = 3;

/** Writes the same records as plain rows and into a message log, in turns. @param dir folder for both */
export function measureLogCost(dir: string, records = 10_000): LogCost {
  const batches = Array.from({ length: records / batchSize }, (_, index) =>
    Array.from({ length: batchSize }, (__, at) => nthRecord(index * batchSize + at)),
  );
  const secondsOfRows = (name: string, indexes: string) => {
    const rows = openRows(join(dir, name), indexes);
    const seconds = secondsOf(batches, rows.append);
    rows.close();
    return seconds;
  };
  let [plain, searchable, evidenced, evidence] = [Infinity, Infinity, Infinity, Infinity];
  for (let round = 0; round < rounds; round += 1) {
    plain = Math.min(plain, secondsOfRows(`rows-${round}`, ''));
    searchable = Math.min(searchable, secondsOfRows(`searchable-${round}`, searchIndexes));
    const store = new LogStore({ dir: join(dir, `log-${round}`) });
    store.useKey(1, randomBytes(32));
    evidenced = Math.min(
      evidenced,
      secondsOf(batches, (batch) => store.append(batch)),
    );
    store.close();
    const sealing = openSealing(join(dir, `tree-${round}`));
    evidence = Math.min(evidence, secondsOf(batches, sealing.append));
    sealing.close();
  }
  return {
    plainPerSecond: Math.round(records / plain),
    searchablePerSecond: Math.round(records / searchable),
    evidencedPerSecond: Math.round(records / evidenced),
    evidenceMs: (1000 * evidence) / records,
  };
}

function secondsOf(
  batches: readonly (readonly RecordToAppend[])[],
  append: (batch: readonly RecordToAppend[]) => void,
): number {
  const started = performance.now();
  for (const batch of batches) append(batch);
  return (performance.now() - started) / 1000;
}

/** As the message log has them, beside those of every log. */
const searchIndexes = `
  CREATE INDEX record_by_request_id ON record (requestId);
  CREATE INDEX record_by_side ON record (side, id);
  CREATE INDEX record_by_route ON record (client, service, id);
  CREATE INDEX record_by_user ON record (userId, id) WHERE userId IS NOT NULL;
  CREATE INDEX record_by_issue ON record (issue, id) WHERE issue IS NOT NULL;
  CREATE INDEX record_failed ON record (id) WHERE status >= 400;`;

/** The least a server must do: a durable row, found by time and message id, with the digest a timestamp needs. */
function openRows(dir: string, indexes: string) {
  mkdirSync(dir, { recursive: true });
  const database = new Database(join(dir, 'rows.sqlite'));
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  database.exec(
    `CREATE TABLE record (id INTEGER PRIMARY KEY, at INTEGER, direction TEXT, side TEXT, protocol TEXT, client TEXT,
       service TEXT, queryId TEXT, requestId TEXT, userId TEXT, issue TEXT, status INTEGER, head BLOB,
       signature BLOB, hashChainResult BLOB, hashChain BLOB, signatureHash BLOB, body BLOB);
     CREATE INDEX record_by_time ON record (at);
     CREATE INDEX record_by_query_id ON record (queryId);${indexes}`,
  );
  const insert = database.prepare(`INSERT INTO record VALUES (NULL${', ?'.repeat(17)})`);
  const append = database.transaction((batch: readonly RecordToAppend[]) => {
    for (const record of batch) {
      const { at, direction, side, protocol, client, service, queryId, requestId } = record;
      insert.run(
        ...[at, direction, side, protocol, client, service, queryId, requestId],
        ...[record.userId, record.issue, record.status],
        ...[record.head, record.signature, record.hashChainResult, record.hashChain],
        createHash('sha512').update(record.signature).digest(),
        record.bodies[0]?.bytes,
      );
    }
  });
  return { append: (batch: readonly RecordToAppend[]) => append(batch), close: () => database.close() };
}

/** What the message log does to a record besides writing rows: seals, salted digests, a leaf and its place. */
function openSealing(dir: string) {
  const tree = TreeFiles.open(dir);
  const pool = new RandomPool();
  const key = randomBytes(32);
  const leafOf = (record: RecordToAppend, id: number): Buffer => {
    const { at, direction, side, protocol, client, provider, service, queryId, requestId, bodies } = record;
    const seal = createRecordSeal(key, id, pool);
    seal.seal(sealedParts.evidence, record.signature);
    seal.seal(sealedParts.head, record.head);
    for (const { position, bytes } of bodies)
      seal.seal(sealedParts.body + position, bytes ?? Buffer.alloc(0));
    const commit = (content: Uint8Array) => commitPart(pool.take(saltBytes), digestOf('sha512', content));
    const facts = writeFacts({
      ...{ kind: 'message', sequence: id, at: new Date(at).toISOString(), direction, side, protocol, client },
      ...{ provider, service, queryId, requestId, configuration: record.configuration },
      ...{ head: commit(record.head), signature: commit(record.signature) },
      bodies: bodies.map(({ digest }) => commitPart(pool.take(saltBytes), Buffer.from(digest))),
    });
    return hashLeaf(entryOf(pool.take(saltBytes), facts));
  };
  return {
    append: (batch: readonly RecordToAppend[]) =>
      tree.append(batch.map((record, index) => leafOf(record, tree.size + index))),
    close: () => tree.close(),
  };
}

const certificate = randomBytes(900).toString('base64');
const status = randomBytes(1_200).toString('base64');
const body = randomBytes(1_024);
const bodyDigest = createHash('sha512').update(body).digest();

/** A request or response of 1 KB, with a signature document as long as real ones and like them in what repeats. */
function nthRecord(n: number): RecordToAppend {
  const isRequest = n % 2 === 0;
  const signature =
    `<signature>${randomBytes(600).toString('base64')}<ds:X509Certificate>${certificate}</ds:X509Certificate>` +
    `<xades:EncapsulatedOCSPValue>${status}</xades:EncapsulatedOCSPValue></signature>`;
  const chain = Buffer.from(`<hashchain>${randomBytes(300).toString('base64')}</hashchain>`);
  return {
    at: 1_796_000_000_000 + n,
    direction: isRequest ? 'request' : 'response',
    side: 'client',
    protocol: 'rest',
    client: 'DEV:GOV:1:portal',
    provider: 'DEV:GOV:2:data',
    service: `DEV:GOV:2:data:service-${n % 10}`,
    queryId: `query-${Math.floor(n / 2)}`,
    requestId: createHash('md5').update(String(n)).digest('hex'),
    userId: null,
    issue: null,
    status: isRequest ? null : 200,
    configuration: 'ab'.repeat(32),
    keepDays: null,
    head: Buffer.from(`POST\r\n/r1/DEV/GOV/2/data/echo\r\nx-road-id:query-${Math.floor(n / 2)}\r\n`),
    headDigest: null,
    signature: Buffer.from(signature),
    hashChainResult: chain,
    hashChain: chain,
    bodies: [{ position: 1, size: body.length, digest: bodyDigest, bytes: body, file: null, key: null }],
  };
}
