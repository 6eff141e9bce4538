import type { RecordSalts } from '../../gateway/evidence/index.ts';

/** What can be searched for, and is shown in lists. Times are milliseconds since the epoch, identifiers encoded. */
export interface RecordSummary {
  /** Place in the log from 0: dense, never used again. */
  readonly index: number;
  /** Dense from 1 within client, provider, direction and side. */
  readonly sequence: number;
  readonly at: number;
  readonly direction: 'request' | 'response';
  /** Which role this server had. */
  readonly side: 'client' | 'provider';
  readonly protocol: 'rest' | 'soap';
  readonly client: string;
  /** Owner of the service. */
  readonly provider: string;
  readonly service: string;
  readonly queryId: string;
  readonly requestId: string;
  readonly userId: string | null;
  readonly issue: string | null;
  /** HTTP status of a response. */
  readonly status: number | null;
}

/** A body on its way into the log: small ones with their bytes, large ones as a sealed file of their own. */
export interface BodyToAppend {
  /** 1 for `/attachment1`. */
  readonly position: number;
  readonly size: number;
  /** SHA-512. */
  readonly digest: Uint8Array;
  readonly bytes: Uint8Array | null;
  /** Name inside the log's folder of bodies. */
  readonly file: string | null;
  /** Key that opens the file. */
  readonly key: Uint8Array | null;
}

/** A record on its way into the log, which gives it its place, its number and its proof. */
export type RecordToAppend = Omit<RecordSummary, 'index' | 'sequence'> & {
  /** Id of the configuration snapshot in force. */
  readonly configuration: string;
  /** Days until bodies and head are erased: 0 when they are not even kept, null when they stay. */
  readonly keepDays: number | null;
  /** Bytes of `/message.xml`, or what may be kept of them. */
  readonly head: Uint8Array;
  /** SHA-512 of the whole head when `head` is not all of it. */
  readonly headDigest: Uint8Array | null;
  /** The signature document as received or produced. */
  readonly signature: Uint8Array;
  readonly hashChainResult: Uint8Array | null;
  readonly hashChain: Uint8Array | null;
  readonly bodies: readonly BodyToAppend[];
};

export interface StoredBody {
  readonly position: number;
  readonly size: number;
  /** SHA-512; it stays when the body is erased. */
  readonly digest: Buffer;
  readonly isErased: boolean;
}

/** A timestamp over the records of a stretch of the log, and over a checkpoint that covers them. */
export interface StoredTimestamp {
  readonly at: number;
  /** DER token. */
  readonly token: Buffer;
  /** Bytes of `/ts-hashchainresult.xml`. */
  readonly result: Buffer;
  /** Bytes of this record's `/ts-hashchain.xml`. */
  readonly chain: Buffer;
  /** Signed note of the checkpoint. */
  readonly checkpoint: string;
  /** From the checkpoint to the result. */
  readonly checkpointChain: Buffer;
}

/** A record with all that a container of it holds, but its bodies. */
export interface FoundRecord extends RecordSummary {
  /** Bytes that the log's leaf binds to. */
  readonly facts: Buffer;
  readonly salts: RecordSalts;
  /** Bytes of `/message.xml`; undefined when they were erased, or not kept whole. */
  readonly head: Buffer | undefined;
  /** What is kept of a head that may not be kept whole. */
  readonly keptHead: Buffer | undefined;
  readonly signature: Buffer;
  readonly hashChainResult: Buffer | null;
  readonly hashChain: Buffer | null;
  readonly bodies: readonly StoredBody[];
  readonly timestamp: StoredTimestamp | undefined;
}

/** How far each pair had come at a moment. */
export interface FoundTally {
  readonly index: number;
  readonly facts: Buffer;
  readonly factsSalt: Buffer;
  /** In the order of the commitments. */
  readonly pairs: readonly { readonly text: string; readonly salt: Buffer }[];
}

/** A stretch of the log in a file of its own. */
export interface PartitionInfo {
  /** Month in UTC: `2026-11`. */
  readonly name: string;
  readonly firstIndex: number;
  /** Below `firstIndex` when there is nothing yet. */
  readonly lastIndex: number;
  /** Instants of its first and last message. */
  readonly from: number;
  readonly to: number;
  readonly bytes: number;
  readonly isCurrent: boolean;
  readonly allStamped: boolean;
}

export type MessageLogErrorCode = 'rolled-back' | 'damaged' | 'locked' | 'not-droppable';

/** Why the log cannot go on as it is. */
export class MessageLogError extends Error {
  readonly code: MessageLogErrorCode;

  constructor(code: MessageLogErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'MessageLogError';
    this.code = code;
  }
}
