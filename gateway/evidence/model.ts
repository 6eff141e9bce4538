import type { ArchiveLink } from '../signature/index.ts';
import type { RecordSalts } from './facts.ts';
import type { Grouping } from './group.ts';

/**
 * What a bundle is about: one exchange, all of a party in a period, exchanges somebody chose, or a stretch of a log that
 * was archived.
 */
export type BundleScope =
  | { readonly kind: 'exchange'; readonly queryId: string }
  | {
      readonly kind: 'party';
      /** Encoded member or subsystem: it and all under it, as client or as provider. */
      readonly party: string;
      /** ISO 8601 in UTC with milliseconds; `from` belongs to the period, `to` does not. */
      readonly from: string;
      readonly to: string;
    }
  | {
      readonly kind: 'case';
      readonly title: string;
      /** Message ids of the exchanges that were chosen, in order; absent in version 1, which told them not. */
      readonly queryIds?: readonly string[];
    }
  | {
      readonly kind: 'archive';
      readonly grouping: Grouping;
      /** As `groupOf` names it; empty without grouping. */
      readonly group: string;
      /** Places of the log: `from` belongs to the stretch, `to` does not. */
      readonly from: number;
      readonly to: number;
      /** The archive before in the same group; null for the first, absent in archives that do not sign for it. */
      readonly previous?: ArchiveLink | null | undefined;
    };

/** A record with what proves it; buffers hold 32-octet hashes where they are hashes. */
export interface BundleRecord {
  /** Of the leaf in the log, from 0. */
  readonly index: number;
  /** Exactly as they were committed to. */
  readonly facts: Buffer;
  readonly salts: RecordSalts;
  /** Inclusion proof to the bundle's checkpoint, the hash beside the leaf first. */
  readonly inclusion: readonly Buffer[];
  /** ASiC-E container; null when nothing of the message is handed over. */
  readonly container: Buffer | null;
  /** Parts that the container lacks, e.g. `attachment1`: the log has erased them, or the export leaves them out. */
  readonly erased: readonly string[];
  /** Place in the bundle's timestamps; null while the record waits for one. */
  readonly timestamp: number | null;
}

/** A tally, with those of its lines that this bundle's scope is about. */
export interface BundleTally {
  readonly index: number;
  readonly facts: Buffer;
  readonly salt: Buffer;
  readonly inclusion: readonly Buffer[];
  readonly pairs: readonly {
    /** Place among the commitments of the tally. */
    readonly position: number;
    /** As `tallyText` writes it. */
    readonly text: string;
    readonly salt: Buffer;
  }[];
}

/** A leaf of the log that is shown for the configuration that it names, and for nothing else. */
export interface BundleWitness {
  readonly index: number;
  /** Of a message or a tally. */
  readonly facts: Buffer;
  readonly salt: Buffer;
  readonly inclusion: readonly Buffer[];
}

/** A checkpoint that an authority stamped; the chain leads from it, as `/checkpoint`, to the result under the token. */
export interface BundleTimestamp {
  /** Signed note. */
  readonly checkpoint: string;
  /** DER TimeStampToken over the result. */
  readonly token: Buffer;
  readonly result: Buffer;
  readonly chain: Buffer;
}

/** Files of a configuration as of then; `id` is the hash of them all that records name. */
export interface BundleConfiguration {
  readonly id: string;
  readonly files: readonly { readonly name: string; readonly bytes: Buffer }[];
}

/** Shows that the log at an earlier size is the beginning of the log at the bundle's checkpoint. */
export interface BundleConsistency {
  readonly oldSize: number;
  readonly oldRoot: Buffer;
  readonly proof: readonly Buffer[];
}

/** All that a bundle says. Lists are in the order of their indices, sizes and ids, and none has a double. */
export interface BundleContent {
  readonly scope: BundleScope;
  /** Of the log, as its checkpoints name it. */
  readonly origin: string;
  /** Of the log's notes. */
  readonly verifierKey: string;
  /** ISO 8601 in UTC with milliseconds, as whoever exported says. */
  readonly createdAt: string;
  /** Signed note that all inclusion proofs lead to. */
  readonly checkpoint: string;
  /** Signed note in which the log says what this export holds; absent in version 1. */
  readonly contents?: string;
  readonly records: readonly BundleRecord[];
  readonly tallies: readonly BundleTally[];
  readonly timestamps: readonly BundleTimestamp[];
  readonly configurations: readonly BundleConfiguration[];
  readonly consistency: readonly BundleConsistency[];
  /** Say whose timestamps counted, where no record here does; absent when none is needed. */
  readonly witnesses?: readonly BundleWitness[] | undefined;
}
