/** A refusal of an administration API. @see RFC 9457 */
export class Problem extends Error {
  override readonly name = 'Problem';
  /** HTTP status. */
  readonly status: ProblemStatus;
  /** Stable name for programs, kebab-case. */
  readonly code: string;
  /** What was found, field by field, when the request did not fit its schema. */
  readonly errors: readonly ProblemField[] | undefined;
  /** When it is worth asking again. */
  readonly retryAfterSeconds: number | undefined;
  /** What must be confirmed before it goes through. */
  readonly warnings: readonly ProblemWarning[] | undefined;

  /** @param detail for people: what was expected, what came, who can fix it */
  constructor(
    status: ProblemStatus,
    code: string,
    detail: string,
    options?: ErrorOptions & {
      readonly errors?: readonly ProblemField[];
      readonly retryAfterSeconds?: number;
      readonly warnings?: readonly ProblemWarning[];
    },
  ) {
    super(detail, options);
    this.status = status;
    this.code = code;
    this.errors = options?.errors;
    this.retryAfterSeconds = options?.retryAfterSeconds;
    this.warnings = options?.warnings;
  }
}

export type ProblemStatus = 400 | 401 | 403 | 404 | 405 | 409 | 412 | 413 | 421 | 422 | 428 | 429 | 500 | 503;

/** Harm that a request would do, which its sender may not have meant. */
export interface ProblemWarning {
  /** Stable name, by which it is confirmed. */
  readonly code: string;
  /** A sentence for people. */
  readonly text: string;
}

export interface ProblemField {
  /** JSON pointer into the request. */
  readonly pointer: string;
  readonly detail: string;
}

const titles: Readonly<Record<ProblemStatus, string>> = {
  400: 'The request cannot be read',
  401: 'The request is not authenticated',
  403: 'The request is not allowed',
  404: 'There is no such thing',
  405: 'The method is not allowed here',
  409: 'The request does not fit the present state',
  412: 'It was changed meanwhile',
  413: 'The request is too large',
  421: 'The request is for another host',
  422: 'The request has fields that do not fit',
  428: 'A precondition is expected',
  429: 'Too many requests',
  500: 'An unexpected error',
  503: 'Not possible at this time',
};

/** @param reference under which the log knows more; set for unexpected errors */
export function problemResponse(problem: Problem, reference?: string): Response {
  const { status, code, message, errors, retryAfterSeconds, warnings } = problem;
  const document = {
    type: 'about:blank',
    title: titles[status],
    status,
    code,
    detail: message,
    ...(errors !== undefined && { errors }),
    ...(warnings !== undefined && { warnings }),
    ...(reference !== undefined && { instance: `urn:uuid:${reference}` }),
  };
  return new Response(JSON.stringify(document), {
    status,
    headers: {
      'content-type': 'application/problem+json',
      ...(status === 401 && { 'www-authenticate': 'Bearer' }),
      ...(retryAfterSeconds !== undefined && { 'retry-after': String(Math.ceil(retryAfterSeconds)) }),
    },
  });
}
