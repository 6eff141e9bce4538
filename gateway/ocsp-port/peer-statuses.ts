import { Fault } from '../fault/index.ts';
import { certificatesWithoutStatus, type PeerQuestion } from '../trust/index.ts';
import { fetchStatuses, type StatusQuestion } from './fetch.ts';

/** What a peer showed in its handshake, and where it was reached. */
export type ShownEvidence = Omit<PeerQuestion, 'at' | 'anchorBy' | 'ocspResponses'> & {
  /** Address that was connected to. */
  readonly host: string;
  /** DER; none from peers that do not staple. */
  readonly stapled: readonly Buffer[];
};

export interface PeerStatusOptions {
  /** Of the OCSP ports of the instance. */
  readonly port: number;
  readonly now: () => Date;
  /** Default: over HTTP. */
  readonly fetch?: (question: StatusQuestion) => Promise<readonly Buffer[]>;
}

/** Responses kept at once: one per peer is usual. */
const maxKept = 4096;

/**
 * Completes what peers staple with what their OCSP ports tell. A response that verified is kept, and used as long
 * as it does.
 */
export class PeerStatuses {
  readonly #options: PeerStatusOptions;
  readonly #fetch: (question: StatusQuestion) => Promise<readonly Buffer[]>;
  /** By SHA-256 of the certificate; the one used longest ago first. */
  readonly #kept = new Map<string, Buffer>();
  readonly #underWay = new Map<string, Promise<readonly Buffer[]>>();

  constructor(options: PeerStatusOptions) {
    this.#options = options;
    this.#fetch = options.fetch ?? fetchStatuses;
  }

  /**
   * @returns every status at hand of the peer's certificates, for its verification
   * @throws Fault SslAuthenticationFailed, with the reason nested: when no status could help, and then nothing is
   *   asked; or when the port gives none
   */
  async complete(evidence: ShownEvidence): Promise<readonly Buffer[]> {
    const { chain, stapled, host } = evidence;
    const kept = chain.flatMap(({ sha256 }) => this.#kept.get(sha256.toString('hex')) ?? []);
    const known = [...stapled, ...kept];
    const lacking = this.#lacking(evidence, known);
    if (lacking.length === 0) return known;

    const names = lacking.map(({ sha256 }) => sha256.toString('hex'));
    const key = `${host}|${names.join('|')}`;
    const asked =
      this.#underWay.get(key) ??
      this.#fetch({ host, port: this.#options.port, certificates: lacking }).finally(() =>
        this.#underWay.delete(key),
      );
    this.#underWay.set(key, asked);
    const fetched = await asked.catch((error: unknown) => {
      throw error instanceof Fault ? error.wrappedIn('SslAuthenticationFailed') : error;
    });
    const stillLacking = new Set(
      this.#lacking(evidence, fetched).map(({ sha256 }) => sha256.toString('hex')),
    );
    for (const [index, name] of names.entries()) {
      const response = fetched[index];
      if (response !== undefined && !stillLacking.has(name)) this.#keep(name, response);
    }
    return [...fetched, ...known];
  }

  #lacking({ chain, party, configuration }: ShownEvidence, ocspResponses: readonly Buffer[]) {
    const at = this.#options.now();
    return certificatesWithoutStatus({ chain, ocspResponses, party, configuration, at, anchorBy: 'leaf' });
  }

  #keep(name: string, response: Buffer): void {
    this.#kept.delete(name);
    this.#kept.set(name, response);
    const oldest = this.#kept.keys().next();
    if (this.#kept.size > maxKept && oldest.done !== true) this.#kept.delete(oldest.value);
  }
}
