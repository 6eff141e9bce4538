import { readFile } from 'node:fs/promises';
import { writeFileDurably } from '../file/index.ts';
import { TokenError } from '../token/index.ts';

/** Wrong PINs in a row after which nothing more is sent: many devices lock themselves, some for ever, at the third. */
const maxWrong = 2;

interface Tries {
  /** Wrong in a row, as the device counts them, those from elsewhere not counted. */
  readonly wrong: number;
  /**
   * Wrong in a row by hand. A device that is signed in to again by itself counts anew; guesses do not, or whoever
   * guessed between two signatures could do so without end.
   */
  readonly wrongByHand: number;
  /** The program's own PIN was refused: it is not sent again before somebody has signed in by hand. */
  readonly isOwnRefused: boolean;
  /** Somebody who knows what may happen allowed one more. */
  readonly isReleased: boolean;
}

const none: Tries = { wrong: 0, wrongByHand: 0, isOwnRefused: false, isReleased: false };

/** Who enters a PIN: a person, or the program with one that it keeps. */
export type PinEntry = 'by-hand' | 'by-itself';

/**
 * Counts what was sent to a device in vain, so that this program never locks it: on disk, for a program that is
 * started again and again with a wrong PIN in its settings would. Each try is counted before it is made.
 */
export class DevicePins {
  readonly #path: string | undefined;
  #tries: Tries;
  /** The device said that it takes one more; it is asked again when the program is started again. */
  #isLastTry = false;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(path: string | undefined, tries: Tries) {
    this.#path = path;
    this.#tries = tries;
  }

  /** @param path of the count; undefined: it lasts as long as the program @throws TokenError damaged */
  static async open(path: string | undefined): Promise<DevicePins> {
    if (path === undefined) return new DevicePins(path, none);
    try {
      return new DevicePins(path, { ...none, ...(JSON.parse(await readFile(path, 'utf8')) as Tries) });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new DevicePins(path, none);
      if (!(error instanceof SyntaxError)) throw error;
      throw new TokenError('damaged', `${path} cannot be read: it counts wrong PINs of a device`);
    }
  }

  /** Whether a PIN by hand would be refused here, without a word to the device. */
  isLocked(): boolean {
    const { wrong, wrongByHand, isReleased } = this.#tries;
    return (Math.max(wrong, wrongByHand) >= maxWrong || this.#isLastTry) && !isReleased;
  }

  /** Allows one more try by hand. */
  release(): Promise<void> {
    return this.#inTurn(() => this.#write({ ...this.#tries, isReleased: true }));
  }

  /**
   * Sends a PIN, unless it must not be, and counts what became of it; one after the other.
   * @param send is told whether it may be the last one that the device allows
   * @throws TokenError pin-locked when it is not to be sent; what `send` throws
   */
  enter<Value>(entry: PinEntry, send: (mayBeLast: boolean) => Promise<Value>): Promise<Value> {
    return this.#inTurn(async () => {
      const before = this.#tries;
      this.#require(entry);
      const mayBeLast = before.isReleased && entry === 'by-hand';
      const counted = {
        ...before,
        wrong: before.wrong + 1,
        wrongByHand: before.wrongByHand + (entry === 'by-hand' ? 1 : 0),
        isReleased: before.isReleased && !mayBeLast,
      };
      await this.#write(counted);
      try {
        const value = await send(mayBeLast);
        await this.#succeed(entry);
        return value;
      } catch (error) {
        const code = error instanceof TokenError ? error.code : undefined;
        // That the new PIN was refused says that the old one was right.
        if (code === 'pin-policy') await this.#succeed(entry);
        else if (code === 'pin-incorrect' || code === 'pin-locked') {
          await this.#write({ ...counted, isOwnRefused: before.isOwnRefused || entry === 'by-itself' });
        } else {
          // The device did not look at it.
          await this.#write(before);
          if (code === 'pin-last-try') this.#isLastTry = true;
        }
        throw error;
      }
    });
  }

  #require(entry: PinEntry): void {
    const { wrong, isOwnRefused } = this.#tries;
    if (entry === 'by-itself' && isOwnRefused) {
      const why = 'The PIN that the server keeps was refused before, and is not sent again by itself';
      throw new TokenError('pin-locked', `${why}: sign in by hand`);
    }
    // The program's own PIN was right before: that somebody guesses by hand does not stop it.
    if (entry === 'by-itself' ? wrong >= maxWrong || this.#isLastTry : this.isLocked()) {
      const why = 'After wrong PINs the device may lock itself for ever at the next one';
      throw new TokenError('pin-locked', `${why}: nothing is sent to it until one more try is allowed`);
    }
  }

  /** The device counts anew, too. */
  async #succeed(entry: PinEntry): Promise<void> {
    this.#isLastTry = false;
    await this.#write(entry === 'by-hand' ? none : { ...this.#tries, wrong: 0 });
  }

  #inTurn<Value>(act: () => Promise<Value>): Promise<Value> {
    const acted = this.#last.then(act);
    // Whoever asked is told what failed; who comes next does not depend on it.
    this.#last = acted.catch(() => undefined);
    return acted;
  }

  async #write(tries: Tries): Promise<void> {
    this.#tries = tries;
    if (this.#path !== undefined) await writeFileDurably(this.#path, JSON.stringify(tries));
  }
}
