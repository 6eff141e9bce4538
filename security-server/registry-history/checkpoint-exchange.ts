import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Certificate } from '../../certs/x509/index.ts';
import type { GlobalConfiguration, SecurityServer } from '../../gateway/configuration/index.ts';
import { equal, type ServerId } from '../../gateway/identifier/index.ts';
import { TransparencyError } from '../../gateway/transparency/index.ts';
import { type HistoryComparison, type HistoryWatch, RegistryHistoryError } from './watch.ts';

/** What came of showing checkpoints to other servers, since this one was started. */
export interface ExchangeFigures {
  /** Comparisons by what they came to. */
  readonly same: number;
  readonly consistent: number;
  readonly ahead: number;
  readonly forked: number;
  /** Notes that could not be compared: of another key, of no history, whose proof could not be had or kept. */
  readonly unclear: number;
  /** Servers that could not be asked, or answered nothing that is one. */
  readonly unanswered: number;
  /** ISO 8601; of the last comparison. */
  readonly lastAt?: string;
}

/** Asks one server. @returns its note; undefined when it keeps none, or is not one to be asked */
export type AskPeer = (server: SecurityServer, note: string) => Promise<string | undefined>;

export interface CheckpointExchangeOptions {
  readonly watch: Pick<HistoryWatch, 'state' | 'compare'>;
  readonly self: ServerId;
  /** @throws Fault OutdatedGlobalConf */
  readonly configuration: () => GlobalConfiguration;
  readonly ask: AskPeer;
  readonly now: () => Date;
  /** In [0, 1); chooses who is asked, and spreads the questions of many servers. */
  readonly random: () => number;
  /** Between questions. Milliseconds. */
  readonly pauseMs: number;
  /** Told what broke a comparison that is no fault of the note, such as a full disk. */
  readonly report: (error: unknown) => void;
}

/** Where servers show each other the checkpoint they keep, at the port of their peers. */
export const checkpointPath = '/.well-known/waygate/registry-checkpoint';

const maxNoteBytes = 10_000;
const deadlineMs = 10_000;
/** A peer shows its checkpoint no more often. Milliseconds. */
const leastPauseMs = 30_000;
/** Notes that wait to be compared: each may need proofs from the registry. */
const maxWaiting = 8;
/** Peers whose last visit is remembered. */
const maxPeers = 10_000;
const maxCompared = 200;

/**
 * Shows the checkpoint of the registry's history that is kept here to other servers, one at a time, and takes theirs:
 * a registry that tells servers different things is found without anybody looking for it. Nothing of it is on the way
 * of a message, nothing of it is trusted but the registry's own signature under a note, and servers that know nothing
 * of it are not asked.
 */
export class CheckpointExchange {
  readonly #options: CheckpointExchangeOptions;
  readonly #figures = { same: 0, consistent: 0, ahead: 0, forked: 0, unclear: 0, unanswered: 0 };
  readonly #visits = new Map<string, number>();
  readonly #compared = new Set<string>();
  #lastAt: string | undefined;
  #waiting = 0;
  #comparing: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: CheckpointExchangeOptions) {
    this.#options = options;
  }

  start(): void {
    this.#plan();
  }

  figures(): ExchangeFigures {
    return { ...this.#figures, ...(this.#lastAt !== undefined && { lastAt: this.#lastAt }) };
  }

  /** Asks one other server, chosen by chance; what goes wrong is counted. */
  async askOne(): Promise<void> {
    try {
      const note = this.#options.watch.state().kept?.checkpoint;
      const server = note === undefined ? undefined : this.#choose();
      if (note === undefined || server === undefined) return;
      const theirs = await this.#options.ask(server, note);
      if (theirs !== undefined) await this.#enqueue(theirs);
    } catch {
      // It is down, of another make, or the configuration has expired: other checks say so. Here it only counts.
      this.#figures.unanswered += 1;
    }
  }

  /**
   * Answers a peer that shows its checkpoint with ours.
   * @param chain what it showed in the handshake: a certificate of some registered server
   * @returns false when it asks for something else
   */
  answer(incoming: IncomingMessage, outgoing: ServerResponse, [leaf]: readonly Certificate[]): boolean {
    if (incoming.url !== checkpointPath) return false;
    const end = (status: number, text = '') => {
      if (outgoing.headersSent || outgoing.destroyed) return;
      const headers = { 'content-type': 'text/plain; charset=utf-8', connection: 'close' };
      outgoing.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(text) }).end(text);
    };
    if (incoming.method !== 'POST') end(405);
    else if (leaf === undefined || !this.#mayCome(leaf.sha256.toString('hex'))) end(429);
    else {
      readNote(incoming).then(
        (theirs) => {
          const ours = this.#options.watch.state().kept?.checkpoint;
          end(ours === undefined ? 204 : 200, ours);
          if (theirs !== '') void this.#enqueue(theirs);
        },
        () => {
          this.#figures.unanswered += 1;
          end(413);
          incoming.destroy();
        },
      );
    }
    return true;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#comparing;
  }

  #plan(): void {
    if (this.#isClosed) return;
    const { pauseMs, random } = this.#options;
    this.#timer = setTimeout(
      () => void this.askOne().finally(() => this.#plan()),
      pauseMs * (0.5 + random()),
    );
    this.#timer.unref();
  }

  /** Of the own instance: it is that registry's history. */
  #choose(): SecurityServer | undefined {
    const { configuration, self, random } = this.#options;
    const current = configuration();
    const others = (current.shared(current.instance)?.securityServers ?? []).filter(
      ({ id, address }) => address !== undefined && !equal(id, self),
    );
    return others[Math.floor(random() * others.length)];
  }

  #mayCome(peer: string): boolean {
    const now = performance.now();
    const last = this.#visits.get(peer);
    if (last !== undefined && now - last < Math.min(leastPauseMs, this.#options.pauseMs / 4)) return false;
    this.#visits.delete(peer);
    this.#visits.set(peer, now);
    const [oldest] = this.#visits.keys();
    if (this.#visits.size > maxPeers && oldest !== undefined) this.#visits.delete(oldest);
    return true;
  }

  /** One comparison at a time; one that finds too many before it is left out, and the next one comes. */
  async #enqueue(note: string): Promise<void> {
    if (this.#isClosed || this.#waiting >= maxWaiting) return;
    this.#waiting += 1;
    this.#comparing = this.#comparing.then(async () => {
      try {
        this.#count(await this.#compare(note));
      } catch (error) {
        // Whoever shows a note is not the one to tell, and what comes next must still be compared.
        this.#count('unclear');
        this.#options.report(error);
      } finally {
        this.#waiting -= 1;
      }
    });
    await this.#comparing;
  }

  #count(verdict: HistoryComparison['verdict'] | 'unclear'): void {
    this.#figures[verdict] += 1;
    this.#lastAt = this.#options.now().toISOString();
  }

  async #compare(note: string): Promise<HistoryComparison['verdict'] | 'unclear'> {
    const { watch } = this.#options;
    const ours = watch.state().kept?.checkpoint;
    if (note === ours) return 'same';
    // What was found to be of one history is not proved again for each server that has it.
    if (this.#compared.has(note)) return 'consistent';
    try {
      const { verdict } = await watch.compare(note);
      if (verdict === 'consistent' || verdict === 'same') this.#remember(note);
      return verdict;
    } catch (error) {
      if (error instanceof RegistryHistoryError || error instanceof TransparencyError) return 'unclear';
      throw error;
    }
  }

  #remember(note: string): void {
    this.#compared.add(note);
    const [oldest] = this.#compared;
    if (this.#compared.size > maxCompared && oldest !== undefined) this.#compared.delete(oldest);
  }
}

/** @throws Error when it is too long, or takes too long */
async function readNote(incoming: IncomingMessage): Promise<string> {
  const timer = setTimeout(() => incoming.destroy(new Error('it took too long')), deadlineMs);
  try {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of incoming as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > maxNoteBytes) throw new Error('it is too long');
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString('utf8');
  } finally {
    clearTimeout(timer);
  }
}
