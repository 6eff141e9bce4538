/** One stored message, as the log keeps it. Times are milliseconds since the epoch, identifiers in encoded form. */
export interface StoredRecord {
  /** Given by the log, rising, never reused. */
  readonly id: number;
  readonly at: number;
  readonly direction: 'request' | 'response';
  /** Which role this server had. */
  readonly side: 'client' | 'provider';
  readonly protocol: 'rest' | 'soap';
  readonly queryId: string;
  readonly requestId: string;
  readonly client: string;
  readonly service: string;
  /** Bytes of `/message.xml`. */
  readonly head: Uint8Array;
  /** The signature document as received or produced; with one timestamp inside once a record was stamped alone. */
  readonly signature: Uint8Array;
  readonly hashChainResult: Uint8Array | null;
  readonly hashChain: Uint8Array | null;
  /** SHA-512 of `signature`: the leaf of a batch timestamp. */
  readonly signatureHash: Uint8Array;
}

/** A body as it is kept: small ones beside their record, large ones as a sealed file of their own. */
export interface StoredBody {
  /** 1 for `/attachment1`. */
  readonly position: number;
  readonly size: number;
  readonly bytes: Uint8Array | null;
  /** Name inside the log's folder of bodies. */
  readonly file: string | null;
  /** Key that opens the file. */
  readonly key: Uint8Array | null;
}

export type RecordToAppend = Omit<StoredRecord, 'id'> & { readonly bodies: readonly StoredBody[] };

/** A timestamp over one record or many. */
export interface StoredTimestamp {
  /** DER token. */
  readonly token: Uint8Array;
  /** Bytes of `/ts-hashchainresult.xml`, null when the token is inside the signature of a single record. */
  readonly result: Uint8Array | null;
  /** Bytes of this record's `/ts-hashchain.xml`. */
  readonly chain: Uint8Array | null;
}

/** A record with all that a container of it holds. */
export interface FoundRecord extends StoredRecord {
  readonly bodies: readonly StoredBody[];
  readonly timestamp: StoredTimestamp | undefined;
}
