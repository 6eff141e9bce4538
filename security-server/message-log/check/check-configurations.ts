import { join } from 'node:path';
import type { Certificate } from '../../../certs/x509/index.ts';
import {
  type ConfigurationSnapshot,
  type ReadBefore,
  readSnapshot,
} from '../../../gateway/configuration/index.ts';
import { loadSnapshot, SnapshotError } from '../../configurations/index.ts';
import type { Findings } from './findings.ts';

/** Records that follow each other and name the same configuration. */
interface Run {
  readonly firstId: number;
  lastId: number;
  /** Undefined where the word of the records is worth nothing. */
  readonly id: string | undefined;
}

/** Whose timestamps counted for some records. */
export interface AuthoritiesThen {
  readonly certificates: readonly Certificate[];
  /** Whether all that the records name could be read: if not, an authority that is not among these may be good. */
  readonly isWhole: boolean;
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
  readonly #kept = new Map<string, readonly Certificate[] | undefined>();
  /** Files of the snapshot read last: most are the same in the next, and are not parsed anew. */
  #files: ReadonlyMap<string, Buffer> = new Map();
  #runs: Run[] = [];

  /** @param dir folder of the log */
  constructor(dir: string, findings: Findings) {
    this.#dir = join(dir, 'configurations');
    this.#findings = findings;
  }

  /** Forgets which records name what, before the next partition. */
  begin(): void {
    this.#runs = [];
  }

  /** Takes down what a record names; in their order. */
  note(index: number, id: string | undefined): void {
    const last = this.#runs.at(-1);
    if (last !== undefined && last.id === id) last.lastId = index;
    else this.#runs.push({ firstId: index, lastId: index, id });
  }

  /** Reads every configuration that was named since the beginning, and tells which are not as they must be. */
  async check(): Promise<void> {
    for (const { firstId, id } of this.#runs) if (id !== undefined) await this.#tsasOf(id, firstId);
  }

  /** Authorities of the configurations that the records of a stretch name. */
  async tsasOf(firstId: number, lastId: number): Promise<AuthoritiesThen> {
    return this.#tsasOfRuns(this.#runs.filter((run) => run.firstId <= lastId && run.lastId >= firstId));
  }

  /**
   * Authorities of the configuration that the first record after a place names. It may have come into force between
   * the last of a batch of records and their timestamp.
   * @returns undefined when no record comes after it here
   */
  async tsasAfter(index: number): Promise<AuthoritiesThen | undefined> {
    const next = this.#runs.find(({ lastId }) => lastId > index);
    return next && this.#tsasOfRuns([next]);
  }

  async #tsasOfRuns(runs: readonly Run[]): Promise<AuthoritiesThen> {
    const certificates: Certificate[] = [];
    let isWhole = runs.length > 0;
    for (const { id, firstId } of runs) {
      const known = id === undefined ? undefined : await this.#tsasOf(id, firstId);
      if (known === undefined) isWhole = false;
      else certificates.push(...known);
    }
    return { certificates, isWhole };
  }

  async #tsasOf(id: string, namedBy: number): Promise<readonly Certificate[] | undefined> {
    const known = this.#kept.has(id) ? this.#kept.get(id) : await this.#read(id, namedBy);
    this.#kept.delete(id);
    this.#kept.set(id, known);
    for (const oldest of [...this.#kept.keys()].slice(0, -maxKept)) this.#kept.delete(oldest);
    return known;
  }

  async #read(id: string, namedBy: number): Promise<readonly Certificate[] | undefined> {
    const tell = (code: 'missing' | 'altered' | 'unreadable', text: string) =>
      this.#findings.add(
        code,
        `configuration ${id}`,
        `${text}. Record ${namedBy} and others name it: whether their timestamps were good then cannot be said`,
      );
    try {
      const snapshot = await loadSnapshot(this.#dir, id);
      if (snapshot !== undefined) return this.#tsasIn(snapshot);
      tell('missing', 'It is not in the folder of configurations');
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      tell(error instanceof SnapshotError ? 'altered' : 'unreadable', reason);
    }
    return undefined;
  }

  #tsasIn({ files: read }: ConfigurationSnapshot): readonly Certificate[] {
    const files = read.map(({ name, bytes }) => {
      const former = this.#files.get(name);
      return { name, bytes: former?.equals(bytes) === true ? former : bytes };
    });
    this.#files = new Map(files.map(({ name, bytes }) => [name, bytes]));
    return readSnapshot(files, this.#readBefore).configuration.tsaCertificates();
  }
}
