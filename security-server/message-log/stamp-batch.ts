import type Database from 'better-sqlite3';
import { digestOf } from '../../certs/key/index.ts';
import { buildHashChains, type HashChains } from '../../gateway/signature/index.ts';

/** Records that get one timestamp together: a stretch of one partition, and the checkpoint that covers it. */
export interface ToStamp {
  readonly partition: string;
  readonly firstId: number;
  readonly lastId: number;
  /** Bytes of `/ts-hashchainresult.xml`: what the authority stamps. */
  readonly result: Uint8Array;
  readonly checkpoint: string;
  /** Places and signature hashes of the records, 6 and 64 octets each: a record that is lost costs no other its chain. */
  readonly leaves: Uint8Array;
}

/** A record among those that one timestamp is of. */
export interface StampedLeaf {
  readonly id: number;
  readonly signatureHash: Buffer;
}

const idBytes = 6;
const leafBytes = idBytes + 64;

/** Place of the first message without timestamp. */
export function unstampedFrom(database: Database.Database): number | undefined {
  const row = database
    .prepare<[], { id: number | null }>(
      'SELECT min(id) AS id FROM record WHERE id > (SELECT coalesce(max(lastId), -1) FROM timestamp)',
    )
    .get();
  return row?.id ?? undefined;
}

/** The next stretch of a partition without timestamp, below `size` leaves. */
export function nextBatch(
  name: string,
  database: Database.Database,
  limit: number,
  size: number,
  checkpoint: string,
): ToStamp | undefined {
  const rows = database
    .prepare<[number, number], StampedLeaf>(
      `SELECT id, signatureHash FROM record
       WHERE id > (SELECT coalesce(max(lastId), -1) FROM timestamp) AND id < ? ORDER BY id LIMIT ?`,
    )
    .all(size, limit);
  const [first, last] = [rows[0], rows.at(-1)];
  if (first === undefined || last === undefined) return undefined;
  const { result } = chainsOf(rows, checkpoint);
  return {
    partition: name,
    firstId: first.id,
    lastId: last.id,
    result,
    checkpoint,
    leaves: writeLeaves(rows),
  };
}

export function saveBatch(
  database: Database.Database,
  { firstId, lastId, result, checkpoint, leaves }: ToStamp,
  token: Uint8Array,
  at: number,
): void {
  database
    .prepare(
      'INSERT INTO timestamp (at, firstId, lastId, token, result, checkpoint, leaves) VALUES (?, ?, ?, ?, ?, ?, ?)',
    )
    .run(at, firstId, lastId, token, result, checkpoint, leaves);
}

/**
 * The hash chains of a batch, made anew from its leaves: they are longer than the records they lead from.
 * @returns chains by the place of the record, and that of the checkpoint
 * @throws RangeError when the leaves are not whole
 */
export function chainsOfBatch({ leaves, checkpoint }: Pick<ToStamp, 'leaves' | 'checkpoint'>): {
  readonly result: Buffer;
  readonly chains: ReadonlyMap<number, Buffer>;
  readonly checkpointChain: Buffer;
} {
  const rows = readLeaves(leaves);
  const { result, chains } = chainsOf(rows, checkpoint);
  const checkpointChain = chains.at(-1);
  if (checkpointChain === undefined) throw new RangeError('a batch has a chain for its checkpoint');
  const byId = new Map(rows.flatMap(({ id }, index) => pairedWith(id, chains[index])));
  return { result, chains: byId, checkpointChain };
}

/** @throws RangeError when they are not whole */
export function readLeaves(leaves: Uint8Array): StampedLeaf[] {
  const bytes = Buffer.from(leaves.buffer, leaves.byteOffset, leaves.length);
  if (bytes.length === 0 || bytes.length % leafBytes !== 0)
    throw new RangeError('the leaves of a batch are not whole');
  return Array.from({ length: bytes.length / leafBytes }, (_, index) => {
    const at = index * leafBytes;
    return { id: bytes.readUIntBE(at, idBytes), signatureHash: bytes.subarray(at + idBytes, at + leafBytes) };
  });
}

function writeLeaves(rows: readonly StampedLeaf[]): Buffer {
  const bytes = Buffer.alloc(rows.length * leafBytes);
  for (const [index, { id, signatureHash }] of rows.entries()) {
    bytes.writeUIntBE(id, index * leafBytes, idBytes);
    signatureHash.copy(bytes, index * leafBytes + idBytes);
  }
  return bytes;
}

function pairedWith(id: number, chain: Buffer | undefined): [number, Buffer][] {
  return chain === undefined ? [] : [[id, chain]];
}

/** With the checkpoint beside them even a single record is in a batch, so that no record is changed by its timestamp. */
function chainsOf(rows: readonly StampedLeaf[], checkpoint: string): HashChains {
  const signatures = rows.map(({ signatureHash }) => [
    { name: '/META-INF/signatures.xml', digest: signatureHash },
  ]);
  const covered = [{ name: '/checkpoint', digest: digestOf('sha512', Buffer.from(checkpoint)) }];
  return buildHashChains([...signatures, covered], 'sha512', '/ts-hashchain.xml');
}
