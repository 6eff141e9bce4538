import type { GlobalConfiguration } from '../../gateway/configuration/index.ts';
import { type ClientId, parseEncodedClient, printEncoded } from '../../gateway/identifier/index.ts';
import type { Loopback } from '../management/index.ts';
import type { ClientRecord } from '../settings/index.ts';
import { CatalogueError } from './error.ts';
import { gatherProvider } from './gather-provider.ts';
import { askerOf, providersIn } from './providers.ts';
import { Questions } from './questions.ts';
import type { CatalogueStore } from './store.ts';

export interface GatheringOptions {
  readonly store: CatalogueStore;
  readonly loopback: () => Loopback;
  /** @throws Fault when none is in force */
  readonly configuration: () => GlobalConfiguration;
  readonly clients: () => readonly ClientRecord[];
  /** Encoded: who asks by itself; absent: the first subsystem. */
  readonly client?: string;
  /** Pause between two questions to a provider that nobody ordered; 0: none is asked by itself. */
  readonly intervalMs: number;
  /** Whether this server can spare the exchanges now; asked before each look. */
  readonly mayGather: () => boolean;
  readonly newId: () => string;
  readonly now: () => Date;
  readonly random: () => number;
  readonly onTrouble: (error: unknown) => void;
}

export interface GatheringStatus {
  /** Providers that are asked, or wait for it. */
  readonly waiting: number;
  /** Encoded: who asks by itself; undefined when this server has no such client. */
  readonly client: string | undefined;
  readonly intervalMs: number;
  /** When something was last gathered, or tried; undefined: not since the start. */
  readonly endedAt: Date | undefined;
}

interface Job {
  readonly client: ClientId;
  readonly provider: ClientId;
}

/** Providers that are asked at once: this server, and those, have exchanges to do. */
const maxRunning = 2;
/** Providers whose turn it is that one look takes up. */
const maxDue = 200;
/** Questions that may wait: all providers for a few clients. */
const maxWaiting = 50_000;
const lookEveryMs = 60_000;
const firstRetryMs = 600_000;
const longestRetryMs = 7 * 86_400_000;

/**
 * Asks providers what they offer, whom they let call it, and how they describe it: on demand, and by itself at an
 * interval. A provider that does not answer is left alone for ten minutes, then twenty, up to a week.
 */
export class Gathering {
  readonly #options: GatheringOptions;
  readonly #questions: Questions;
  readonly #waiting = new Map<string, Job>();
  readonly #running = new Map<string, Promise<void>>();
  readonly #ending = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #endedAt: Date | undefined;

  constructor(options: GatheringOptions) {
    this.#options = options;
    const { loopback, newId } = options;
    this.#questions = new Questions({ loopback, newId, signal: this.#ending.signal });
  }

  /** Begins to look whose turn it is, unless nobody is to be asked by itself. */
  start(): void {
    if (this.#options.intervalMs === 0) return;
    this.#timer = setInterval(() => this.look(), lookEveryMs).unref();
  }

  status(): GatheringStatus {
    const client = this.#asker();
    return {
      waiting: this.#waiting.size + this.#running.size,
      client: client && printEncoded(client),
      intervalMs: this.#options.intervalMs,
      endedAt: this.#endedAt,
    };
  }

  /** Asks those whose turn it is, when this server can spare it. */
  look(): void {
    const { store, mayGather, now, onTrouble } = this.#options;
    try {
      if (this.#waiting.size > 0 || !mayGather()) return;
      const client = this.#asker();
      if (client === undefined) return;
      this.#sync();
      for (const provider of store.due(now(), maxDue)) this.#add(client, provider);
    } catch (error) {
      onTrouble(error);
    }
  }

  /**
   * Asks a provider, or all, whosever turn it is. It is done when `status` says that nobody waits.
   * @param provider encoded; undefined: all
   * @returns how many are asked; undefined when that provider is none
   * @throws CatalogueError too-many; Fault when no configuration is in force
   */
  order(client: ClientId, provider: string | undefined): number | undefined {
    const { store } = this.#options;
    this.#sync();
    const wanted = provider === undefined ? this.#all() : [store.provider(provider)?.id];
    if (wanted.includes(undefined)) return undefined;
    if (this.#waiting.size + wanted.length > maxWaiting) {
      throw new CatalogueError(
        'too-many',
        `More than ${maxWaiting} questions would wait; wait until some are done`,
      );
    }
    for (const id of wanted) this.#add(client, id as string);
    return wanted.length;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#waiting.clear();
    this.#ending.abort();
    await Promise.all(this.#running.values());
  }

  #all(): string[] {
    return providersIn(this.#options.configuration()).map(({ id }) => id);
  }

  #sync(): void {
    const { store, configuration, clients, now, random, intervalMs } = this.#options;
    store.sync(
      providersIn(configuration()),
      clients().map(({ id }) => printEncoded(id)),
      // A server that is new in a large instance does not ask ten thousand others at once.
      () => Math.round(now().getTime() + random() * intervalMs),
    );
  }

  #asker(): ClientId | undefined {
    return askerOf(this.#options.clients(), this.#options.client);
  }

  #add(client: ClientId, provider: string): void {
    const key = `${printEncoded(client)} ${provider}`;
    if (this.#ending.signal.aborted || this.#waiting.has(key) || this.#running.has(key)) return;
    this.#waiting.set(key, { client, provider: parseEncodedClient(provider) });
    this.#fill();
  }

  #fill(): void {
    for (const [key, job] of this.#waiting) {
      if (this.#running.size >= maxRunning) return;
      this.#waiting.delete(key);
      const ended = this.#gather(job)
        .catch(this.#options.onTrouble)
        .finally(() => {
          this.#running.delete(key);
          this.#endedAt = this.#options.now();
          this.#fill();
        });
      this.#running.set(key, ended);
    }
  }

  async #gather({ client, provider }: Job): Promise<void> {
    const { store, now, onTrouble } = this.#options;
    const { signal } = this.#ending;
    const error = await gatherProvider(
      { questions: this.#questions, store, now, isEnding: () => signal.aborted, onTrouble },
      client,
      provider,
    );
    // What was broken off by our own end is no fault of the provider.
    if (signal.aborted) return;
    const id = printEncoded(provider);
    const failures = error === undefined ? 0 : (store.provider(id)?.failures ?? 0) + 1;
    const at = now();
    const nextAt = new Date(at.getTime() + this.#pauseMs(failures));
    store.putAttempt({ provider: id, client: printEncoded(client), at, error, nextAt });
  }

  /** Spread, so that those asked together are not for ever. */
  #pauseMs(failures: number): number {
    const { intervalMs, random } = this.#options;
    const usual = failures === 0 ? intervalMs : Math.min(firstRetryMs * 2 ** (failures - 1), longestRetryMs);
    return Math.round(usual * (0.9 + 0.2 * random()));
  }
}
