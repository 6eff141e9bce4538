export type OcspErrorCode =
  | 'malformed'
  | 'not-successful'
  | 'wrong-certificate'
  | 'signature'
  | 'unauthorised'
  | 'stale'
  | 'future'
  | 'next-update'
  | 'revoked'
  | 'unknown';

/** A status response that does not show its certificate to be good now; `code` says why. */
export class OcspError extends Error {
  override readonly name = 'OcspError';
  readonly code: OcspErrorCode;

  constructor(code: OcspErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
