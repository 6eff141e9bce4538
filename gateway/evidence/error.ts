export type EvidenceErrorCode =
  | 'facts-malformed'
  | 'bundle-malformed'
  | 'bundle-version-unknown'
  | 'contents-malformed';

/** What is wrong with evidence that cannot even be judged, in a code and in words. */
export class EvidenceError extends Error {
  readonly code: EvidenceErrorCode;
  /** Which file or record of a bundle, e.g. `bundle.json` or `records/12`. */
  readonly place: string | undefined;

  constructor(
    code: EvidenceErrorCode,
    message: string,
    { place, ...options }: ErrorOptions & { readonly place?: string } = {},
  ) {
    super(message, options);
    this.name = 'EvidenceError';
    this.code = code;
    this.place = place;
  }
}
