import { randomUUID } from 'node:crypto';
import { OpenAPIHono } from '@hono/zod-openapi';
import type { MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { HTTPException } from 'hono/http-exception';
import { secureHeaders } from 'hono/secure-headers';
import { addressOf } from './address.ts';
import { type AuditTrail, auditRequests, isRead } from './audit-trail.ts';
import { requireOwnPage } from './csrf.ts';
import { describeCommon, documentOf } from './describe.ts';
import { answerOnce } from './idempotency.ts';
import { Operations } from './operations.ts';
import { type Authenticate, notAuthenticated } from './principal.ts';
import { Problem, problemResponse } from './problem.ts';
import { protectAnswers } from './protect-answers.ts';
import { type RateLimit, RateLimiter } from './rate-limit.ts';
import { keepVersions } from './versions.ts';

export interface AdminApiOptions {
  readonly title: string;
  readonly version: string;
  readonly description: string;
  readonly authenticate: Authenticate;
  /** Where changes and refusals are written down. */
  readonly audit?: AuditTrail;
  /** Octets of a request body; default 1 MiB. */
  readonly maxBodyBytes?: number;
  /** Of those who share an address, and of one principal; 2,000 at once and 100 a second unless told. */
  readonly rateLimit?: RateLimit;
  /** Told of errors that nobody foresaw, with the reference the caller was shown. */
  readonly report: (error: unknown, reference: string) => void;
  /** Turns errors of the rooms behind the API into refusals; undefined for those it does not know. */
  readonly explain?: (error: unknown) => Problem | undefined;
}

/** No person and no program that sets servers up comes near it. */
const defaultRateLimit: RateLimit = { burst: 2_000, perSecond: 100 };

/** Each of them is written into the audit log: whoever has no key fills no disk with it. */
const strangersRateLimit: RateLimit = { burst: 200, perSecond: 1 };

/** What is for those alone who are known: the API, and what programs that watch look for by its customary name. */
const guarded = ['/api/*', '/metrics'];

/**
 * An administration API under `/api/v1`: bearer key, bounded bodies, problems as RFC 9457, its own OpenAPI 3.1
 * description at `/openapi.json`.
 */
export function createAdminApi(options: AdminApiOptions): OpenAPIHono {
  const app = new OpenAPIHono({
    defaultHook: (result) => {
      if (result.success) return undefined;
      const errors = result.error.issues.map(({ path, message }) => ({
        pointer: `/${path.map(String).join('/')}`,
        detail: message,
      }));
      const [first] = errors;
      const detail = first === undefined ? 'The request does not fit' : `${first.pointer}: ${first.detail}`;
      return problemResponse(new Problem(422, 'invalid-fields', detail, { errors }));
    },
  });
  app.use(secureHeaders({ xFrameOptions: 'DENY' }));
  for (const path of guarded) app.use(path, protectAnswers());
  app.use('/openapi.json', protectAnswers());
  const operations = Operations.of(app);
  const isUsual = (method: string, path: string) => operations.maxBodyBytesOf(method, path) === undefined;
  const limitUsual = limitBody(options.maxBodyBytes ?? 1024 * 1024);
  app.use((context, next) =>
    isUsual(context.req.method, context.req.path) ? limitUsual(context, next) : next(),
  );
  if (options.audit !== undefined) {
    app.use(
      '/api/*',
      auditRequests(options.audit, (error) => options.report(error, 'audit-log')),
    );
  }
  const limiter = new RateLimiter(options.rateLimit ?? defaultRateLimit);
  const strangers = new RateLimiter(options.rateLimit ?? strangersRateLimit);
  const authenticateSender: MiddlewareHandler = async (context, next) => {
    const { method, path, raw } = context.req;
    const address = addressOf(context);
    limiter.take(address);
    const principal = await options.authenticate({ headers: raw.headers, address });
    // Before it is told what there is: strangers learn nothing of it.
    if (principal === undefined && !operations.isOpen(method, path)) {
      strangers.take(address);
      throw notAuthenticated();
    }
    if (principal !== undefined) limiter.take(principal.id);
    if (principal !== undefined && !isRead(method)) requireOwnPage(principal, raw.headers);
    context.set('principal' as never, principal as never);
    await next();
  };
  for (const path of guarded) app.use(path, authenticateSender);
  // Large bodies are taken from those alone who are known.
  app.use('/api/*', (context, next) => {
    const octets = operations.maxBodyBytesOf(context.req.method, context.req.path);
    return octets === undefined ? next() : limitBody(octets)(context, next);
  });
  app.use('/api/*', answerOnce());
  app.use(
    '/api/*',
    keepVersions(operations, (request, env) => app.fetch(request, env as object)),
  );
  describeCommon(app);
  const { title, version, description } = options;
  app.get('/openapi.json', (context) =>
    context.json(documentOf(app, operations, { title, version, description })),
  );
  app.notFound((context) => {
    const allowed = operations.methodsOf(context.req.path);
    if (allowed.length > 0) {
      const detail = `${context.req.path} takes ${allowed.join(', ')}, not ${context.req.method}`;
      const response = problemResponse(new Problem(405, 'method-not-allowed', detail));
      response.headers.set('allow', allowed.join(', '));
      return response;
    }
    const detail = `${context.req.method} ${context.req.path} is not part of this API; see /openapi.json`;
    return problemResponse(new Problem(404, 'not-found', detail));
  });
  app.onError((error) => {
    if (error instanceof Problem) return problemResponse(error);
    if (error instanceof HTTPException) {
      // The framework raises these for bodies that are not JSON and the like.
      return problemResponse(new Problem(400, 'unreadable', error.message));
    }
    const explained = options.explain?.(error);
    if (explained !== undefined) return problemResponse(explained);
    const reference = randomUUID();
    options.report(error, reference);
    return problemResponse(
      new Problem(500, 'unexpected', 'The log knows more under the instance identifier'),
      reference,
    );
  });
  return app;
}

function limitBody(maxSize: number): MiddlewareHandler {
  return bodyLimit({
    maxSize,
    onError: () => problemResponse(new Problem(413, 'too-large', `At most ${maxSize} octets are taken`)),
  });
}
