/** Why a WSDL is not taken: each with a cause and a remedy in its message. */
export type WsdlErrorCode =
  /** The document, or one it imports, could not be had. */
  | 'unreachable'
  /** It names a place that it must not make this server read. */
  | 'forbidden-location'
  | 'too-large'
  | 'too-many-documents'
  /** Not well-formed XML, in no charset known here, or with a document type. */
  | 'malformed'
  /** XML, but not a WSDL 1.1. */
  | 'not-a-wsdl'
  | 'no-soap-binding'
  | 'unusable-style'
  | 'duplicate-operation'
  /** A service code or version that could not be called over X-Road. */
  | 'invalid-service'
  | 'invalid-address';

export class WsdlError extends Error {
  override readonly name = 'WsdlError';
  readonly code: WsdlErrorCode;

  constructor(code: WsdlErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
