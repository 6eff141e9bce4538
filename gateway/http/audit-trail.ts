import type { MiddlewareHandler } from 'hono';
import { routePath } from 'hono/route';
import { replayedHeader } from './idempotency.ts';
import { knownPrincipal } from './principal.ts';
import { Problem, problemResponse } from './problem.ts';

/** One request to an administration API that is written down: every change, and every refusal of who asked. */
export interface AuditedRequest {
  /** `Principal.id`; `anonymous` before anybody was known; `system` for the program itself. */
  readonly actor: string;
  /** Method and pattern of the path. */
  readonly action: string;
  /** Path as it was asked for. */
  readonly target: string;
  readonly outcome: 'done' | 'refused' | 'failed';
  /** Of the refusal. */
  readonly code?: string;
}

/** Where it is written down: on disk when `append` returns, or what it returns resolves. */
export interface AuditTrail {
  append(event: AuditedRequest): unknown;
}

const reads = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Whether a method changes nothing. */
export function isRead(method: string): boolean {
  return reads.has(method);
}

/**
 * Writes down what was asked of an administration API and how it was answered. What cannot be written down is told
 * as a failure, and until it can, further changes are refused before they are made.
 */
export function auditRequests(trail: AuditTrail, report: (error: unknown) => void): MiddlewareHandler {
  let isBroken = false;
  const append = async (event: AuditedRequest): Promise<boolean> => {
    try {
      await trail.append(event);
      isBroken = false;
    } catch (error) {
      isBroken = true;
      report(error);
    }
    return !isBroken;
  };
  return async (context, next) => {
    const { method, path: target } = context.req;
    const isChange = !isRead(method);
    const tried = { actor: 'system', action: 'audit-log.resume', target, outcome: 'done' } as const;
    if (isChange && isBroken && !(await append(tried))) {
      const detail = 'Changes are written into the audit log, which cannot be written; see to its disk';
      return problemResponse(new Problem(503, 'audit-log-failed', detail));
    }
    await next();
    const { status } = context.res;
    if (!isChange && status !== 401 && status !== 403) return undefined;
    // Told again: it was done, and written down, the first time.
    if (context.res.headers.has(replayedHeader)) return undefined;
    // Who asks too much shall not write as much.
    if (status === 429) return undefined;
    const code = await codeOf(context.res);
    const isWritten = await append({
      actor: knownPrincipal(context)?.id ?? 'anonymous',
      action: `${method} ${status === 401 ? '' : routePath(context, -1)}`.trim(),
      target,
      outcome: status < 400 ? 'done' : status < 500 ? 'refused' : 'failed',
      ...(code !== undefined && { code }),
    });
    if (isWritten || status >= 400) return undefined;
    const detail =
      'The change was made, and could not be written into the audit log; no other is taken until it can';
    context.res = problemResponse(new Problem(500, 'audit-log-failed', detail));
    return undefined;
  };
}

async function codeOf(response: Response): Promise<string | undefined> {
  if (response.headers.get('content-type')?.startsWith('application/problem+json') !== true) return undefined;
  const { code } = (await response.clone().json()) as { code?: unknown };
  return typeof code === 'string' ? code : undefined;
}
