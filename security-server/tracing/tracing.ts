import { randomBytes } from 'node:crypto';
import { Agent, request } from 'undici';
import type { RoadEvent } from '../../gateway/road/index.ts';
import type { VouchedNames } from '../monitoring/index.ts';
import { type OtlpSpan, requestOf, spansOf } from './otlp.ts';

/** Where traces go. */
export interface TracingSettings {
  /** OTLP over HTTP, with its path: `http://127.0.0.1:4318/v1/traces`. */
  readonly url: string;
  /** Sent as `Authorization: Bearer …`. */
  readonly token?: string;
}

interface TracingOptions extends TracingSettings {
  /** Identifier of this server, encoded. */
  readonly server: () => string;
  readonly onTrouble: (error: unknown) => void;
  /** Until what has gathered is sent. */
  readonly gatherMs?: number;
  /** After a failure; doubled up to a minute. */
  readonly pauseMs?: number;
}

/** Spans that wait: what comes on top is not kept, for traces must not fill the memory of a server. */
const maxWaiting = 4_096;
const maxTogether = 512;
const timeoutMs = 10_000;
const maxAnswerBytes = 16 * 1024;
const longestPauseMs = 60_000;

/** 16 hex digits, not all zero. */
export function newSpanId(): string {
  const id = randomBytes(8);
  return (id.every((octet) => octet === 0) ? Buffer.alloc(8, 1) : id).toString('hex');
}

/**
 * Sends the spans of exchanges that are followed to a collector, beside the exchanges: none waits for it. What cannot
 * be sent is kept for a while, up to a bound, and then counted as lost.
 * @see OTLP/HTTP, https://opentelemetry.io/docs/specs/otlp/
 */
export class Tracing {
  readonly #options: TracingOptions;
  readonly #agent = new Agent({ connect: { timeout: timeoutMs } });
  #waiting: OtlpSpan[] = [];
  #lost = 0;
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(options: TracingOptions) {
    this.#options = options;
  }

  /** Spans that were not sent, and are not kept any more. */
  get lost(): number {
    return this.#lost;
  }

  /**
   * Takes an exchange that ended; nothing of one that is not followed.
   * @param names those in it that somebody vouches for: others may be of anybody
   */
  note(event: RoadEvent, names: VouchedNames): void {
    const followed = event.trace?.followed;
    if (followed === undefined || this.#isClosed) return;
    const spans = spansOf(event, followed, names, newSpanId);
    if (this.#waiting.length + spans.length > maxWaiting) {
      this.#lost += spans.length;
      return;
    }
    this.#waiting.push(...spans);
    this.#later(this.#options.gatherMs ?? 1_000);
  }

  /** Sends what waits, once more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#sending;
    await this.#send();
    await this.#agent.destroy();
  }

  #later(ms: number): void {
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#sending = this.#send().finally(() => {
        this.#timer = undefined;
        if (this.#isClosed || this.#waiting.length === 0) return;
        this.#later(this.#failures === 0 ? 0 : this.#pause());
      });
    }, ms);
    this.#timer.unref();
  }

  #pause(): number {
    return Math.min((this.#options.pauseMs ?? 5_000) * 2 ** (this.#failures - 1), longestPauseMs);
  }

  async #send(): Promise<void> {
    const batch = this.#waiting.slice(0, maxTogether);
    if (batch.length === 0) return;
    const { url, token, server, onTrouble } = this.#options;
    try {
      const { statusCode, body } = await request(url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
        },
        body: JSON.stringify(requestOf(batch, server())),
        dispatcher: this.#agent,
        signal: AbortSignal.timeout(timeoutMs),
      });
      await body.dump({ limit: maxAnswerBytes });
      const isTaken = statusCode >= 200 && statusCode < 300;
      if (!isTaken) onTrouble(new Error(`the collector ${url} answered ${statusCode}`));
      // Only these say that it may be taken later. OTLP/HTTP, "Retryable Response Codes"
      const isLater = [429, 502, 503, 504].includes(statusCode);
      if (!isTaken && !isLater) this.#lost += batch.length;
      this.#failures = isLater ? this.#failures + 1 : 0;
      if (!isLater) this.#waiting = this.#waiting.slice(batch.length);
    } catch (error) {
      this.#failures += 1;
      // The first of a row says it all.
      if (this.#failures === 1) onTrouble(error);
    }
  }
}
