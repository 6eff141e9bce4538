import { type BundleScope, writeBundle } from '../../gateway/evidence/index.ts';
import { type BundleLimits, bundleLimits } from './bundle-limits.ts';
import { gatherBundle } from './bundle-records.ts';
import { type ConfigurationArchive, EvidenceAccessError, type EvidenceSource } from './evidence-source.ts';
import { type GapReport, reportGaps } from './gaps.ts';
import { type ExportScope, planExport } from './plan-export.ts';

export interface ExportQuestion {
  readonly scope: ExportScope;
  readonly includeBodies: boolean;
  /** Whether responses to others may be told of, to show that a request had none; true unless told. */
  readonly includeNeighbours?: boolean;
  /** Sizes of checkpoints that were kept: the bundle proves that the log goes on from them. */
  readonly heldSizes?: readonly number[];
  readonly now: Date;
}

export interface ExportedEvidence {
  /** Bytes of an `*.evidence.zip`. */
  readonly bytes: Buffer;
  /** As the bundle says: a period ends where the log could be counted. */
  readonly scope: BundleScope;
  readonly records: number;
  /** Of a party's period. */
  readonly gaps: GapReport | null;
}

/** Bundles are made in memory, beside the messages that pass. */
const maxAtOnce = 2;

/** Exports evidence, a few at a time. */
export class Exporter {
  readonly #log: EvidenceSource;
  readonly #configurations: ConfigurationArchive;
  readonly #limits: BundleLimits;
  #running = 0;

  constructor(
    log: EvidenceSource,
    configurations: ConfigurationArchive,
    limits: BundleLimits = bundleLimits,
  ) {
    this.#limits = limits;
    this.#log = log;
    this.#configurations = configurations;
  }

  /**
   * @throws EvidenceAccessError export-busy, export-too-large, exchange-not-found, period-not-begun, period-empty,
   *   log-older-than-held;
   *   Fault TimestampingFailed when a record waits for a timestamp that cannot be had; MessageLogError locked
   */
  async export({
    scope: wanted,
    includeBodies,
    includeNeighbours = true,
    heldSizes = [],
    now,
  }: ExportQuestion): Promise<ExportedEvidence> {
    if (this.#running >= maxAtOnce) {
      const reason = `${maxAtOnce} exports are being made already: ask again when one of them is done`;
      throw new EvidenceAccessError('export-busy', reason);
    }
    this.#running += 1;
    try {
      const plan = await planExport(this.#log, wanted, now, { ...this.#limits, includeNeighbours });
      if (plan.records.some((index) => this.#log.read(index)?.timestamp === undefined)) {
        // Without one a signature proves nothing of when it was made.
        await this.#log.stampNow();
      }
      const gaps =
        wanted.kind === 'party' && plan.scope.kind === 'party'
          ? await reportGaps(this.#log, { ...wanted, to: Date.parse(plan.scope.to) })
          : null;
      const content = await gatherBundle(this.#log, this.#configurations, {
        ...plan,
        ...{ includeBodies, heldSizes, createdAt: now, limits: this.#limits },
      });
      return { bytes: writeBundle(content), scope: plan.scope, records: plan.records.length, gaps };
    } finally {
      this.#running -= 1;
    }
  }
}
