import { request } from 'undici';

/** A directory that was taken, and where it came from. */
export interface Taken {
  readonly url: URL;
  /** Its name where it is served by a registry of this program. */
  readonly tag: string;
}

/**
 * What came of waiting. rung: there is another directory. quiet: there was none in all the time. not-held: the answer
 * did not wait, so this source lets nobody wait, or not now. cut-short: it says that it waited, and came much too soon,
 * as of a registry that stops.
 */
type Outcome = 'rung' | 'quiet' | 'not-held' | 'cut-short';

/** Seconds that the source is asked to wait: less than proxies and firewalls let pass in silence. */
const waitSeconds = 25;
/** Before which an answer that nothing changed did not wait, whatever it says: asked again at once, it would spin. */
const leastWaitMs = (waitSeconds * 1000) / 2;
/** Beyond which whoever is between has lost the connection. Milliseconds. */
const timeoutMs = (waitSeconds + 10) * 1000;
const maxBodyBytes = 1024 * 1024;

/** Until a source that lets nobody wait is asked again whether it does. Milliseconds. */
const askAgainMs = 600_000;
/** Until one whose connection was lost is: whatever lost it may lose the next in silence. Milliseconds. */
const afterFailureMs = 60_000;

interface Told {
  /** There is another directory. */
  readonly onRing: () => void;
  /** This source tells nothing: polls have to find out. */
  readonly onSilent: () => void;
}

/**
 * Waits for a source to tell of a change, where it does. It only ever makes a poll come sooner, and what a poll takes
 * is fetched and verified as without it; a source that rings for nothing is not listened to for a while.
 */
export class Doorbell {
  #waiting: AbortController | undefined;
  /** The directory that a source said was another one by now. */
  #rungFor: string | undefined;
  #silentUntil = 0;

  /**
   * Waits for another directory than the one that was taken, in place of any wait before.
   * @param headersOf sent with the question; asked for each time
   * @returns false when this source is known to tell nothing
   */
  listen(taken: Taken, headersOf: () => Readonly<Record<string, string>>, told: Told): boolean {
    this.stop();
    if (performance.now() < this.#silentUntil) return false;
    // It said that it had another one, and the poll found the same.
    if (this.#rungFor === taken.tag) return this.#ignore();
    const waiting = new AbortController();
    this.#waiting = waiting;
    const { signal } = waiting;
    const wait = async () => {
      let outcome: Outcome = 'quiet';
      while (outcome === 'quiet') outcome = await waitForChange(taken, headersOf(), signal);
      return outcome;
    };
    // A source that fails here fails the next poll as well, which says so.
    wait().then(
      (outcome) => {
        if (signal.aborted) return;
        if (outcome === 'not-held' || outcome === 'cut-short') {
          this.#ignore(outcome === 'cut-short' ? afterFailureMs : askAgainMs);
          told.onSilent();
        } else {
          this.#rungFor = taken.tag;
          told.onRing();
        }
      },
      () => {
        if (signal.aborted) return;
        this.#ignore(afterFailureMs);
        told.onSilent();
      },
    );
    return true;
  }

  stop(): void {
    this.#waiting?.abort();
    this.#waiting = undefined;
  }

  #ignore(ms = askAgainMs): false {
    this.#rungFor = undefined;
    this.#silentUntil = performance.now() + ms;
    return false;
  }
}

/**
 * Waits until a source has another directory than the one at hand. The answer tells that it has, and nothing else is
 * taken from it: what is there is fetched and verified as at any other poll. A source that knows nothing of waiting,
 * such as a registry of another make or a mirror, answers at once.
 * @throws Error of the network
 * @see RFC 7240 section 4.3
 */
async function waitForChange(
  { url, tag }: Taken,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Outcome> {
  const askedAt = performance.now();
  const response = await request(url, {
    method: 'GET',
    headers: { ...headers, 'if-none-match': `"${tag}"`, prefer: `wait=${waitSeconds}` },
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
  });
  await response.body.dump({ limit: maxBodyBytes });
  const isHeld = [response.headers['preference-applied']]
    .flat()
    .some((one) => one?.startsWith('wait') === true);
  if (response.statusCode === 304 && isHeld) {
    return performance.now() - askedAt < leastWaitMs ? 'cut-short' : 'quiet';
  }
  if (response.statusCode !== 200) return 'not-held';
  // Without waiting when it had changed before the question arrived.
  return isHeld || response.headers['etag'] !== `"${tag}"` ? 'rung' : 'not-held';
}
