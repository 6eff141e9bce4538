import { createHash } from 'node:crypto';
import type { MiddlewareHandler } from 'hono';
import { KeyedQueue } from './keyed-queue.ts';
import type { Operations } from './operations.ts';
import { knownPrincipal } from './principal.ts';
import { Problem } from './problem.ts';

/** Asks the API itself. */
type Ask = (request: Request, env: unknown) => Response | Promise<Response>;

/**
 * Nobody's change is lost to another's. What can be edited carries its version when it is read; a change of it may say
 * which version it was made from, and is refused when that is not the one any more. Who edits in a session, from what a
 * page showed minutes ago, must say; keys are for programs that know the state they want. Changes of one thing wait for
 * one another, so that nothing comes between the comparison and the change.
 * @see RFC 9110 section 13.1.1, RFC 6585 section 3
 */
export function keepVersions(operations: Operations, ask: Ask): MiddlewareHandler {
  const queue = new KeyedQueue();
  return async (context, next) => {
    const { method, path, raw, url } = context.req;
    if (!operations.isEdited(path)) return next();
    if (method === 'GET') {
      await next();
      const version = await versionOf(context.res);
      if (version !== undefined) context.res.headers.set('etag', version);
      return undefined;
    }
    const expected = raw.headers.get('if-match');
    const mustSay = method === 'PUT' && knownPrincipal(context)?.session !== undefined;
    return queue.run(path, async () => {
      if (expected !== null || mustSay) {
        requireVersion(expected, await versionOf(await ask(readOf(url, raw.headers), context.env)), path);
      }
      await next();
    });
  };
}

/**
 * @param expected what If-Match says; null when there is none
 * @param now undefined when there is no such thing, which can be made without a version
 * @throws Problem changed-meanwhile, precondition-required
 */
function requireVersion(expected: string | null, now: string | undefined, path: string): void {
  if (expected === null) {
    if (now === undefined) return;
    const detail = `Say which version was changed: If-Match with the ETag of GET ${path}`;
    throw new Problem(428, 'precondition-required', detail);
  }
  const wanted = expected.split(',').map((one) => one.trim());
  if (now !== undefined && (wanted.includes('*') || wanted.includes(now))) return;
  const detail = 'It was changed, or removed, since it was read: read it again, and change that';
  throw new Problem(412, 'changed-meanwhile', detail);
}

/** The same thing read in the name of the same person. */
function readOf(url: string, asked: Headers): Request {
  const headers = new Headers(asked);
  for (const name of ['content-length', 'content-type', 'transfer-encoding', 'if-match']) {
    headers.delete(name);
  }
  return new Request(new URL(new URL(url).pathname, url), { headers });
}

/** The one it says; else a hash of what a JSON answer shows. */
async function versionOf(response: Response): Promise<string | undefined> {
  if (response.status !== 200) return undefined;
  const said = response.headers.get('etag');
  if (said !== null) return said;
  if (response.headers.get('content-type')?.startsWith('application/json') !== true) return undefined;
  return versionTag(await response.clone().text());
}

/** The version of something, for an answer that shows more than can be edited: to be sent as its ETag. */
export function versionTag(text: string): string {
  return `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"`;
}
