import { setTimeout as sleep } from 'node:timers/promises';
import { postSigned, type Webhook } from '../webhook/index.ts';
import { messageOf } from './error.ts';

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
const firstPauseMs = 500;

/**
 * Tells a webhook the outcome, and again until it takes it (2xx), four times at most.
 * @throws Error when it took it not once
 */
export async function tellWebhook(
  webhook: Webhook,
  outcome: JoiningOutcome,
  now: () => Date,
  pause: (ms: number) => Promise<unknown> = sleep,
): Promise<void> {
  const body = JSON.stringify(outcome);
  let last = '';
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    if (attempt > 0) await pause(firstPauseMs * 3 ** (attempt - 1));
    try {
      const { status, isTaken } = await postSigned(webhook, body, now());
      if (isTaken) return;
      last = `it answered ${status}`;
    } catch (error) {
      last = messageOf(error);
    }
  }
  throw new Error(`the webhook ${webhook.url} did not take the outcome in ${attempts} attempts: ${last}`);
}
