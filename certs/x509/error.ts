export type CertificateErrorCode =
  | 'malformed'
  | 'expired'
  | 'not-yet-valid'
  | 'signature'
  | 'no-path'
  | 'not-a-ca'
  | 'path-length'
  | 'usage'
  | 'weak'
  | 'critical-extension';

/** A certificate, request or path that may not be relied on; `code` says in which way. */
export class CertificateError extends Error {
  override readonly name = 'CertificateError';
  readonly code: CertificateErrorCode;

  constructor(code: CertificateErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
