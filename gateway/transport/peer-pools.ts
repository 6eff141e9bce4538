import type { GlobalConfiguration } from '../configuration/index.ts';
import { Fault } from '../fault/index.ts';
import { type ClientId, identifierKey } from '../identifier/index.ts';
import {
  type AuthenticationIdentity,
  type PeerAddress,
  type PeerConnection,
  PeerPool,
  type PeerPoolOptions,
} from './peer-pool.ts';

/** Keeps verified ways to peers open between exchanges, one pool per address and provider. */
export class PeerPools {
  readonly #options: PeerPoolOptions;
  readonly #pools = new Map<string, { leaf: string; pool: PeerPool }>();

  constructor(options: PeerPoolOptions) {
    this.#options = options;
  }

  /**
   * Connects to one of a provider's servers: the first of `candidates` that answers and proves to be one.
   * @throws Fault of the last candidate tried
   */
  async connect(
    candidates: readonly PeerAddress[],
    provider: ClientId,
    identity: AuthenticationIdentity,
    configuration: GlobalConfiguration,
  ): Promise<PeerConnection> {
    let last: unknown;
    for (const address of candidates) {
      const pool = this.#poolFor(address, provider, identity, configuration);
      try {
        await pool.prepare(configuration);
        return pool;
      } catch (error) {
        last = error;
      }
    }
    throw last ?? new Fault('UnknownMember', 'No security server address is known for the provider');
  }

  async close(): Promise<void> {
    const pools = [...this.#pools.values()];
    this.#pools.clear();
    await Promise.all(pools.map(({ pool }) => pool.close()));
  }

  #poolFor(
    address: PeerAddress,
    provider: ClientId,
    identity: AuthenticationIdentity,
    configuration: GlobalConfiguration,
  ): PeerPool {
    const key = `${address.host}|${address.port}|${identifierKey(provider)}`;
    const leaf = identity.chain[0]?.sha256.toString('hex') ?? '';
    const existing = this.#pools.get(key);
    if (existing !== undefined && existing.leaf === leaf) return existing.pool;
    const pool = new PeerPool(address, provider, identity, configuration, this.#options);
    this.#pools.set(key, { leaf, pool });
    // Our own certificate was renewed: exchanges under way finish on the old connections, new ones use the new.
    existing?.pool.close().catch(() => undefined);
    return pool;
  }
}
