/**
 * `unreachable`: nobody, or nobody trusted, answers there. `malformed`: an answer that is not one of RFC 8555.
 * `refused`: the authority says no. `account-required`: it knows us only with an account bound to one we hold with
 * it. `account-closed`: our account with it was deactivated or revoked. `rejected-name`: it gives no certificates for this address. `challenge-failed`: it could not convince itself
 * that the address is ours. `rate-limited`, `slow`: worth trying again later. `wrong-certificate`: what it issued is
 * not what was asked for. `not-set-up`: something is missing in our own settings.
 */
export type AcmeErrorCode =
  | 'unreachable'
  | 'malformed'
  | 'refused'
  | 'account-required'
  | 'account-closed'
  | 'rejected-name'
  | 'challenge-failed'
  | 'rate-limited'
  | 'slow'
  | 'wrong-certificate'
  | 'not-set-up';

interface AcmeErrorOptions extends ErrorOptions {
  /** What to do, for people. */
  readonly remedy?: string;
  /** Name of the authority's own error, without `urn:ietf:params:acme:error:`. */
  readonly problem?: string;
  /** HTTP status of the answer. */
  readonly status?: number;
  /** When it is worth asking again. */
  readonly retryAfterMs?: number;
}

/** A certificate could not be ordered, or something else not be asked of an ACME server. */
export class AcmeError extends Error {
  override readonly name = 'AcmeError';
  readonly code: AcmeErrorCode;
  readonly remedy: string | undefined;
  readonly problem: string | undefined;
  readonly status: number | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(code: AcmeErrorCode, message: string, options?: AcmeErrorOptions) {
    super(message, options);
    this.code = code;
    this.remedy = options?.remedy;
    this.problem = options?.problem;
    this.status = options?.status;
    this.retryAfterMs = options?.retryAfterMs;
  }

  /** Whether the same may succeed later without anybody's doing. */
  get isPassing(): boolean {
    return ['unreachable', 'rate-limited', 'slow'].includes(this.code) || (this.status ?? 0) >= 500;
  }
}

/** What came from outside, fit for one line of a log: without control characters, cut short. */
export function printable(text: string, maxLength = 300): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').slice(0, maxLength);
}

export function messageOf(error: unknown): string {
  return printable(error instanceof Error ? error.message : String(error));
}
