/** `expired`: of an authority whose certificate did not count at the instant of the stamp. */
export type TimestampErrorCode = 'malformed' | 'refused' | 'imprint' | 'signer' | 'signature' | 'expired';

/** A timestamp that does not show when its data existed; `code` says why. */
export class TimestampError extends Error {
  override readonly name = 'TimestampError';
  readonly code: TimestampErrorCode;

  constructor(code: TimestampErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
