export type EvidenceErrorCode = 'facts-malformed' | 'bundle-malformed';

/** What is wrong with evidence that cannot even be judged, in a code and in words. */
export class EvidenceError extends Error {
  readonly code: EvidenceErrorCode;

  constructor(code: EvidenceErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'EvidenceError';
    this.code = code;
  }
}
