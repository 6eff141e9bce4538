import type { ServiceId } from '../../gateway/identifier/index.ts';
import type { ConfigurationSource, LogEntry } from '../../gateway/road/index.ts';
import type { NoteAsked } from '../asked/index.ts';
import type { KeyWrapping } from './log-keys.ts';

/** What is kept of the contents of a message. */
export type BodyPolicy =
  | { readonly kind: 'keep' }
  | { readonly kind: 'days'; readonly days: number }
  /** Nothing of the bodies, and of the head what `strippedHead` leaves. */
  | { readonly kind: 'digest' };

export interface MessageLogOptions {
  /** Folder of the log alone. */
  readonly dir: string;
  /** Name of a new log in its checkpoints: unique, and a line of text without spaces. */
  readonly origin: string;
  /** Holds the keys of the log. While it is signed out, nothing is recorded. */
  readonly token: KeyWrapping;
  readonly configuration: ConfigurationSource;
  /** Id of the configuration snapshot in force, which is on disk already. */
  readonly configurationId: () => string;
  readonly bodyPolicy: (service: ServiceId, side: LogEntry['side']) => BodyPolicy;
  /** What may be kept of a head when its message is kept as a digest only. */
  readonly strippedHead: (entry: Pick<LogEntry, 'head' | 'protocol' | 'service'>) => Buffer;
  readonly timestampUrls: readonly string[];
  /** How long no timestamp may be had before messages are refused; 0 never refuses. */
  readonly acceptableTimestampFailureMs: number;
  readonly now: () => Date;
  readonly onTimestampFailure: (error: Error) => void;
  /** Told how it went with each timestamping authority. */
  readonly onAsked?: NoteAsked;
  /** Told what else went wrong on its own time: erasing what is due, signing a checkpoint. */
  readonly onTrouble: (error: Error) => void;
  /** Pages of 4 KiB that each partition may grow to. */
  readonly maxPages?: number;
}

export interface LogHealth {
  readonly isAccepting: boolean;
  readonly reason?: string;
  readonly withoutTimestamp: number;
  readonly lastTimestampAt?: Date;
  /** Since when no timestamp could be had. */
  readonly failingSince?: Date;
}
