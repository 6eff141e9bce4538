import { Fault } from '../../gateway/fault/index.ts';
import type { KeptRoom, LogEntry, Room } from '../../gateway/road/index.ts';
import { type DiskLevel, printOctets } from './levels.ts';

/** What is known of the disk after it was read. */
export interface RoomState {
  readonly level: DiskLevel;
  /** Octets free. */
  readonly free: number;
  /** Octets below which nothing new begins. */
  readonly full: number;
}

export interface RoomKeeperOptions {
  /** Longest wait for room, in milliseconds. */
  readonly waitMs: number;
  /** Exchanges that wait at once; more are refused. */
  readonly maxWaiting: number;
  /** Told that the disk should be read anew, since much may have changed. */
  readonly onStale: () => void;
}

/** Evidence, heads and write-ahead log of both messages of an exchange. */
const evidenceBytes = 512 * 1024;
/** Octets of an answer's bodies that have room from the start. */
const answerBytes = 1024 * 1024;
/** While the disk is tight, larger requests are refused. */
const largeBytes = 1024 * 1024;
/** Of bodies: what may still be in memory when the disk is read; what comes after is on the disk at once. */
const inMemoryBytes = 8 * 1024 * 1024;

type Verdict =
  | { readonly kind: 'enter' }
  /** `orElse` says what becomes of it when the wait is over. */
  | { readonly kind: 'wait'; readonly orElse: 'enter' | 'refuse' }
  | { readonly kind: 'refuse'; readonly why: string };

interface Waiting {
  readonly announced: number | undefined;
  readonly resolve: (kept: KeptRoom) => void;
  readonly reject: (fault: Fault) => void;
  readonly timer: NodeJS.Timeout;
}

const remedy =
  'its administrator makes room: archives and removes old months of the message log, or enlarges the disk';

/**
 * Lets exchanges in as long as there is room for both messages of each. The disk is read now and then; between two
 * readings what was promised and what may have been written since counts as gone, so that what is free never falls
 * below the line by exchanges that were let in.
 */
export class RoomKeeper implements Room {
  readonly #options: RoomKeeperOptions;
  #state: RoomState | undefined;
  /** Octets promised to open exchanges. */
  #promised = 0;
  #open = 0;
  /** Octets that may have been written since the last reading began. */
  #unseen = 0;
  #waiting: Waiting[] = [];
  #isClosed = false;

  constructor(options: RoomKeeperOptions) {
    this.#options = options;
  }

  /** Open exchanges, octets promised to them, and exchanges that wait. */
  get usage(): { readonly open: number; readonly promised: number; readonly waiting: number } {
    return { open: this.#open, promised: this.#promised, waiting: this.#waiting.length };
  }

  /**
   * To be called before the disk is read.
   * @returns to be called with what was found; undefined: it cannot be read, and nobody is refused for it
   */
  beginReading(): (state: RoomState | undefined) => void {
    const seen = this.#unseen;
    return (state) => {
      this.#unseen -= seen;
      this.#state = state;
      this.#wake();
    };
  }

  enter(announced: number | undefined): Promise<KeptRoom> {
    const verdict = this.#judge(announced);
    if (verdict.kind === 'enter') return Promise.resolve(this.#keep());
    if (verdict.kind === 'refuse') return Promise.reject(refusal(verdict.why));
    if (this.#waiting.length >= this.#options.maxWaiting) {
      return Promise.reject(refusal(`${this.#waiting.length} exchanges wait for room on its disk already`));
    }
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#giveUp(waiting), this.#options.waitMs);
      const waiting: Waiting = { announced, resolve, reject, timer };
      this.#waiting.push(waiting);
    });
  }

  /** Refuses who waits, and whoever comes. */
  close(): void {
    this.#isClosed = true;
    this.#wake();
  }

  #judge(announced: number | undefined): Verdict {
    if (this.#isClosed) return { kind: 'refuse', why: 'it is being stopped' };
    if (this.#state === undefined) return { kind: 'enter' };
    const { level, free, full } = this.#state;
    const size = announced ?? 0;
    const room = free - full - evidenceBytes - answerBytes - size;
    if (level === 'full') return { kind: 'refuse', why: `its disk is full; ${remedy}` };
    if (level === 'tight' && size > largeBytes) {
      const most = printOctets(largeBytes);
      return {
        kind: 'refuse',
        why: `its disk is nearly full, and requests of more than ${most} wait; ${remedy}`,
      };
    }
    if (room < 0) {
      const why = `its disk has no room for a request of ${printOctets(size)}; ${remedy}`;
      return { kind: 'refuse', why };
    }
    if (room - this.#promised - this.#unseen < 0) return { kind: 'wait', orElse: 'refuse' };
    return level === 'tight' ? { kind: 'wait', orElse: 'enter' } : { kind: 'enter' };
  }

  #wake(): void {
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    this.#waiting = [];
    for (const one of waiting) {
      const verdict = this.#judge(one.announced);
      if (verdict.kind === 'wait') {
        this.#waiting.push(one);
        continue;
      }
      clearTimeout(one.timer);
      if (verdict.kind === 'enter') one.resolve(this.#keep());
      else one.reject(refusal(verdict.why));
    }
  }

  #giveUp(waiting: Waiting): void {
    this.#waiting = this.#waiting.filter((one) => one !== waiting);
    const verdict = this.#judge(waiting.announced);
    if (verdict.kind === 'enter' || (verdict.kind === 'wait' && verdict.orElse === 'enter')) {
      waiting.resolve(this.#keep());
      return;
    }
    const why = `no room became free on its disk in ${this.#options.waitMs / 1000} s; ${remedy}`;
    waiting.reject(refusal(verdict.kind === 'refuse' ? verdict.why : why));
  }

  #keep(): KeptRoom {
    const base = evidenceBytes + answerBytes;
    const isTight = this.#state?.level === 'tight';
    let promised = base;
    let taken = 0;
    let answerLeft = answerBytes;
    let isOpen = true;
    this.#promised += base;
    this.#open += 1;
    const take = (octets: number, of: LogEntry['direction']) => {
      if (!isOpen) return;
      let needed = octets;
      if (of === 'response') {
        const kept = Math.min(answerLeft, octets);
        answerLeft -= kept;
        needed -= kept;
      }
      if (needed === 0) return;
      if (of === 'request' && isTight && taken + needed > largeBytes) {
        throw refusal(
          `its disk is nearly full, and requests of more than ${printOctets(largeBytes)} wait; ${remedy}`,
        );
      }
      this.#requireFree(needed, of);
      taken += needed;
      if (promised - base < inMemoryBytes) {
        promised += needed;
        this.#promised += needed;
      } else {
        this.#count(needed);
      }
    };
    const release = () => {
      if (!isOpen) return;
      isOpen = false;
      this.#open -= 1;
      this.#promised -= promised;
      this.#count(promised);
      this.#wake();
    };
    return { take, release };
  }

  #count(octets: number): void {
    this.#unseen += octets;
    if (this.#state === undefined) return;
    const { free, full } = this.#state;
    if (this.#unseen > (free - full) / 4) this.#options.onStale();
  }

  /** An answer, whose service was called already, may use half of what is held back below the line. */
  #requireFree(octets: number, of: LogEntry['direction']): void {
    if (this.#state === undefined) return;
    const { free, full } = this.#state;
    const line = of === 'response' ? full / 2 : full;
    if (free - this.#promised - this.#unseen - octets < line) {
      throw refusal(`its disk has no room for the rest of this ${of}; ${remedy}`);
    }
  }
}

/** Strangers read it: it names no path. */
function refusal(why: string): Fault {
  return new Fault('LoggingFailed', `This security server takes no further message: ${why}`);
}
