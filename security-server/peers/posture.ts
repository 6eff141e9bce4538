import type { SecureContextOptions } from 'node:tls';
import { type Posture, peerTlsOptions } from '../../gateway/transport/index.ts';

/** How other security servers are spoken to. What is left out, the posture decides. */
export interface PeerSettings {
  /** Default `modern`. */
  readonly posture?: Posture;
  /**
   * In posture `xroad7`: TLS 1.2 with its three suites and no stapling, so that a peer sees no more than a Java
   * server would show it. Default: TLS 1.3 too.
   */
  readonly onlyTls12?: boolean;
  /** Whether a connection serves more than one exchange; default: in posture `modern`. */
  readonly pooled?: boolean;
  /** Where statuses are told to peers, in posture `xroad7`; 0 takes any free port. Default 5577. */
  readonly ocspPort?: number;
  /** Where statuses are asked of peers, in posture `xroad7`; one port for the whole instance. Default 5577. */
  readonly instanceOcspPort?: number;
  /** Least release of a calling server, such as 7.6.0; default: that in posture `xroad7`, none in `modern`. */
  readonly minimumVersion?: string;
}

/** What the settings come to. */
export interface PeerPosture {
  readonly tls: SecureContextOptions;
  /** Whether peers that ask for it are shown our status in the handshake. */
  readonly staples: boolean;
  readonly pooled: boolean;
  /** Absent: there is no OCSP port, neither here nor at peers. */
  readonly ocsp?: { readonly port: number; readonly instancePort: number };
  readonly minimumVersion?: string;
}

const usualOcspPort = 5577;

/** @throws Error when the settings contradict each other */
export function postureOf(settings: PeerSettings): PeerPosture {
  const { posture = 'modern', onlyTls12 = false } = settings;
  const isJavaLike = posture === 'xroad7';
  if (onlyTls12 && !isJavaLike) {
    throw new Error('TLS 1.2 alone needs posture xroad7: posture modern speaks TLS 1.3');
  }
  const { ocspPort = usualOcspPort, instanceOcspPort = usualOcspPort } = settings;
  const minimumVersion = settings.minimumVersion ?? (isJavaLike ? '7.6.0' : undefined);
  return {
    tls: peerTlsOptions(posture, onlyTls12),
    staples: !onlyTls12,
    pooled: settings.pooled ?? !isJavaLike,
    ...(isJavaLike && { ocsp: { port: ocspPort, instancePort: instanceOcspPort } }),
    ...(minimumVersion !== undefined && { minimumVersion }),
  };
}
