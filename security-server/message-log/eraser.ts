import type { BodyFiles } from './body-files.ts';
import type { LogWriter } from './writer.ts';

const eraseEveryMs = 3_600_000;
/** A check of years keeps a write-ahead log for as long as it reads a partition. */
const emptyAgainMs = 10_000;

export interface EraserOptions {
  readonly writer: LogWriter;
  readonly bodies: BodyFiles;
  readonly now: () => Date;
  readonly onTrouble: (error: Error) => void;
}

/** Erases contents of a log: when it is told to, and each hour what the body policy says is due. */
export class Eraser {
  readonly #options: EraserOptions;
  readonly #hourly: NodeJS.Timeout;
  #emptying: NodeJS.Timeout | undefined;

  constructor(options: EraserOptions) {
    this.#options = options;
    this.#hourly = setInterval(() => {
      this.eraseDue().catch(options.onTrouble);
    }, eraseEveryMs).unref();
  }

  /** Erases bodies and head of one record; its facts, its signature and all proofs stay. */
  async erase(index: number): Promise<void> {
    const { writer, bodies } = this.#options;
    await bodies.remove(await writer.call('erase', index));
    await this.#empty();
  }

  /** Erases what the body policy says is due. */
  async eraseDue(): Promise<void> {
    const { writer, bodies, now } = this.#options;
    for (let isMore = true; isMore; ) {
      const erased = await writer.call('eraseDue', now().getTime());
      await bodies.remove(erased.files);
      isMore = erased.isMore;
    }
    await this.#empty();
  }

  close(): void {
    clearInterval(this.#hourly);
    clearTimeout(this.#emptying);
  }

  /** What was erased is in no write-ahead log either, at the latest when whoever reads one is done. */
  async #empty(): Promise<void> {
    clearTimeout(this.#emptying);
    if (await this.#options.writer.call('emptyErased')) return;
    this.#emptying = setTimeout(() => {
      this.#empty().catch(this.#options.onTrouble);
    }, emptyAgainMs).unref();
  }
}
