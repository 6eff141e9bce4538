/** Why a provider could not be asked: the code of a refusal, or one of ours for an answer that is none. */
export class CatalogueError extends Error {
  override readonly name = 'CatalogueError';
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
