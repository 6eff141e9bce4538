/** Errors of ACME that this server tells. @see RFC 8555 §6.7 */
export type AcmeProblemType =
  | 'accountDoesNotExist'
  | 'alreadyRevoked'
  | 'badCSR'
  | 'badNonce'
  | 'badSignatureAlgorithm'
  | 'connection'
  | 'externalAccountRequired'
  | 'malformed'
  | 'orderNotReady'
  | 'rateLimited'
  | 'rejectedIdentifier'
  | 'unauthorized'
  | 'unsupportedIdentifier';

/** A request that is refused; its message goes to the client. */
export class AcmeProblem extends Error {
  override readonly name = 'AcmeProblem';
  readonly type: AcmeProblemType;
  /** HTTP status. */
  readonly status: number;

  constructor(type: AcmeProblemType, message: string, status = 400) {
    super(message);
    this.type = type;
    this.status = status;
  }

  get document(): { readonly type: string; readonly detail: string; readonly status: number } {
    return { type: `urn:ietf:params:acme:error:${this.type}`, detail: this.message, status: this.status };
  }
}
