/** Others that a server asks by itself, again and again. */
export type AskedKind = 'configuration' | 'ocsp' | 'timestamp';

/** One question to another, and what came of it. Instants are milliseconds since 1970, by this server's clock. */
export interface Asked {
  readonly kind: AskedKind;
  readonly url: string;
  /** Of which certificate a status was asked: SHA-256 hex. */
  readonly certificate?: string;
  readonly askedAt: number;
  readonly answeredAt: number;
  /** What its HTTP `Date` said, unless a cache may have kept the answer. */
  readonly date?: number;
  /** When a timestamp, or a status, says that it was made. */
  readonly madeAt?: number;
  /** Absent: it answered as it should. */
  readonly error?: unknown;
}

/** What a question is reported with, so that its room need not know who listens. */
export type NoteAsked = (asked: Asked) => void;

/** An answer with another status than was expected. */
export class HttpStatusError extends Error {
  override readonly name = 'HttpStatusError';
  readonly status: number;

  constructor(status: number) {
    super(`HTTP status ${status}`);
    this.status = status;
  }
}

/** @param headers of an answer, as undici gives them */
export function dateOf(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): Pick<Asked, 'date'> {
  const { date, age } = headers;
  if (typeof date !== 'string' || age !== undefined) return {};
  const at = Date.parse(date);
  return Number.isNaN(at) ? {} : { date: at };
}
