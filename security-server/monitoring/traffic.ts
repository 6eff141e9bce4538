import type Database from 'better-sqlite3';

/** One exchange, as far as it is counted: nothing of it names a person or a message. */
export interface TrafficSample {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly side: 'client' | 'provider';
  /** Encoded identifiers. */
  readonly client: string;
  readonly service: string;
  /** Method and path as the settings have them, such as `GET /persons/*`; never the path that was called. */
  readonly endpoint: string;
  readonly isGood: boolean;
  readonly durationMs: number;
  readonly octets: number;
}

export const trafficDimensions = ['service', 'client', 'endpoint'] as const;
export type TrafficDimension = (typeof trafficDimensions)[number];
export const trafficPeriods = ['hour', 'day', 'week'] as const;
export type TrafficPeriod = (typeof trafficPeriods)[number];

export interface TrafficQuery {
  readonly period: TrafficPeriod;
  readonly by: TrafficDimension;
  readonly side?: TrafficSample['side'];
  readonly service?: string;
  readonly client?: string;
  readonly now: Date;
}

/** Sums of exchanges. Durations in milliseconds; those of a quantile are the upper edges of their class. */
export interface TrafficSum {
  readonly exchanges: number;
  readonly failed: number;
  readonly octets: number;
  readonly meanMs: number;
  /** Half of the exchanges took no longer, and 95 of 100. */
  readonly medianMs: number;
  readonly p95Ms: number;
  readonly longestMs: number;
}

export interface Traffic {
  /** One for each stretch of the period, oldest first, those without an exchange too. */
  readonly stretches: readonly (TrafficSum & { readonly at: Date })[];
  readonly stretchSeconds: number;
  /** Most exchanges first. */
  readonly rows: readonly (TrafficSum & { readonly name: string })[];
  /** Rows that were left out. */
  readonly omitted: number;
  readonly total: TrafficSum;
}

/** Upper edges of the classes of durations, in milliseconds; the last class has none. */
const edges = [5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000] as const;
const classes = [...edges.map((_, index) => `d${index}`), `d${edges.length}`];
const sums = ['exchanges', 'failed', 'octets', 'durationMs', ...classes];

/** Schema of the table, in the database of operational data. */
export const trafficSchema = `CREATE TABLE traffic (
   at INTEGER NOT NULL, side TEXT NOT NULL, client TEXT NOT NULL, service TEXT NOT NULL, endpoint TEXT NOT NULL,
   ${sums.map((name) => `${name} INTEGER NOT NULL`).join(', ')}, longestMs INTEGER NOT NULL,
   PRIMARY KEY (at, side, client, service, endpoint)
 ) STRICT, WITHOUT ROWID`;

/** Exchanges are summed by five minutes. */
const slotSeconds = 300;
const periods: Readonly<Record<TrafficPeriod, { readonly seconds: number; readonly stretch: number }>> = {
  hour: { seconds: 3_600, stretch: slotSeconds },
  day: { seconds: 86_400, stretch: 1_800 },
  week: { seconds: 7 * 86_400, stretch: 7_200 },
};
const keptDays = 8;
/** What must not fill the disk: beyond it the others are together. */
const maxKeysOfSlot = 1_000;
/** Name of what is counted without its own. */
export const others = '…';
const maxRows = 50;

/** Null where nothing was summed. */
type Row = Readonly<Record<string, number | null>> & { readonly longestMs: number | null };

/**
 * Sums of what was exchanged, by service, consumer and endpoint, in slots of five minutes. What is counted waits in
 * memory until it is written with the records of operational data.
 */
export class TrafficBook {
  readonly #database: Database.Database;
  #waiting = new Map<string, { readonly key: readonly unknown[]; readonly values: number[] }>();
  #slot = -1;
  #keys = new Set<string>();

  constructor(database: Database.Database) {
    this.#database = database;
  }

  note(sample: TrafficSample): void {
    const slot = Math.floor(sample.at / 1000 / slotSeconds) * slotSeconds;
    const key = this.#keyOf(slot, sample);
    const name = JSON.stringify(key);
    const duration = Math.max(0, Math.round(sample.durationMs));
    const index = edges.findIndex((edge) => duration <= edge);
    const own = [1, sample.isGood ? 0 : 1, sample.octets, duration];
    const values = [...own, ...classes.map((_, at) => Number(at === (index < 0 ? edges.length : index)))];
    const waiting = this.#waiting.get(name);
    const longest = Math.max(duration, waiting?.values.at(-1) ?? 0);
    const summed = values.map((value, at) => value + (waiting?.values[at] ?? 0));
    this.#waiting.set(name, { key, values: [...summed, longest] });
  }

  /** Writes what waits, within the caller's transaction; `written` is to be called once that is on disk. */
  write(): { readonly written: () => void } {
    const batch = this.#waiting;
    const insert = this.#database.prepare(
      `INSERT INTO traffic (at, side, client, service, endpoint, ${sums.join(', ')}, longestMs)
       VALUES (${Array.from({ length: sums.length + 6 }, () => '?').join(', ')})
       ON CONFLICT DO UPDATE SET ${sums.map((name) => `${name} = ${name} + excluded.${name}`).join(', ')},
         longestMs = max(longestMs, excluded.longestMs)`,
    );
    for (const { key, values } of batch.values()) insert.run(...key, ...values);
    return {
      written: () => {
        if (this.#waiting === batch) this.#waiting = new Map();
      },
    };
  }

  prune(now: Date): void {
    const before = Math.floor(now.getTime() / 1000) - keptDays * 86_400;
    this.#database.prepare('DELETE FROM traffic WHERE at < ?').run(before);
  }

  read({ period, by, side, service, client, now }: TrafficQuery): Traffic {
    const { seconds, stretch } = periods[period];
    const end = (Math.floor(now.getTime() / 1000 / stretch) + 1) * stretch;
    const from = end - seconds;
    const filters: readonly (readonly [string, string | undefined])[] = [
      ['side', side],
      ['service', service],
      ['client', client],
    ];
    const asked = filters.filter(([, value]) => value !== undefined);
    const where = ['at >= ?', 'at < ?', ...asked.map(([name]) => `${name} = ?`)].join(' AND ');
    const bound = [from, end, ...asked.map(([, value]) => value)];
    const summed = [...sums.map((name) => `sum(${name}) AS ${name}`), 'max(longestMs) AS longestMs'].join(
      ', ',
    );
    const select = <Key>(key: string, rest: string) =>
      this.#database
        .prepare<unknown[], Row & { readonly key: Key }>(
          `SELECT ${key} AS key, ${summed} FROM traffic WHERE ${where} ${rest}`,
        )
        .all(...bound);
    const byTime = new Map(
      select<number>(`at - at % ${stretch}`, 'GROUP BY 1').map((row) => [row.key, sumOf([row])]),
    );
    // An endpoint is one of its service.
    const ofService = `CASE service WHEN '${others}' THEN service ELSE service || ' ' || endpoint END`;
    const name = by === 'endpoint' ? ofService : by;
    const rows = select<string>(name, `GROUP BY 1 ORDER BY exchanges DESC, 1 LIMIT ${maxRows}`);
    const all = select<number>(`count(DISTINCT ${name})`, '');
    return {
      stretches: Array.from({ length: seconds / stretch }, (_, index) => {
        const at = from + index * stretch;
        return { at: new Date(at * 1000), ...(byTime.get(at) ?? sumOf([])) };
      }),
      stretchSeconds: stretch,
      rows: rows.map((row) => ({ name: row.key, ...sumOf([row]) })),
      omitted: Math.max(0, (all[0]?.key ?? 0) - rows.length),
      total: sumOf(all),
    };
  }

  /** Services elsewhere that answered well, at most so many. Encoded. */
  answered(limit: number): readonly string[] {
    return this.#database
      .prepare<unknown[], string>(
        `SELECT DISTINCT service FROM traffic WHERE side = 'client' AND exchanges > failed AND service <> ? LIMIT ?`,
      )
      .pluck()
      .all(others, limit);
  }

  #keyOf(slot: number, { side, client, service, endpoint }: TrafficSample): readonly unknown[] {
    if (slot !== this.#slot) {
      this.#slot = slot;
      this.#keys = new Set();
    }
    const key = [slot, side, client, service, endpoint];
    const name = JSON.stringify(key);
    if (this.#keys.has(name)) return key;
    if (this.#keys.size >= maxKeysOfSlot) return [slot, side, others, others, others];
    this.#keys.add(name);
    return key;
  }
}

function sumOf(rows: readonly Row[]): TrafficSum {
  const sum = (name: string) => rows.reduce((all, row) => all + (row[name] ?? 0), 0);
  const exchanges = sum('exchanges');
  const longestMs = Math.max(0, ...rows.map((row) => row.longestMs ?? 0));
  const counts = classes.map(sum);
  const quantile = (share: number) => {
    let seen = 0;
    for (const [index, count] of counts.entries()) {
      seen += count;
      if (count > 0 && seen >= exchanges * share) return Math.min(edges[index] ?? longestMs, longestMs);
    }
    return 0;
  };
  return {
    ...{ exchanges, failed: sum('failed'), octets: sum('octets'), longestMs },
    meanMs: exchanges === 0 ? 0 : sum('durationMs') / exchanges,
    medianMs: quantile(0.5),
    p95Ms: quantile(0.95),
  };
}
