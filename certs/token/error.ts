export type TokenErrorCode =
  | 'pin-incorrect'
  | 'pin-locked'
  /** The device takes one more PIN, and locks itself when that is wrong: none was sent. */
  | 'pin-last-try'
  | 'pin-policy'
  | 'not-active'
  /** A device that is signed in looks at no PIN. */
  | 'already-active'
  | 'not-initialized'
  | 'key-not-found'
  | 'damaged'
  /** A device went away, crashed or does not answer. */
  | 'device-lost'
  | 'device-refused'
  | 'not-supported';

/** Something a token would not do; the PIN is never part of the message. */
export class TokenError extends Error {
  override readonly name = 'TokenError';
  readonly code: TokenErrorCode;
  /** When the next PIN will be looked at: `pin-incorrect` and `pin-locked`. */
  readonly retryAt?: Date;

  constructor(
    code: TokenErrorCode,
    message: string,
    options: ErrorOptions & { readonly retryAt?: Date } = {},
  ) {
    super(message, options);
    this.code = code;
    if (options.retryAt !== undefined) this.retryAt = options.retryAt;
  }
}
