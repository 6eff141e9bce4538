import { randomUUID } from 'node:crypto';
import { OpenAPIHono, type RouteConfig } from '@hono/zod-openapi';
import { bodyLimit } from 'hono/body-limit';
import { HTTPException } from 'hono/http-exception';
import { secureHeaders } from 'hono/secure-headers';
import { addressOf } from './address.ts';
import { type AuditTrail, auditRequests, isRead } from './audit-trail.ts';
import { requireOwnPage } from './csrf.ts';
import { type Allowance, type Authenticate, notAuthenticated } from './principal.ts';
import { Problem, problemResponse } from './problem.ts';
import { type RateLimit, RateLimiter } from './rate-limit.ts';

export interface AdminApiOptions {
  readonly title: string;
  readonly version: string;
  readonly description: string;
  readonly authenticate: Authenticate;
  /** Where changes and refusals are written down. */
  readonly audit?: AuditTrail;
  /** Octets of a request body; default 1 MiB. */
  readonly maxBodyBytes?: number;
  /** Of those who share an address; 2,000 at once and 100 a second unless told. */
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
  app.use(secureHeaders());
  const maxSize = options.maxBodyBytes ?? 1024 * 1024;
  app.use(
    bodyLimit({
      maxSize,
      onError: () => problemResponse(new Problem(413, 'too-large', `At most ${maxSize} octets are taken`)),
    }),
  );
  if (options.audit !== undefined) {
    app.use(
      '/api/*',
      auditRequests(options.audit, (error) => options.report(error, 'audit-log')),
    );
  }
  const limiter = new RateLimiter(options.rateLimit ?? defaultRateLimit);
  const strangers = new RateLimiter(options.rateLimit ?? strangersRateLimit);
  const open = requireAllowances(app);
  app.use('/api/*', async (context, next) => {
    const { method, path, raw } = context.req;
    const address = addressOf(context);
    limiter.take(address);
    const principal = await options.authenticate({ headers: raw.headers, address });
    // Before it is told what there is: strangers learn nothing of it.
    if (principal === undefined && !open.has(`${method} ${path}`)) {
      strangers.take(address);
      throw notAuthenticated();
    }
    if (principal !== undefined && !isRead(method)) requireOwnPage(principal, raw.headers);
    context.set('principal' as never, principal as never);
    await next();
  });
  app.openAPIRegistry.registerComponent('securitySchemes', 'apiKey', { type: 'http', scheme: 'bearer' });
  app.doc31('/openapi.json', {
    openapi: '3.1.0',
    info: { title: options.title, version: options.version, description: options.description },
    security: [{ apiKey: [] }],
  });
  app.notFound((context) => {
    const allowed = methodsOf(app, context.req.path);
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

/**
 * Lets no operation into the API that does not say who may.
 * @returns method and path of those that ask for no sign-in, filled as they are added
 */
function requireAllowances(app: OpenAPIHono): ReadonlySet<string> {
  const open = new Set<string>();
  const add = app.openapi.bind(app) as (...rest: unknown[]) => unknown;
  const addChecked = (route: RouteConfig, ...rest: unknown[]): unknown => {
    const { method, path } = route;
    const allowed = (route as Partial<Allowance>)['x-roles'];
    if (allowed === undefined)
      throw new Error(`${method} ${path} does not say who may: spread allow(…) into it`);
    if (allowed.length === 0) open.add(`${method.toUpperCase()} ${path}`);
    return add(route, ...rest);
  };
  app.openapi = addChecked as typeof app.openapi;
  return open;
}

/** Methods that the API has for a path: none when it has no such path. Middleware stands for every method. */
function methodsOf(app: OpenAPIHono, path: string): string[] {
  const segments = path.split('/');
  const methods = app.routes
    .filter(({ method }) => method !== 'ALL')
    .filter((route) => {
      const parts = route.path.split('/');
      return (
        parts.length === segments.length &&
        parts.every((part, index) => part.startsWith(':') || part === segments[index])
      );
    })
    .map(({ method }) => method);
  return [...new Set(methods)].sort();
}
