import { JoinError, messageOf } from './error.ts';
import { Joining, type JoiningOptions, type JoinView, readJoinView } from './joining.ts';
import type { JoiningServer } from './step.ts';
import type { JoiningBegin } from './take-up.ts';

export interface JoinDeskOptions extends Omit<JoiningOptions, 'signal' | 'start' | 'waits'> {
  /** The server when it runs; else it is started, once it is founded. */
  readonly server: () => Promise<JoiningServer>;
}

/** Where a joining stands, and whether somebody works on it. */
export interface DeskView extends Omit<JoinView, 'result'> {
  /** `none`: nothing was begun here. */
  readonly result: JoinView['result'] | 'none';
  readonly isRunning: boolean;
  /** Why the last run ended before its time. */
  readonly trouble?: string;
}

/** Joins an instance in the background of a server, for who asks its administration API. */
export class JoinDesk {
  readonly #options: JoinDeskOptions;
  readonly #interruption = new AbortController();
  #joining: Joining | undefined;
  #running: Promise<void> | undefined;
  #isOpening = false;
  #trouble: string | undefined;

  constructor(options: JoinDeskOptions) {
    this.#options = options;
  }

  async view(): Promise<DeskView> {
    const view = this.#joining?.view() ?? (await readJoinView(this.#options.places.data));
    return {
      ...(view ?? { result: 'none', steps: [] }),
      isRunning: this.#running !== undefined,
      ...(this.#trouble !== undefined && { trouble: this.#trouble }),
    };
  }

  /**
   * Begins a joining, or goes on with the one that was begun; resolves when it is under way.
   * @throws JoinError wrong-use, also while one runs; InvitationError
   */
  async begin(begin: JoiningBegin | undefined): Promise<void> {
    if (this.#isOpening || this.#running !== undefined) {
      throw new JoinError('wrong-use', 'a joining is under way: wait for what is awaited');
    }
    this.#isOpening = true;
    try {
      const { server, ...rest } = this.#options;
      const { signal } = this.#interruption;
      this.#joining = await Joining.open({ ...rest, signal, waits: true, start: server }, begin);
    } finally {
      this.#isOpening = false;
    }
    this.#trouble = undefined;
    this.#running = this.#joining
      .run()
      .then(() => undefined)
      .catch((error: unknown) => {
        if (this.#interruption.signal.aborted) return;
        this.#trouble = messageOf(error);
        this.#options.onTrouble('joining', error);
      })
      .finally(() => {
        this.#running = undefined;
      });
  }

  /** Goes on with a joining that was cut short, if there is one. */
  async resume(): Promise<void> {
    const view = await this.view();
    if (view.result === 'joining') await this.begin(undefined);
  }

  /** Breaks the joining off; it goes on when it is taken up again. */
  async close(): Promise<void> {
    this.#interruption.abort();
    await this.#running;
  }
}
