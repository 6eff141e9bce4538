import type { StretchHole, StretchNumbers } from '../../gateway/evidence/index.ts';

/** A message of an archive that was imported. Identifiers are encoded; null is what its container does not tell. */
export interface ImportedMessage {
  /** File name of its container inside the archive. */
  readonly entry: string;
  readonly queryId: string | null;
  readonly direction: 'request' | 'response' | null;
  readonly client: string | null;
  readonly service: string | null;
  readonly userId: string | null;
  readonly issue: string | null;
  /** HTTP status of a response, where it is told. */
  readonly status: number | null;
  /** Milliseconds since the epoch: when it was timestamped, or recorded. */
  readonly at: number | null;
  /** Why its signature or timestamp is not good, as release 7.8 spells it; null when it is. */
  readonly code: string | null;
  readonly reason: string | null;
}

/** What an archive of ours is of: a group of a log, from one place to another. */
export interface ImportedStretch {
  /** Origin and group: archives of the same follow each other. */
  readonly log: string;
  /** Places: `from` belongs to it, `to` does not. */
  readonly from: number;
  readonly to: number;
  readonly numbers: StretchNumbers;
}

/** An archive whose links were verified, with what is to be known of the messages in it. */
export interface ArchiveToImport {
  readonly name: string;
  readonly bytes: Buffer;
  readonly maker: 'x-road' | 'waygate';
  /** Last linking digest, hex. */
  readonly lastDigest: string;
  /** The archive it says to follow; null for the first of a chain. */
  readonly previous: { readonly fileName: string; readonly digest: string } | null;
  readonly messages: readonly ImportedMessage[];
  /** Of an archive of ours that tells it. */
  readonly stretch?: ImportedStretch | undefined;
}

/** An archive that was imported. */
export interface ImportedArchive extends Pick<ArchiveToImport, 'name' | 'maker'> {
  /** Of the file, hex. */
  readonly sha256: string;
  readonly octets: number;
  readonly messages: number;
  /** How many of them are not good. */
  readonly bad: number;
  /** Name of the archive it follows; null for the first of a chain. */
  readonly follows: string | null;
  /** Whether that one is here as well, with the digest that this one names. */
  readonly isLinked: boolean;
  /**
   * How its numbers do not go on where those of the archive before it end, among those that are here: what it says to
   * follow counts for nothing. Null when they do, or nothing can be said of them.
   */
  readonly hole: StretchHole | null;
}

export interface ImportedQuery {
  /** Milliseconds since the epoch; `to` no longer belongs to the period. */
  readonly from?: number;
  readonly to?: number;
  /** Encoded member or subsystem, as client or as provider, with all under it. */
  readonly party?: string;
  /** Encoded, with all under it. */
  readonly client?: string;
  readonly service?: string;
  readonly queryId?: string;
  readonly userId?: string;
  readonly issue?: string;
  readonly direction?: 'request' | 'response';
  /** Only those whose signature or timestamp is not good. */
  readonly onlyBad?: boolean;
  /** Messages of an answer, from 1 on. */
  readonly limit: number;
  /** Where an earlier answer ended. */
  readonly cursor?: string;
}

export interface FoundMessage extends ImportedMessage {
  /** Name of its archive. */
  readonly archive: string;
}

export type ImportErrorCode = 'not-an-archive' | 'not-linked' | 'not-good' | 'altered' | 'cursor-unreadable';

/** An archive is not imported, or what was imported is no longer what it was. */
export class ImportError extends Error {
  override readonly name = 'ImportError';
  readonly code: ImportErrorCode;

  constructor(code: ImportErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
