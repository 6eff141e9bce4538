/** How a connection failed, as far as that can be told from its error. */
export type FailureKind = 'unknown-host' | 'refused' | 'timeout' | 'tls' | 'other';

const kinds: Readonly<Record<string, FailureKind>> = {
  ENOTFOUND: 'unknown-host',
  EAI_AGAIN: 'unknown-host',
  ECONNREFUSED: 'refused',
  ECONNRESET: 'refused',
  EPIPE: 'refused',
  UND_ERR_SOCKET: 'refused',
  EHOSTUNREACH: 'refused',
  ENETUNREACH: 'refused',
  ETIMEDOUT: 'timeout',
  UND_ERR_CONNECT_TIMEOUT: 'timeout',
  UND_ERR_HEADERS_TIMEOUT: 'timeout',
  UND_ERR_BODY_TIMEOUT: 'timeout',
  EPROTO: 'tls',
  HOSTNAME_MISMATCH: 'tls',
  CERT_HAS_EXPIRED: 'tls',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'tls',
  SELF_SIGNED_CERT_IN_CHAIN: 'tls',
};
const tlsCode = /^(?:ERR_SSL_|ERR_TLS_|CERT_|UNABLE_TO_)/;

/** Looks at an error and what caused it: the first that says how. */
export function failureKind(error: unknown): FailureKind {
  for (let one = error, depth = 0; one instanceof Error && depth < 5; one = one.cause, depth += 1) {
    if (one.name === 'TimeoutError') return 'timeout';
    const { code } = one as { readonly code?: unknown };
    if (typeof code !== 'string') continue;
    const kind = kinds[code] ?? (tlsCode.test(code) ? 'tls' : undefined);
    if (kind !== undefined) return kind;
  }
  return 'other';
}
