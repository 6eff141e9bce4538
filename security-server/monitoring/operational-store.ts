import { type ClientId, printEncoded } from '../../gateway/identifier/index.ts';
import { openStore, type Store } from '../../gateway/store/index.ts';
import type { OperationalRecord } from './operational-record.ts';
import { TrafficBook, trafficSchema } from './traffic.ts';

interface OperationalTables {
  readonly operation: {
    readonly id: number;
    /** Seconds since 1970. */
    readonly at: number;
    /** Encoded identifiers of both parties. */
    readonly client: string;
    readonly provider: string;
    readonly record: string;
  };
}

const steps: readonly string[] = [
  `CREATE TABLE operation (
     id INTEGER PRIMARY KEY, at INTEGER NOT NULL, client TEXT NOT NULL, provider TEXT NOT NULL,
     record TEXT NOT NULL
   ) STRICT;
   CREATE INDEX operationAt ON operation (at);`,
  trafficSchema,
  "CREATE INDEX operationMessageId ON operation (json_extract(record, '$.messageId'));",
];

export interface OperationalStoreOptions {
  readonly path: string;
  /** How long records are kept. */
  readonly retentionDays: number;
  readonly now: () => Date;
  /** Told that records could not be kept. */
  readonly onTrouble: (error: unknown) => void;
}

export interface KeptRecord {
  readonly record: OperationalRecord;
  readonly client: ClientId;
  readonly provider: ClientId;
}

export interface OperationalQuestion {
  /** Seconds since 1970, both inclusive. */
  readonly from: number;
  readonly to: number;
  /** Only exchanges in which each of these took part, as either party. */
  readonly parties: readonly ClientId[];
}

const flushEveryMs = 1000;
const pruneEveryMs = 3_600_000;
/** Records that may wait for the disk; more come only when it stands still. */
const maxWaiting = 20_000;
/** Records of one message id that are told: clients may use one for many requests. */
const maxOfMessage = 100;
/** Records of one answer, unless more fall into one second. */
export const maxRecordsInAnswer = 10_000;

/**
 * Keeps operational data on disk, off the message path: records wait in memory for up to a second and are written
 * together. A crash loses what waited; the evidence of the exchanges is in the message log.
 */
export class OperationalStore {
  readonly #store: Store<OperationalTables>;
  readonly #options: OperationalStoreOptions;
  /** Sums of what is kept, in the same database. */
  readonly traffic: TrafficBook;
  #waiting: KeptRecord[] = [];
  #dropped = 0;
  readonly #timers: readonly NodeJS.Timeout[];

  constructor(options: OperationalStoreOptions) {
    this.#options = options;
    this.#store = openStore<OperationalTables>(options.path, steps);
    this.traffic = new TrafficBook(this.#store.database);
    this.#timers = [
      setInterval(() => this.#try(() => this.flush()), flushEveryMs).unref(),
      setInterval(() => this.#try(() => this.prune()), pruneEveryMs).unref(),
    ];
    this.#try(() => this.prune());
  }

  keep(record: KeptRecord): void {
    if (this.#waiting.length < maxWaiting) this.#waiting.push(record);
    else this.#dropped += 1;
  }

  /** Writes what waits. @throws Error of the database; nothing is lost then */
  flush(): void {
    const { database } = this.#store;
    const batch = this.#waiting;
    if (batch.length > 0) {
      const insert = database.prepare(
        'INSERT INTO operation (at, client, provider, record) VALUES (?, ?, ?, ?)',
      );
      const { written } = database.transaction(() => {
        for (const { record, client, provider } of batch) {
          const parties = [printEncoded(client), printEncoded(provider)];
          insert.run(record.monitoringDataTs, ...parties, JSON.stringify(record));
        }
        return this.traffic.write();
      })();
      this.#waiting = [];
      written();
    }
    if (this.#dropped > 0) {
      const count = this.#dropped;
      this.#dropped = 0;
      this.#options.onTrouble(
        new Error(`operational data of ${count} exchanges were not kept: the disk is slow`),
      );
    }
  }

  /** Removes what is older than the retention. */
  prune(): void {
    const { retentionDays, now } = this.#options;
    const before = Math.floor(now().getTime() / 1000) - retentionDays * 86_400;
    this.#store.database.prepare('DELETE FROM operation WHERE at < ?').run(before);
    this.traffic.prune(now());
  }

  /**
   * Records of a period in the order they were kept. Those of one second are never torn apart.
   * @returns `nextFrom`: the second at which the next question goes on, when not everything fitted
   */
  find({ from, to, parties }: OperationalQuestion): {
    readonly records: readonly OperationalRecord[];
    readonly nextFrom?: number;
  } {
    this.flush();
    const keys = parties.map(printEncoded);
    const conditions = keys.map(() => 'AND (client = ? OR provider = ?)').join(' ');
    const select = this.#store.database.prepare<unknown[], { at: number; record: string }>(
      `SELECT at, record FROM operation WHERE at BETWEEN ? AND ? ${conditions} ORDER BY at, id LIMIT ?`,
    );
    const bound = keys.flatMap((key) => [key, key]);
    const read = (start: number, end: number, limit: number) => select.all(start, end, ...bound, limit);
    const rows = read(from, to, maxRecordsInAnswer + 1);
    const last = rows.at(-1);
    if (rows.length <= maxRecordsInAnswer || last === undefined) return { records: rows.map(parse) };
    const whole = rows.filter(({ at }) => at < last.at);
    // All in one second: they must go together, or the next question would find the same ones again.
    if (whole.length === 0) return { records: read(last.at, last.at, -1).map(parse), nextFrom: last.at + 1 };
    return { records: whole.map(parse), nextFrom: last.at };
  }

  /** What was kept under a message id, newest first. */
  ofMessage(messageId: string): readonly OperationalRecord[] {
    this.flush();
    return this.#store.database
      .prepare<unknown[], { record: string }>(
        "SELECT record FROM operation WHERE json_extract(record, '$.messageId') = ? ORDER BY id DESC LIMIT ?",
      )
      .all(messageId, maxOfMessage)
      .map(parse);
  }

  close(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#try(() => this.flush());
    this.#store.close();
  }

  #try(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#options.onTrouble(error);
    }
  }
}

function parse({ record }: { readonly record: string }): OperationalRecord {
  return JSON.parse(record) as OperationalRecord;
}
