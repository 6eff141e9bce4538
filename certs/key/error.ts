export type KeyErrorCode = 'unsupported' | 'weak' | 'mismatch';

/** A key that may not be used. */
export class KeyError extends Error {
  override readonly name = 'KeyError';
  readonly code: KeyErrorCode;

  constructor(code: KeyErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
