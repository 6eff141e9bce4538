import type { Kysely } from 'kysely';
import type { SettingsTables } from '../settings/index.ts';

/** Where a notice goes: `webhook`, or `mail` and the address of one mail box. */
export type Channel = string;

export interface NoticeRow {
  readonly expiry: string;
  readonly days: number;
  readonly channel: Channel;
  readonly state: 'waiting' | 'sent';
  readonly notAfter: Date;
  readonly at: Date;
}

type Db = Kysely<SettingsTables>;

/** So long after its end nobody can be told of a certificate again. */
const rememberMs = 90 * 86_400_000;
const maxListed = 200;

/** Which notices were sent, and which have still to be: nothing is told that is not written here first. */
export class NoticeBook {
  readonly #db: Db;

  constructor(db: Db) {
    this.#db = db;
  }

  /** Of a threshold that was reached; nothing when it was written down before. Greater ones wait no longer. */
  async add(row: Omit<NoticeRow, 'state'>): Promise<void> {
    const { expiry, days, channel, notAfter, at } = row;
    await this.#db.transaction().execute(async (tx) => {
      await tx
        .insertInto('notice')
        .values({
          ...{ expiry, days, channel, state: 'waiting' },
          ...{ notAfter: notAfter.getTime(), changedAt: at.getTime() },
        })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
      await tx
        .deleteFrom('notice')
        .where('expiry', '=', expiry)
        .where('channel', '=', channel)
        .where('state', '=', 'waiting')
        .where('days', '>', days)
        .execute();
    });
  }

  /** What was written down of thresholds, so that it is not written again. */
  async known(): Promise<ReadonlySet<string>> {
    const rows = await this.#db.selectFrom('notice').select(['expiry', 'days', 'channel']).execute();
    return new Set(rows.map(keyOf));
  }

  async waiting(): Promise<readonly NoticeRow[]> {
    const rows = await this.#db
      .selectFrom('notice')
      .selectAll()
      .where('state', '=', 'waiting')
      .orderBy('notAfter')
      .orderBy('expiry')
      .execute();
    return rows.map(readRow);
  }

  /** The last that were sent, newest first. */
  async sent(): Promise<readonly NoticeRow[]> {
    const rows = await this.#db
      .selectFrom('notice')
      .selectAll()
      .where('state', '=', 'sent')
      .orderBy('changedAt', 'desc')
      .orderBy('expiry')
      .limit(maxListed)
      .execute();
    return rows.map(readRow);
  }

  async markSent(rows: readonly NoticeRow[], at: Date): Promise<void> {
    await this.#db.transaction().execute(async (tx) => {
      for (const { expiry, days, channel } of rows) {
        await tx
          .updateTable('notice')
          .set({ state: 'sent', changedAt: at.getTime() })
          .where('expiry', '=', expiry)
          .where('days', '=', days)
          .where('channel', '=', channel)
          .execute();
      }
    });
  }

  /** As if it had never become due: should it again, it is told. */
  async withdraw(rows: readonly NoticeRow[]): Promise<void> {
    await this.#db.transaction().execute(async (tx) => {
      for (const { expiry, days, channel } of rows) {
        await tx
          .deleteFrom('notice')
          .where('expiry', '=', expiry)
          .where('days', '=', days)
          .where('channel', '=', channel)
          .execute();
      }
    });
  }

  async forgetOld(now: Date): Promise<void> {
    await this.#db
      .deleteFrom('notice')
      .where('notAfter', '<', now.getTime() - rememberMs)
      .execute();
  }
}

export function keyOf({ expiry, days, channel }: Pick<NoticeRow, 'expiry' | 'days' | 'channel'>): string {
  return `${days} ${channel} ${expiry}`;
}

interface StoredRow {
  readonly expiry: string;
  readonly days: number;
  readonly channel: string;
  readonly state: string;
  readonly notAfter: number;
  readonly changedAt: number;
}

function readRow({ state, notAfter, changedAt, ...rest }: StoredRow): NoticeRow {
  return {
    ...rest,
    state: state as NoticeRow['state'],
    notAfter: new Date(notAfter),
    at: new Date(changedAt),
  };
}
