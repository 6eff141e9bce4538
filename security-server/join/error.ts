/**
 * `refused`: the registry or the authority says no for good. `failed`: something did not work, and may when joining
 * goes on. `wrong-use`: what was asked for does not fit what is there.
 */
export type JoinErrorCode = 'refused' | 'failed' | 'wrong-use';

/** A step that could not be done. */
export class JoinError extends Error {
  override readonly name = 'JoinError';
  readonly code: JoinErrorCode;
  /** What to do, for people. */
  readonly remedy: string | undefined;

  constructor(
    code: JoinErrorCode,
    message: string,
    options?: ErrorOptions & { readonly remedy?: string | undefined },
  ) {
    super(message, options);
    this.code = code;
    this.remedy = options?.remedy;
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
