import { createHash } from 'node:crypto';
import type { MiddlewareHandler } from 'hono';
import { KeyedQueue } from './keyed-queue.ts';
import { knownPrincipal } from './principal.ts';
import { Problem } from './problem.ts';

interface Kept {
  /** Of the request that was answered so. */
  readonly fingerprint: string;
  readonly status: number;
  readonly contentType: string | null;
  readonly body: ArrayBuffer;
  readonly until: number;
}

const dayMs = 24 * 60 * 60 * 1000;
/** Octets of one answer, and answers in all: 64 MiB at the utmost. Larger ones are not kept, and none of ours is. */
const maxBody = 64 * 1024;
const maxKept = 1_000;
/** Header of an answer that was given before; audit logs leave it out, since nothing was done. */
export const replayedHeader = 'idempotency-replayed';

/**
 * Does once what is sent again with the same `Idempotency-Key`, and answers as it did the first time: a client that
 * did not hear the answer may ask again. Two at the same time wait for each other. Refusals are not kept, for they
 * changed nothing. Answers stay in memory: some hold secrets that are shown once and must not reach the disk; after a
 * restart what makes anything twice is refused by the codes and names it takes.
 * @param nowMs a clock that never goes back
 * @see draft-ietf-httpapi-idempotency-key-header
 */
export function answerOnce(nowMs: () => number = () => performance.now()): MiddlewareHandler {
  const kept = new Map<string, Kept>();
  const queue = new KeyedQueue();
  return async (context, next) => {
    const key = context.req.header('idempotency-key');
    const principal = knownPrincipal(context);
    // Who is nobody yet signs in, and nothing else: each time anew.
    if (context.req.method !== 'POST' || key === undefined || principal === undefined) return next();
    if (!/^[\x21-\x7e]{1,255}$/.test(key)) {
      throw new Problem(400, 'idempotency-key', 'Idempotency-Key: 1 to 255 visible ASCII characters');
    }
    const target = new URL(context.req.url);
    const scope = JSON.stringify([principal.id, target.pathname, key]);
    const body = Buffer.from(await context.req.arrayBuffer());
    const fingerprint = createHash('sha256').update(target.search).update('\n').update(body).digest('hex');
    return queue.run(scope, async () => {
      const former = kept.get(scope);
      if (former !== undefined && former.until > nowMs()) return replay(former, fingerprint);
      await next();
      const answer = await keepable(context.res, fingerprint, nowMs() + dayMs);
      if (answer === undefined) return undefined;
      kept.delete(scope);
      kept.set(scope, answer);
      const [oldest] = kept.keys();
      if (kept.size > maxKept && oldest !== undefined) kept.delete(oldest);
      return undefined;
    });
  };
}

async function keepable(response: Response, fingerprint: string, until: number): Promise<Kept | undefined> {
  const { status, headers } = response;
  const contentType = headers.get('content-type');
  if (status >= 300 || (contentType !== null && !contentType.startsWith('application/json')))
    return undefined;
  const body = await response.clone().arrayBuffer();
  return body.byteLength > maxBody ? undefined : { fingerprint, status, contentType, body, until };
}

/** @throws Problem idempotency-key-reused */
function replay({ fingerprint, status, contentType, body }: Kept, asked: string): Response {
  if (fingerprint !== asked) {
    const detail = 'This Idempotency-Key came before with another request: take a new one for a new request';
    throw new Problem(422, 'idempotency-key-reused', detail);
  }
  return new Response(status === 204 ? null : body, {
    status,
    headers: { [replayedHeader]: 'true', ...(contentType !== null && { 'content-type': contentType }) },
  });
}
