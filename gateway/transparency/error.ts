export type TransparencyErrorCode =
  | 'checkpoint-malformed'
  | 'note-malformed'
  | 'note-unsigned'
  | 'key-malformed'
  /** What is published already is not the beginning of what shall be. */
  | 'fork';

/** What is wrong with a checkpoint, a note or a key, in a code and in words. */
export class TransparencyError extends Error {
  readonly code: TransparencyErrorCode;

  constructor(code: TransparencyErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'TransparencyError';
    this.code = code;
  }
}
