/**
 * `not-found`: the entry, or one it refers to, is not registered. `exists`: it is registered already. `in-use`:
 * other entries refer to it. `invalid`: a value that cannot be registered.
 */
export type RegisterErrorCode = 'not-found' | 'exists' | 'in-use' | 'invalid';

/** A change the register refuses; nothing of it was done. */
export class RegisterError extends Error {
  override readonly name = 'RegisterError';
  readonly code: RegisterErrorCode;

  constructor(code: RegisterErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
