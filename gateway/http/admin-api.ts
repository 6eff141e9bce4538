import { randomUUID } from 'node:crypto';
import { OpenAPIHono } from '@hono/zod-openapi';
import { bodyLimit } from 'hono/body-limit';
import { HTTPException } from 'hono/http-exception';
import { secureHeaders } from 'hono/secure-headers';
import type { ApiKeyCheck } from './api-key.ts';
import { type AuditTrail, auditRequests } from './audit-trail.ts';
import { Problem, problemResponse } from './problem.ts';

export interface AdminApiOptions {
  readonly title: string;
  readonly version: string;
  readonly description: string;
  readonly isApiKey: ApiKeyCheck;
  /** Where changes and refusals are written down. */
  readonly audit?: AuditTrail;
  /** Octets of a request body; default 1 MiB. */
  readonly maxBodyBytes?: number;
  /** Told of errors that nobody foresaw, with the reference the caller was shown. */
  readonly report: (error: unknown, reference: string) => void;
  /** Turns errors of the rooms behind the API into refusals; undefined for those it does not know. */
  readonly explain?: (error: unknown) => Problem | undefined;
}

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
  app.use('/api/*', async (context, next) => {
    const [scheme, key = ''] = (context.req.header('authorization') ?? '').split(' ');
    if (scheme?.toLowerCase() !== 'bearer' || !options.isApiKey(key)) {
      const detail = 'Send the key from the api-key file of the data folder: `Authorization: Bearer KEY`';
      return problemResponse(new Problem(401, 'not-authenticated', detail));
    }
    return next();
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
