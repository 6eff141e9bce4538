import type Database from 'better-sqlite3';
import { buildHashChains } from '../../gateway/signature/index.ts';
import type { RecordToAppend } from './model.ts';

/** What a timestamp is asked for. */
export type ToStamp =
  | { readonly kind: 'one'; readonly id: number; readonly signature: Uint8Array }
  | { readonly kind: 'many'; readonly ids: readonly number[]; readonly result: Uint8Array };

/** A timestamp that came back. */
export type Stamped =
  | {
      readonly kind: 'one';
      readonly id: number;
      readonly token: Uint8Array;
      readonly signature: Uint8Array;
      readonly signatureHash: Uint8Array;
      readonly at: number;
    }
  | { readonly kind: 'many'; readonly token: Uint8Array; readonly result: Uint8Array; readonly at: number };

/** Writes of the message log, in the one thread that writes. Each is one transaction, durable when it returns. */
export interface RecordTable {
  /** Appends all or none. */
  append(records: readonly RecordToAppend[]): void;
  /** The oldest records without timestamp as one request; undefined when there are none. */
  nextToStamp(limit: number): ToStamp | undefined;
  saveStamp(stamped: Stamped): void;
  setCondition(name: string, value: number | undefined): void;
}

export function openRecordTable(database: Database.Database): RecordTable {
  const insertRecord = database.prepare(
    `INSERT INTO record (at, direction, side, protocol, queryId, requestId, client, service, head, signature,
       hashChainResult, hashChain, signatureHash)
     VALUES (@at, @direction, @side, @protocol, @queryId, @requestId, @client, @service, @head, @signature,
       @hashChainResult, @hashChain, @signatureHash)`,
  );
  const insertBody = database.prepare(
    `INSERT INTO body (recordId, position, size, bytes, file, key)
     VALUES (@recordId, @position, @size, @bytes, @file, @key)`,
  );
  const unstamped = database.prepare<[number], { id: number; signatureHash: Buffer }>(
    'SELECT id, signatureHash FROM record WHERE timestampId IS NULL ORDER BY id LIMIT ?',
  );
  const signatureOf = database.prepare<[number], { signature: Buffer }>(
    'SELECT signature FROM record WHERE id = ?',
  );
  const insertTimestamp = database.prepare('INSERT INTO timestamp (at, token, result) VALUES (?, ?, ?)');
  const linkOne = database.prepare(
    'UPDATE record SET timestampId = ?, signature = ?, signatureHash = ? WHERE id = ? AND timestampId IS NULL',
  );
  const linkMany = database.prepare(
    'UPDATE record SET timestampId = ?, timestampChain = ? WHERE id = ? AND timestampId IS NULL',
  );
  const setCondition = database.prepare(
    'INSERT INTO condition (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
  );
  const clearCondition = database.prepare('DELETE FROM condition WHERE name = ?');
  /** Chains of the batch that is being stamped; made with the request, stored with the answer. */
  let pending: { readonly ids: readonly number[]; readonly chains: readonly Buffer[] } | undefined;

  return {
    append: database.transaction((records: readonly RecordToAppend[]) => {
      for (const { bodies, ...record } of records) {
        const recordId = insertRecord.run(record).lastInsertRowid;
        for (const body of bodies) insertBody.run({ recordId, ...body });
      }
    }).immediate,

    nextToStamp: (limit) => {
      const rows = unstamped.all(limit);
      const [first] = rows;
      if (first === undefined) return undefined;
      if (rows.length === 1) {
        const signature = signatureOf.get(first.id)?.signature;
        return signature && { kind: 'one', id: first.id, signature };
      }
      const batch = buildHashChains(
        rows.map(({ signatureHash }) => [{ name: '/META-INF/signatures.xml', digest: signatureHash }]),
        'sha512',
        '/ts-hashchain.xml',
      );
      const ids = rows.map(({ id }) => id);
      pending = { ids, chains: batch.chains };
      return { kind: 'many', ids, result: batch.result };
    },

    saveStamp: database.transaction((stamped: Stamped) => {
      if (stamped.kind === 'one') {
        const id = insertTimestamp.run(stamped.at, stamped.token, null).lastInsertRowid;
        linkOne.run(id, stamped.signature, stamped.signatureHash, stamped.id);
        return;
      }
      if (pending === undefined) throw new Error('a timestamp came for a batch that nobody asked to stamp');
      const id = insertTimestamp.run(stamped.at, stamped.token, stamped.result).lastInsertRowid;
      for (const [index, recordId] of pending.ids.entries())
        linkMany.run(id, pending.chains[index], recordId);
      pending = undefined;
    }).immediate,

    setCondition: (name, value) => {
      if (value === undefined) clearCondition.run(name);
      else setCondition.run(name, value);
    },
  };
}
