interface RenewalErrorOptions extends ErrorOptions {
  /** What to do, for people. */
  readonly remedy?: string;
  /** Before which trying again is of no use. */
  readonly retryAt?: Date;
}

/** A step of a renewal that did not come off; the certificate that is to be replaced serves on. */
export class RenewalError extends Error {
  override readonly name = 'RenewalError';
  readonly code: string;
  readonly remedy: string | undefined;
  readonly retryAt: Date | undefined;

  constructor(code: string, message: string, options?: RenewalErrorOptions) {
    super(message, options);
    this.code = code;
    this.remedy = options?.remedy;
    this.retryAt = options?.retryAt;
  }
}
