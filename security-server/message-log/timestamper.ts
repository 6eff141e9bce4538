import { request } from 'undici';
import { digestOf } from '../../certs/key/index.ts';
import {
  checkTimestamp,
  createTimestampRequest,
  readTimestampResponse,
  withCertificateFirst,
} from '../../certs/timestamp/index.ts';
import type { GlobalConfiguration } from '../../gateway/configuration/index.ts';
import { Fault } from '../../gateway/fault/index.ts';
import type { ConfigurationSource } from '../../gateway/road/index.ts';
import { dateOf, HttpStatusError, type NoteAsked } from '../asked/index.ts';
import type { SignedCheckpoint } from './checkpoints.ts';
import type { LogWriter } from './writer.ts';

export interface TimestamperOptions {
  readonly writer: LogWriter;
  /** A signed checkpoint that covers everything recorded before the call. */
  readonly checkpoint: () => Promise<SignedCheckpoint>;
  readonly configuration: ConfigurationSource;
  /** Has the log write down which configuration is in force, if its newest leaf does not say so already. */
  readonly nameConfiguration: () => Promise<void>;
  /** Addresses to ask, in order; none means those of the instance, in the order of the configuration. */
  readonly urls: readonly string[];
  readonly now: () => Date;
  /** Told why a round failed; the next round comes by itself. */
  readonly onFailure: (error: Error) => void;
  readonly onSuccess: (at: Date) => void;
  /** Told how it went with each authority. */
  readonly onAsked?: NoteAsked;
}

/** A round asks for this many records at once, so that building their chains holds no commit up for long. */
const recordsPerRequest = 1_000;
const minIntervalMs = 1_000;
const maxIntervalMs = 86_400_000;
const maxResponseBytes = 1024 * 1024;

/** Has the records of the log timestamped in batches, at the pace the instance asks for. */
export class Timestamper {
  readonly #options: TimestamperOptions;
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> | undefined;
  #failures = 0;
  /** DER of the certificate of who stamped last; undefined before this process had a timestamp. */
  #signer: Buffer | undefined;
  #closed = false;

  constructor(options: TimestamperOptions) {
    this.#options = options;
  }

  start(): void {
    this.#plan();
  }

  /**
   * Timestamps everything recorded so far.
   * @throws Fault TimestampingFailed
   */
  async stampNow(): Promise<void> {
    // A round under way may have begun before the record that the caller cares for.
    await this.#round?.catch(() => undefined);
    this.#round ??= this.#stampAll().finally(() => {
      this.#round = undefined;
    });
    await this.#round;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#round?.catch(() => undefined);
  }

  #plan(): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => {
      this.stampNow()
        // The failure was reported where it happened; here it only means another try.
        .catch(() => undefined)
        .finally(() => this.#plan());
    }, this.#waitMs());
    this.#timer.unref();
  }

  /** After failures the tries come closer than the interval, so that an outage ends when its cause does. */
  #waitMs(): number {
    const interval = Math.min(Math.max(this.#intervalMs(), minIntervalMs), maxIntervalMs);
    return this.#failures === 0 ? interval : Math.min(1_000 * 2 ** Math.min(this.#failures, 6), interval);
  }

  #intervalMs(): number {
    try {
      return this.#options.configuration.current().timestampIntervalMs;
    } catch (error) {
      if (error instanceof Fault) return minIntervalMs;
      throw error;
    }
  }

  async #stampAll(): Promise<void> {
    try {
      // One checkpoint for all of the round, which so ends, however fast others record meanwhile. No other bound: what
      // one round left over would grow with every next.
      const [configuration, checkpoint] = await this.#beginRound();
      while (!this.#closed && (await this.#stampSome(configuration, checkpoint)));
      this.#failures = 0;
      this.#options.onSuccess(this.#options.now());
    } catch (cause) {
      this.#failures += 1;
      const error = cause instanceof Error ? cause : new Error(String(cause));
      this.#options.onFailure(error);
      throw new Fault('TimestampingFailed', `No timestamp could be had: ${error.message}`, { cause });
    }
  }

  /**
   * A configuration that was in force when the checkpoint was made: what the checkpoint covers names none that is newer,
   * and what comes behind it none that is older. So the log itself says whose timestamps counted.
   */
  async #beginRound(): Promise<[GlobalConfiguration, SignedCheckpoint]> {
    const { configuration, checkpoint } = this.#options;
    for (let before = configuration.current(); ; ) {
      const made = await checkpoint();
      const after = configuration.current();
      if (after.id === before.id) return [after, made];
      before = after;
    }
  }

  /** @returns whether there were records without timestamp, which have one now */
  async #stampSome(configuration: GlobalConfiguration, { size, note }: SignedCheckpoint): Promise<boolean> {
    const { writer, nameConfiguration } = this.#options;
    const wanted = await writer.call('nextToStamp', recordsPerRequest, size, note);
    if (wanted === undefined) return false;
    const { token, at, signer } = await this.#obtain(configuration, Buffer.from(wanted.result));
    if (this.#signer?.equals(signer) !== true) {
      // No record may say yet that another authority's timestamps count, and none may come for a long time. Before the
      // timestamp, so that no crash leaves one of which nothing says that it was good.
      await nameConfiguration();
      this.#signer = signer;
    }
    await writer.call('saveStamp', wanted, token, at.getTime());
    return true;
  }

  /** @returns the token with its signer's certificate inside, checked as a stranger would check it */
  async #obtain(
    configuration: GlobalConfiguration,
    stamped: Buffer,
  ): Promise<{ token: Buffer; at: Date; signer: Buffer }> {
    const failures: string[] = [];
    for (const url of this.#addresses(configuration)) {
      const { now, onAsked } = this.#options;
      const asked = { kind: 'timestamp', url, askedAt: now().getTime() } as const;
      let date: { readonly date?: number } = {};
      try {
        const wanted = createTimestampRequest(digestOf('sha512', stamped));
        const { body: response, ...seen } = await postAgainWhenCut(url, wanted);
        date = seen;
        const token = readTimestampResponse(response);
        const { certificate, at } = checkTimestamp({
          token,
          stamped,
          certificates: configuration.tsaCertificates(),
        });
        onAsked?.({ ...asked, ...date, answeredAt: now().getTime(), madeAt: at.getTime() });
        return { token: withCertificateFirst(token, certificate), at, signer: certificate.der };
      } catch (error) {
        onAsked?.({ ...asked, ...date, answeredAt: now().getTime(), error });
        failures.push(`${url}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    throw new Error(failures.length === 0 ? 'no timestamping authority is configured' : failures.join('; '));
  }

  #addresses(configuration: GlobalConfiguration): readonly string[] {
    const { urls } = this.#options;
    return urls.length > 0 ? urls : configuration.tsas(configuration.instance).map(({ url }) => url);
  }
}

/**
 * A connection that was kept open may be closed by the authority in the moment in which it is used again. Asking twice
 * for a timestamp does no harm.
 */
async function postAgainWhenCut(url: string, body: Buffer): Promise<Answered> {
  try {
    return await post(url, body);
  } catch (error) {
    if (!cutCodes.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
    return await post(url, body);
  }
}

const cutCodes = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);

interface Answered {
  readonly body: Buffer;
  readonly date?: number;
}

async function post(url: string, body: Buffer): Promise<Answered> {
  const response = await request(url, {
    method: 'POST',
    headers: { 'content-type': 'application/timestamp-query', accept: 'application/timestamp-reply' },
    body,
    headersTimeout: 60_000,
    bodyTimeout: 60_000,
  });
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response.body) {
    size += chunk.length;
    if (size > maxResponseBytes) throw new Error('the response is larger than 1 MiB');
    chunks.push(chunk);
  }
  if (response.statusCode !== 200) throw new HttpStatusError(response.statusCode);
  return { body: Buffer.concat(chunks), ...dateOf(response.headers) };
}
