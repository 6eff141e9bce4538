import type { GlobalConfiguration } from '../configuration/index.ts';
import type { KnownLog } from './judge-checkpoint.ts';
import type { JudgedConfiguration } from './judge-configuration.ts';
import { type FoundStamp, type Stamp, verifyStamp } from './judge-timestamp.ts';
import type { BundleContent, BundleRecord } from './model.ts';
import { countedAt, isUnderStamp, type Naming, namingOf } from './under-stamp.ts';

/** A record with a timestamp, and the configuration by which it is judged. */
export interface StampedRecord {
  readonly index: number;
  /** Place in the bundle's timestamps. */
  readonly timestamp: number;
  /** Id that its facts name. */
  readonly id: string;
  readonly configuration: GlobalConfiguration;
}

/**
 * The timestamps of a bundle, each verified once for each configuration. A stamp counts when the record's own
 * configuration approves of its authority, or one that a leaf under the stamp names and that had not expired by then; of
 * that nothing but its timestamping authorities counts, and only when it has the same anchor: who keeps the log cannot
 * make one that has.
 */
export class Stamps {
  readonly #content: BundleContent;
  readonly #log: KnownLog;
  readonly #judged: ReadonlyMap<string, JudgedConfiguration>;
  readonly #verified = new Map<GlobalConfiguration, Map<number, Stamp>>();
  /** By timestamp and anchor: the leaves whose configurations approve of it, in their order. */
  readonly #approved = new Map<string, readonly Naming[]>();
  #namings: readonly Naming[] | undefined;

  /** @param judged configurations of the bundle, by id; none where one was given, which then counts alone */
  constructor(content: BundleContent, log: KnownLog, judged: ReadonlyMap<string, JudgedConfiguration>) {
    this.#content = content;
    this.#log = log;
    this.#judged = judged;
  }

  of(record: StampedRecord): FoundStamp {
    const { timestamp, configuration } = record;
    const own = { stamp: this.#verify(timestamp, configuration), configuration };
    if (!('code' in own.stamp)) return own;
    const namedBy = this.#namedFor(record).at(-1);
    const later = namedBy && this.#judged.get(namedBy.configuration)?.configuration;
    if (namedBy === undefined || later === undefined) return own;
    return { stamp: this.#verify(timestamp, later), configuration: later, namedBy };
  }

  /** Token of a timestamp. */
  tokenOf(place: number): Buffer | undefined {
    return this.#content.timestamps[place]?.token;
  }

  /** Whether a record's timestamp is good by a configuration that is here for nothing else. */
  isNeeded(id: string, records: readonly BundleRecord[]): boolean {
    return records.some((record) => {
      const { index, timestamp } = record;
      const own = namingOf(record)?.configuration;
      const configuration = own === undefined ? undefined : this.#judged.get(own)?.configuration;
      if (timestamp === null || own === undefined || configuration === undefined) return false;
      if (!('code' in this.#verify(timestamp, configuration))) return false;
      const named = this.#namedFor({ index, timestamp, id: own, configuration });
      return named.some((one) => one.configuration === id);
    });
  }

  /** Leaves that say of a record that its timestamp was good. */
  #namedFor({ index, timestamp, id }: StampedRecord): readonly Naming[] {
    const anchor = this.#judged.get(id)?.anchor;
    if (anchor === undefined) return [];
    const key = `${timestamp} ${anchor}`;
    const approved = this.#approved.get(key) ?? this.#findApproved(timestamp, anchor);
    this.#approved.set(key, approved);
    return approved.filter((leaf) => leaf.index >= index);
  }

  #findApproved(timestamp: number, anchor: string): readonly Naming[] {
    this.#namings ??= namingsIn(this.#content);
    return this.#namings.filter(({ index, configuration: id }) => {
      const { configuration, anchor: other } = this.#judged.get(id) ?? {};
      if (configuration === undefined || other !== anchor) return false;
      const stamp = this.#verify(timestamp, configuration);
      if ('code' in stamp || !countedAt(configuration, stamp.at)) return false;
      return isUnderStamp(index, 0, stamp.size);
    });
  }

  #verify(place: number, configuration: GlobalConfiguration): Stamp {
    const known = this.#verified.get(configuration) ?? new Map<number, Stamp>();
    this.#verified.set(configuration, known);
    const { timestamps, consistency } = this.#content;
    const timestamp = timestamps[place];
    if (timestamp === undefined) return { code: 'not-stamped', text: 'The bundle has no such timestamp.' };
    const stamp = known.get(place) ?? verifyStamp({ timestamp, consistency, log: this.#log, configuration });
    known.set(place, stamp);
    return stamp;
  }
}

/** All leaves of a bundle that name a configuration, in their order. Whether they are in the log is judged of each. */
function namingsIn({ records, tallies, witnesses = [] }: BundleContent): Naming[] {
  return [...records, ...tallies, ...witnesses]
    .flatMap((leaf) => namingOf(leaf) ?? [])
    .sort((a, b) => a.index - b.index);
}
