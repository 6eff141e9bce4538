import { inflateRawSync } from 'node:zlib';
import type Database from 'better-sqlite3';
import { type RecordSalts, saltBytes } from '../../gateway/evidence/index.ts';
import { decodeEvidence } from './evidence-blob.ts';
import type { StoredBody } from './model.ts';
import { type OpenPart, openRecordSeal, sealedParts } from './seal.ts';

/** The key of a period. @throws MessageLogError locked, damaged */
export type PeriodKeySource = (id: number) => Buffer;

/** What is stored of a record, as it is stored. */
export interface ContentRow {
  readonly id: number;
  readonly facts: Buffer;
  readonly salts: Buffer;
  readonly keyId: number;
  readonly wrappedKey: Buffer;
  readonly evidence: Buffer;
  readonly head: Buffer | null;
  readonly isHeadWhole: number;
}

export interface BodyRow {
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

/** The sealed contents of a record, opened. */
export interface OpenedContent {
  /** Octets of the head as they were kept; undefined once they were erased. */
  readonly head: Buffer | undefined;
  readonly signature: Buffer;
  readonly hashChainResult: Buffer | null;
  readonly hashChain: Buffer | null;
  /** Undefined for a body that was erased. */
  readonly placeOf: (body: BodyRow) => BodyPlace | undefined;
}

export function contentOf(database: Database.Database, index: number): ContentRow | undefined {
  return database.prepare<[number], ContentRow>('SELECT * FROM content WHERE id = ?').get(index);
}

export function bodiesOf(database: Database.Database, index: number): BodyRow[] {
  return database
    .prepare<[number], BodyRow>('SELECT * FROM body WHERE recordId = ? ORDER BY position')
    .all(index);
}

/**
 * Opens what is sealed of a record.
 * @throws MessageLogError locked, damaged; Error when the octets were changed
 */
export function openContent(
  database: Database.Database,
  { id, keyId, wrappedKey, evidence, head }: ContentRow,
  periodKey: PeriodKeySource,
): OpenedContent {
  const open = openRecordSeal(periodKey(keyId), id, wrappedKey);
  const shared = database.prepare<[number], { text: string }>('SELECT text FROM shared WHERE id = ?');
  const files = decodeEvidence(open(sealedParts.evidence, evidence), (number) => {
    const text = shared.get(number)?.text;
    if (text === undefined) throw new RangeError(`shared text ${number} is missing`);
    return text;
  });
  return {
    head: head === null ? undefined : open(sealedParts.head, head),
    signature: Buffer.from(files.signature),
    hashChainResult: files.hashChainResult && Buffer.from(files.hashChainResult),
    hashChain: files.hashChain && Buffer.from(files.hashChain),
    placeOf: (body) => placeOf(body, open),
  };
}

export function saltsOf(salts: Buffer): RecordSalts {
  const at = (index: number) => salts.subarray(index * saltBytes, (index + 1) * saltBytes);
  const bodies = Array.from({ length: salts.length / saltBytes - 3 }, (_, index) => at(index + 3));
  return { facts: at(0), head: at(1), signature: at(2), bodies };
}

export function shownBody({ position, size, digest, sealed, file }: BodyRow): StoredBody {
  return { position, size, digest, isErased: sealed === null && file === null };
}

function placeOf(body: BodyRow, open: OpenPart): BodyPlace | undefined {
  const { position, size, sealed, isDeflated, file, fileKey } = body;
  const part = sealedParts.body + position;
  if (sealed !== null) {
    const bytes = open(part, sealed);
    return {
      kind: 'memory',
      bytes: isDeflated === 1 ? inflateRawSync(bytes, { maxOutputLength: size }) : bytes,
    };
  }
  if (file === null || fileKey === null) return undefined;
  return { kind: 'file', file, key: open(part, fileKey), size };
}
