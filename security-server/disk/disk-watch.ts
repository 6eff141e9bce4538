import { statfs } from 'node:fs/promises';
import type { Room } from '../../gateway/road/index.ts';
import type { MonthSize } from '../message-log/index.ts';
import { type Forecast, forecastOf, growthOf } from './forecast.ts';
import {
  checkOrder,
  type DiskLevel,
  type DiskReading,
  type DiskSettings,
  defaultLowDays,
  levelOf,
  type Thresholds,
  thresholdsOf,
} from './levels.ts';
import { RoomKeeper } from './room-keeper.ts';
import { Samples } from './samples.ts';
import type { DiskStatus } from './status.ts';

export type ReadDisk = () => Promise<DiskReading>;

export interface DiskWatchOptions {
  readonly settings: DiskSettings;
  readonly read: ReadDisk;
  /** Sizes of the months of the message log. */
  readonly measure: () => Promise<MonthSize[]>;
  /** File of the samples. */
  readonly file: string;
  readonly now: () => Date;
  /** Asked for when the disk gets tight, and again while it stays so: removes what may be removed. */
  readonly makeRoom: () => Promise<void>;
  readonly onLevel: (status: DiskStatus, former: DiskLevel) => void;
  readonly onTrouble: (error: Error) => void;
  /** Pause between readings; 2 s unless told. */
  readonly readEveryMs?: number;
  /** Longest wait of an exchange for room; 5 s unless told. */
  readonly waitMs?: number;
}

const hourMs = 3_600_000;
const makeRoomEveryMs = 600_000;
const maxWaiting = 1_000;

/** What the file system says that a folder is on. */
export function diskReader(folder: string): ReadDisk {
  return async () => {
    const { bavail, blocks, bsize } = await statfs(folder);
    return { free: bavail * bsize, size: blocks * bsize };
  };
}

/** Watches the file system of the data folder: what is free, how fast it fills, and who may still write. */
export class DiskWatch {
  readonly #options: DiskWatchOptions;
  readonly #samples: Samples;
  readonly #keeper: RoomKeeper;
  readonly #timer: NodeJS.Timeout;
  #reading: Promise<void> | undefined;
  #isReadAgain = false;
  #found: { readonly reading: DiskReading; readonly thresholds: Thresholds } | undefined;
  #level: DiskLevel = 'ample';
  #forecast: Forecast = { kind: 'not-enough-data', samples: 0, hours: 0 };
  #months: readonly MonthSize[] = [];
  #measuring = false;
  #measuredAt: number | undefined;
  #madeRoomAt = Number.NEGATIVE_INFINITY;
  #isUnreadable = false;
  #isClosed = false;

  private constructor(options: DiskWatchOptions, samples: Samples) {
    this.#options = options;
    this.#samples = samples;
    this.#keeper = new RoomKeeper({
      waitMs: options.waitMs ?? 5_000,
      maxWaiting,
      onStale: () => void this.readNow(),
    });
    this.#timer = setInterval(() => void this.readNow(), options.readEveryMs ?? 2_000).unref();
  }

  /** The disk was read once when this resolves. @throws Error when the settings contradict each other */
  static async open(options: DiskWatchOptions): Promise<DiskWatch> {
    checkOrder(options.settings);
    const watch = new DiskWatch(options, await Samples.open(options.file, options.onTrouble));
    // Measures as well: what was measured before the last stop is no size of now.
    await watch.readNow();
    return watch;
  }

  get room(): Room {
    return this.#keeper;
  }

  status(): DiskStatus {
    const growthPerDay = growthOf(this.#samples.list);
    return {
      level: this.#level,
      ...(this.#found !== undefined && {
        free: this.#found.reading.free,
        size: this.#found.reading.size,
        thresholds: this.#found.thresholds,
      }),
      forecast: this.#forecast,
      ...(growthPerDay !== undefined && { growthPerDay }),
      months: this.#months,
      usage: this.#keeper.usage,
    };
  }

  /** Reads the disk; a reading that began before the call does not count. Never rejects: troubles are told. */
  readNow(): Promise<void> {
    if (this.#reading !== undefined) {
      this.#isReadAgain = true;
      return this.#reading;
    }
    this.#reading = this.#readUntilFresh();
    return this.#reading;
  }

  close(): void {
    this.#isClosed = true;
    clearInterval(this.#timer);
    this.#keeper.close();
  }

  async #readUntilFresh(): Promise<void> {
    do {
      this.#isReadAgain = false;
      await this.#read();
    } while (this.#isReadAgain && !this.#isClosed);
    this.#reading = undefined;
  }

  async #read(): Promise<void> {
    const settle = this.#keeper.beginReading();
    let reading: DiskReading | undefined;
    try {
      reading = await this.#options.read();
      this.#isUnreadable = false;
    } catch (cause) {
      if (!this.#isUnreadable) this.#tell(new Error('the room on the disk cannot be read', { cause }));
      this.#isUnreadable = true;
    }
    // Some network file systems tell nothing, with zeros.
    if (reading === undefined || reading.size === 0) {
      this.#found = undefined;
      this.#become('unknown');
      settle(undefined);
      return;
    }
    const { settings } = this.#options;
    const thresholds = thresholdsOf(settings, reading.size);
    this.#found = { reading, thresholds };
    const days = this.#forecast.kind === 'filling' ? this.#forecast.days : undefined;
    const lowDays = settings.lowDays ?? defaultLowDays;
    this.#become(levelOf(reading.free, thresholds, this.#level, days, lowDays));
    settle({ level: this.#level, free: reading.free, full: thresholds.full });
    if (this.#level === 'tight' || this.#level === 'full') this.#makeRoom();
    if (this.#isDue(this.#measuredAt)) void this.#measure();
  }

  #become(level: DiskLevel): void {
    const former = this.#level;
    this.#level = level;
    if (former !== level && !this.#isClosed) this.#options.onLevel(this.status(), former);
  }

  #makeRoom(): void {
    const now = this.#options.now().getTime();
    if (Math.abs(now - this.#madeRoomAt) < makeRoomEveryMs) return;
    this.#madeRoomAt = now;
    this.#options
      .makeRoom()
      .then(() => this.readNow())
      .catch((cause: unknown) => this.#tell(new Error('no room could be made on the disk', { cause })));
  }

  /** Measures the log, and keeps a sample when the last is an hour old. */
  async #measure(): Promise<void> {
    if (this.#measuring) return;
    this.#measuring = true;
    // Also when it fails: trying again at each reading would tell the same trouble every two seconds.
    this.#measuredAt = this.#options.now().getTime();
    try {
      this.#months = await this.#options.measure();
      const at = this.#options.now().getTime();
      if (this.#found === undefined || this.#isClosed) return;
      const { reading, thresholds } = this.#found;
      if (this.#isDue(this.#samples.list.at(-1)?.at)) {
        const log = this.#months.reduce((sum, { database, bodies }) => sum + database + bodies, 0);
        await this.#samples.add({ at, free: reading.free, log });
      }
      this.#forecast = forecastOf(this.#samples.list, thresholds.full);
    } catch (cause) {
      this.#tell(new Error('the growth of the message log could not be measured', { cause }));
    } finally {
      this.#measuring = false;
    }
  }

  /** Whether an hour went by; a clock that was put back counts as well. */
  #isDue(last: number | undefined): boolean {
    return last === undefined || Math.abs(this.#options.now().getTime() - last) >= hourMs;
  }

  #tell(error: Error): void {
    if (!this.#isClosed) this.#options.onTrouble(error);
  }
}
