import { join } from 'node:path';
import type { Certificate } from '../../../certs/x509/index.ts';
import {
  anchorFingerprintOf,
  type ConfigurationSnapshot,
  type ReadBefore,
  readSnapshot,
} from '../../../gateway/configuration/index.ts';
import { countedAt, isUnderStamp } from '../../../gateway/evidence/index.ts';
import { loadSnapshot, SnapshotError } from '../../configurations/index.ts';
import type { Findings } from './findings.ts';

/** Leaves that follow each other and name the same configuration. */
interface Run {
  readonly firstId: number;
  lastId: number;
  /** Undefined where the word of the records is worth nothing. */
  readonly id: string | undefined;
}

/** What a configuration says of timestamps. */
interface KnownConfiguration {
  readonly certificates: readonly Certificate[];
  /** Fingerprint of its anchor. */
  readonly anchor: string;
  readonly expiresAt: Date;
}

export interface StampedCheckpoint {
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** Whose timestamps counted for some records. */
export interface AuthoritiesThen {
  readonly certificates: readonly Certificate[];
  /** Whether all that the leaves name could be read: if not, an authority that is not among these may be good. */
  readonly isWhole: boolean;
  /** Anchor of the configuration of the records; undefined where that could not be read. */
  readonly anchor: string | undefined;
}

/** A partition on a busy server changes from one to the next, and seldom back. */
const maxKept = 16;

/**
 * The configurations that the records of a log name, from the folder beside it: each must be there, and be the one that
 * its id says. What they say of timestamping authorities is what timestamps are judged by, whatever counts today.
 */
export class NamedConfigurations {
  readonly #dir: string;
  readonly #findings: Findings;
  readonly #readBefore: ReadBefore = new WeakMap();
  /** By id, the one asked for last at the end. */
  readonly #kept = new Map<string, KnownConfiguration | undefined>();
  /** Files of the snapshot read last: most are the same in the next, and are not parsed anew. */
  #files: ReadonlyMap<string, Buffer> = new Map();
  #runs: Run[] = [];

  /** @param dir folder of the log */
  constructor(dir: string, findings: Findings) {
    this.#dir = join(dir, 'configurations');
    this.#findings = findings;
  }

  /** Forgets which leaves name what, before the next partition. */
  begin(): void {
    this.#runs = [];
  }

  /** Takes down what a leaf names; in their order. */
  note(index: number, id: string | undefined): void {
    const last = this.#runs.at(-1);
    if (last !== undefined && last.id === id) last.lastId = index;
    else this.#runs.push({ firstId: index, lastId: index, id });
  }

  /** Reads every configuration that was named since the beginning, and tells which are not as they must be. */
  async check(): Promise<void> {
    for (const { firstId, id } of this.#runs) if (id !== undefined) await this.#knownOf(id, firstId);
  }

  /**
   * Whose timestamps counted for a record, as far as the leaves of this partition say: those under the stamp, as they are
   * judged in a bundle. What is good for the last record that a timestamp is of is good for all of them.
   * @param size of the stamped checkpoint
   * @param at when it was stamped
   * @param known of a record in a partition before this one, what was found there
   */
  async tsasUnder(
    record: number,
    { size, at }: StampedCheckpoint,
    known?: AuthoritiesThen,
  ): Promise<AuthoritiesThen> {
    const runs = this.#runs.filter(
      ({ firstId, lastId }) => lastId >= record && isUnderStamp(Math.max(firstId, record), record, size),
    );
    const certificates = [...(known?.certificates ?? [])];
    let anchor = known?.anchor;
    let isWhole = known?.isWhole ?? runs.length > 0;
    for (const [place, { id, firstId }] of runs.entries()) {
      const isOwn = known === undefined && place === 0;
      const one = id === undefined ? undefined : await this.#knownOf(id, firstId);
      // The record comes first. Another registry has no say in who stamps what its members signed.
      anchor ??= one?.anchor;
      if (one === undefined) isWhole = false;
      else if (one.anchor === anchor && (isOwn || countedAt(one, new Date(at))))
        certificates.push(...one.certificates);
    }
    return { certificates, isWhole, anchor };
  }

  async #knownOf(id: string, namedBy: number): Promise<KnownConfiguration | undefined> {
    const known = this.#kept.has(id) ? this.#kept.get(id) : await this.#read(id, namedBy);
    this.#kept.delete(id);
    this.#kept.set(id, known);
    for (const oldest of [...this.#kept.keys()].slice(0, -maxKept)) this.#kept.delete(oldest);
    return known;
  }

  async #read(id: string, namedBy: number): Promise<KnownConfiguration | undefined> {
    const tell = (code: 'missing' | 'altered' | 'unreadable', text: string) =>
      this.#findings.add(
        code,
        `configuration ${id}`,
        `${text}. Record ${namedBy} and others name it: whether their timestamps were good then cannot be said`,
      );
    try {
      const snapshot = await loadSnapshot(this.#dir, id);
      if (snapshot !== undefined) return this.#tellOf(snapshot);
      tell('missing', 'It is not in the folder of configurations');
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      tell(error instanceof SnapshotError ? 'altered' : 'unreadable', reason);
    }
    return undefined;
  }

  #tellOf({ files: read }: ConfigurationSnapshot): KnownConfiguration {
    const files = read.map(({ name, bytes }) => {
      const former = this.#files.get(name);
      return { name, bytes: former?.equals(bytes) === true ? former : bytes };
    });
    this.#files = new Map(files.map(({ name, bytes }) => [name, bytes]));
    const { configuration } = readSnapshot(files, this.#readBefore);
    const { expiresAt } = configuration;
    return { certificates: configuration.tsaCertificates(), anchor: anchorFingerprintOf(files), expiresAt };
  }
}
