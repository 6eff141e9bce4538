import { constants } from 'node:crypto';
import type { SecureContextOptions } from 'node:tls';

/** `modern`: TLS 1.3 and stapled statuses. `xroad7`: TLS 1.2 and the OCSP port too, as Java servers have them. */
export type Posture = 'modern' | 'xroad7';

/** The suites Java servers offer, in their order; all of them need both sides' certificates and forward secrecy. */
const javaSuites = ['ECDHE-RSA-AES256-SHA384', 'DHE-RSA-AES256-SHA256', 'ECDHE-ECDSA-AES256-SHA384'] as const;

/** Named, for a list that names none of them would switch TLS 1.3 off. */
const tls13Suites = [
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_AES_128_GCM_SHA256',
] as const;

/** How long a session of TLS 1.2 may be taken up again, in seconds: as Java servers have it. */
export const sessionSeconds = 600;

/**
 * Options of the TLS context towards other security servers, for either role.
 * @param onlyTls12 offers and accepts nothing but what a Java server would; for `xroad7` alone
 * @see X-Road 7 message transport, TLS
 */
export function peerTlsOptions(posture: Posture, onlyTls12 = false): SecureContextOptions {
  if (posture === 'modern') return { minVersion: 'TLSv1.3' };
  return {
    minVersion: 'TLSv1.2',
    maxVersion: onlyTls12 ? 'TLSv1.2' : 'TLSv1.3',
    ciphers: [...(onlyTls12 ? [] : tls13Suites), ...javaSuites].join(':'),
    honorCipherOrder: true,
    // Parameters as strong as the certificate's key; without any, no server role has the DHE suite.
    dhparam: 'auto',
    // A second handshake could change who the peer is after it was verified.
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
    sessionTimeout: sessionSeconds,
  };
}
