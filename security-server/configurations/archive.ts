import {
  type ConfigurationSnapshot,
  type GlobalConfiguration,
  readSnapshot,
} from '../../gateway/configuration/index.ts';
import type { SnapshotStore } from './snapshot-store.ts';

/** Reading the configuration of a large instance takes a second; records beside each other name the same few. */
const maxRead = 8;

/** Configurations as of then, for whoever shows or exports records. */
export class SnapshotArchive {
  readonly #store: Pick<SnapshotStore, 'load' | 'removeExpired'>;
  readonly #current: () => GlobalConfiguration;
  /** By id, the one asked for last at the end. */
  readonly #read = new Map<string, Promise<GlobalConfiguration | undefined>>();

  /** @param current the one in force now */
  constructor(store: Pick<SnapshotStore, 'load' | 'removeExpired'>, current: () => GlobalConfiguration) {
    this.#store = store;
    this.#current = current;
  }

  /**
   * @returns undefined when it was not kept
   * @throws SnapshotError when it was damaged
   */
  snapshot(id: string): Promise<ConfigurationSnapshot | undefined> {
    return this.#store.load(id);
  }

  /**
   * Removes what no record from an instant on can name.
   * @param before when the oldest record was made that is still kept
   * @returns ids of the snapshots that went
   */
  removeExpired(before: Date): Promise<string[]> {
    return this.#store.removeExpired(before);
  }

  /**
   * What was known of members and servers then; what is known now when that was not kept.
   * @throws SnapshotError when it was damaged
   */
  async configurationOf(id: string): Promise<GlobalConfiguration> {
    const known = this.#read.get(id) ?? this.#readAnew(id);
    this.#read.delete(id);
    this.#read.set(id, known);
    for (const oldest of [...this.#read.keys()].slice(0, -maxRead)) this.#read.delete(oldest);
    try {
      const configuration = await known;
      // One that is missing may have been restored by the time somebody asks again.
      if (configuration === undefined) this.#read.delete(id);
      return configuration ?? this.#current();
    } catch (error) {
      this.#read.delete(id);
      throw error;
    }
  }

  async #readAnew(id: string): Promise<GlobalConfiguration | undefined> {
    const snapshot = await this.#store.load(id);
    return snapshot && readSnapshot(snapshot.files).configuration;
  }
}
