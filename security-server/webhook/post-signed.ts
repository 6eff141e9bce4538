import { createHmac } from 'node:crypto';
import { Agent, request } from 'undici';

export interface Webhook {
  readonly url: string;
  /** Signs what is sent; the receiver knows it. */
  readonly secret: string;
  /** PEM, taken from the receiver instead of those of public authorities; none: public ones. */
  readonly certificates?: readonly string[];
}

export interface WebhookAnswer {
  readonly status: number;
  /** Whether the receiver took it. */
  readonly isTaken: boolean;
}

const timeoutMs = 5_000;
const maxAnswerBytes = 16 * 1024;

/**
 * Posts JSON to a webhook once.
 *
 * `x-waygate-signature` is `v1=` and the hex HMAC-SHA256 of `x-waygate-timestamp` (seconds since 1970), a dot, and
 * the body, under the secret: a receiver compares it, and refuses what is older than it likes. Redirects are not
 * followed.
 * @throws Error when there was no answer
 */
export async function postSigned(
  { url, secret, certificates = [] }: Webhook,
  body: string,
  at: Date,
): Promise<WebhookAnswer> {
  const timestamp = String(Math.floor(at.getTime() / 1000));
  const signature = createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex');
  const trusted = certificates.length === 0 ? {} : { ca: [...certificates] };
  const agent = new Agent({ connect: { timeout: timeoutMs, ...trusted } });
  try {
    const response = await request(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-waygate-timestamp': timestamp,
        'x-waygate-signature': `v1=${signature}`,
      },
      body,
      dispatcher: agent,
      signal: AbortSignal.timeout(timeoutMs),
    });
    // What it says beside its status is of no use, however long it is.
    await response.body.dump({ limit: maxAnswerBytes });
    const { statusCode: status } = response;
    return { status, isTaken: status >= 200 && status < 300 };
  } finally {
    await agent.destroy();
  }
}
