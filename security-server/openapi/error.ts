/** Why an OpenAPI description is not taken: each with a cause and a remedy in its message. */
export type OpenApiErrorCode =
  /** It could not be had. */
  | 'unreachable'
  /** Its address is none that is read. */
  | 'forbidden-location'
  | 'too-large'
  /** Reading it took too much time or memory. */
  | 'too-slow'
  /** As many are read as may be at a time. */
  | 'busy'
  /** Neither JSON nor YAML, or not in UTF-8. */
  | 'malformed'
  /** JSON or YAML, but not OpenAPI. */
  | 'not-openapi'
  | 'unsupported-version'
  /** OpenAPI that does not say what it must. */
  | 'invalid';

/** The message names the place in the document, as a JSON pointer, where there is one. */
export class OpenApiError extends Error {
  override readonly name = 'OpenApiError';
  readonly code: OpenApiErrorCode;

  constructor(code: OpenApiErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
