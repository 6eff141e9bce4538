import { createHmac } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'undici';
import { messageOf } from './error.ts';

export interface Webhook {
  readonly url: string;
  /** Signs what is sent; the receiver knows it. */
  readonly secret: string;
}

/** What became of a joining. */
export interface JoiningOutcome {
  readonly event: 'joining';
  readonly result: 'joined' | 'declined';
  /** Why it was declined, as the registration officer wrote. */
  readonly reason?: string | undefined;
  /** In encoded form. */
  readonly server: string;
  readonly at: string;
}

const attempts = 4;
const timeoutMs = 5_000;
const maxAnswerBytes = 16 * 1024;
const firstPauseMs = 500;

/**
 * Tells a webhook the outcome, and again until it takes it (2xx), four times at most.
 *
 * `x-waygate-signature` is `v1=` and the hex HMAC-SHA256 of `x-waygate-timestamp` (seconds since 1970), a dot, and
 * the body, under the secret: a receiver compares it, and refuses what is older than it likes.
 * @throws Error when it took it not once
 */
export async function tellWebhook(
  { url, secret }: Webhook,
  outcome: JoiningOutcome,
  now: () => Date,
  pause: (ms: number) => Promise<unknown> = sleep,
): Promise<void> {
  const body = JSON.stringify(outcome);
  let last = '';
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    if (attempt > 0) await pause(firstPauseMs * 3 ** (attempt - 1));
    const timestamp = String(Math.floor(now().getTime() / 1000));
    const signature = createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex');
    try {
      const response = await request(url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'x-waygate-timestamp': timestamp,
          'x-waygate-signature': `v1=${signature}`,
        },
        body,
        signal: AbortSignal.timeout(timeoutMs),
      });
      // What it says beside its status is of no use, however long it is.
      await response.body.dump({ limit: maxAnswerBytes });
      if (response.statusCode >= 200 && response.statusCode < 300) return;
      last = `it answered ${response.statusCode}`;
    } catch (error) {
      last = messageOf(error);
    }
  }
  throw new Error(`the webhook ${url} did not take the outcome in ${attempts} attempts: ${last}`);
}
