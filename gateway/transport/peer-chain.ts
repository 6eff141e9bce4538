import type { DetailedPeerCertificate, TLSSocket } from 'node:tls';
import { type Certificate, parseCertificate } from '../../certs/x509/index.ts';

/** Certificates of one chain that are looked at: far more than authorities put between. */
const maxChain = 8;

/**
 * The certificates a peer presented in this very handshake, leaf first, without a self-signed root.
 * @returns an empty list when it presented none
 */
export function peerChain(socket: TLSSocket): Certificate[] {
  const chain: Certificate[] = [];
  const seen = new Set<string>();
  let entry: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
  while (entry?.raw !== undefined && !seen.has(entry.fingerprint256) && chain.length < maxChain) {
    seen.add(entry.fingerprint256);
    const certificate = parseCertificate(entry.raw);
    const isSelfSigned = certificate.subject.der.equals(certificate.issuer.der);
    if (chain.length === 0 || !isSelfSigned) chain.push(certificate);
    entry = entry.issuerCertificate;
  }
  return chain;
}

/**
 * Remembers the chains of whole handshakes, for a session that is taken up again carries the leaf alone. What
 * is remembered proves nothing by itself: whoever asks verifies the chain as if it had just come.
 */
export class ChainMemory {
  readonly #chains = new Map<string, readonly Certificate[]>();
  readonly #max: number;

  /** @param max peers remembered at once; the one seen longest ago goes first */
  constructor(max = 1024) {
    this.#max = max;
  }

  /** The chain of a server's peer: as presented now, or as it was when the session began. */
  chainOf(socket: TLSSocket): readonly Certificate[] {
    const presented = peerChain(socket);
    const key = presented[0]?.sha256.toString('hex');
    if (key === undefined) return presented;
    const chain = socket.isSessionReused() ? (this.#chains.get(key) ?? presented) : presented;
    // Only chains that hold more than the leaf are worth their place.
    if (chain.length > 1) {
      this.#chains.delete(key);
      this.#chains.set(key, chain);
      const oldest = this.#chains.keys().next();
      if (this.#chains.size > this.#max && oldest.done !== true) this.#chains.delete(oldest.value);
    }
    return chain;
  }
}
