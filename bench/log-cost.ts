import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import Database from 'better-sqlite3';
import { LogStore, type RecordToAppend } from '../security-server/message-log/index.ts';

/** What it costs that a record is sealed, and a leaf of a tree, over a plain row of the same octets. */
export interface LogCost {
  /** Records a second, in one thread, without the exchange around them; the best of three rounds. */
  readonly plainPerSecond: number;
  readonly evidencedPerSecond: number;
}

/** As many records as the log commits together under load. */
const batchSize = 500;
const rounds = 3;

/** Writes the same records as plain rows and into a message log, in turns. @param dir folder for both */
export function measureLogCost(dir: string, records = 10_000): LogCost {
  const batches = Array.from({ length: records / batchSize }, (_, index) =>
    Array.from({ length: batchSize }, (__, at) => nthRecord(index * batchSize + at)),
  );
  let [plain, evidenced] = [Infinity, Infinity];
  for (let round = 0; round < rounds; round += 1) {
    const rows = openRows(join(dir, `rows-${round}`));
    plain = Math.min(plain, secondsOf(batches, rows.append));
    rows.close();
    const store = new LogStore({ dir: join(dir, `log-${round}`) });
    store.useKey(1, randomBytes(32));
    evidenced = Math.min(
      evidenced,
      secondsOf(batches, (batch) => store.append(batch)),
    );
    store.close();
  }
  return {
    plainPerSecond: Math.round(records / plain),
    evidencedPerSecond: Math.round(records / evidenced),
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

/** The least a server must do: a durable row, found by time and message id, with the digest a timestamp needs. */
function openRows(dir: string) {
  mkdirSync(dir, { recursive: true });
  const database = new Database(join(dir, 'rows.sqlite'));
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  database.exec(
    `CREATE TABLE record (id INTEGER PRIMARY KEY, at INTEGER, direction TEXT, side TEXT, protocol TEXT, client TEXT,
       service TEXT, queryId TEXT, requestId TEXT, userId TEXT, issue TEXT, status INTEGER, head BLOB,
       signature BLOB, hashChainResult BLOB, hashChain BLOB, signatureHash BLOB, body BLOB);
     CREATE INDEX record_by_time ON record (at);
     CREATE INDEX record_by_query_id ON record (queryId);`,
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
