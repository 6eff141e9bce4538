import type { GlobalConfiguration } from '../configuration/index.ts';
import { Fault } from '../fault/index.ts';
import { type ClientId, identifierKey } from '../identifier/index.ts';
import type { PeerAddress } from './peer-handshake.ts';
import { PeerHealth } from './peer-health.ts';
import {
  type AuthenticationIdentity,
  type PeerConnection,
  PeerPool,
  type PeerPoolOptions,
} from './peer-pool.ts';
import { RaceError, race } from './race.ts';

export interface PeerPoolsOptions extends Omit<PeerPoolOptions, 'onUnanswered'> {
  /** How long one server may take before the next is tried beside it; default 300. */
  readonly staggerMs?: number;
  /** Told how looking for a way to a provider went: without `error` one of its servers was reached and verified. */
  readonly onConnected?: (provider: ClientId, error?: unknown) => void;
}

/** Keeps verified ways to peers open between exchanges, one pool per address and provider. */
export class PeerPools {
  readonly #options: PeerPoolsOptions;
  readonly #health: PeerHealth;
  readonly #pools = new Map<string, { leaf: string; pool: PeerPool }>();

  constructor(options: PeerPoolsOptions) {
    this.#options = options;
    this.#health = new PeerHealth(() => options.now().getTime());
  }

  /**
   * Connects to one of a provider's servers: the first that answers and proves to be one. One that is down or
   * silent costs an instant, and is tried last for a while; the one that was reached is tried first.
   * @throws Fault NetworkError, UnknownHost or SslAuthenticationFailed when every candidate failed
   */
  async connect(
    candidates: readonly PeerAddress[],
    provider: ClientId,
    identity: AuthenticationIdentity,
    configuration: GlobalConfiguration,
  ): Promise<PeerConnection> {
    const attempt = async (address: PeerAddress) => {
      const pool = this.#poolFor(address, provider, identity, configuration);
      try {
        await pool.prepare(configuration);
        this.#health.answered(address);
        return pool;
      } catch (error) {
        if (isUnreachable(error)) this.#health.failed(address);
        throw error;
      }
    };
    const ordered = this.#health.order(candidates);
    try {
      const pool = await race(ordered, attempt, this.#options.staggerMs ?? 300);
      this.#health.remember(candidates, pool.address);
      this.#options.onConnected?.(provider);
      return pool;
    } catch (error) {
      if (!(error instanceof RaceError)) throw error;
      // That a server is not whom it should be says more than that another is down.
      const telling = error.errors.find((one) => !isUnreachable(one)) ?? error.errors[0];
      const fault =
        telling ?? new Fault('UnknownMember', 'No security server address is known for the provider');
      this.#options.onConnected?.(provider, fault);
      throw fault;
    }
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
    const pool = new PeerPool(address, provider, identity, configuration, {
      ...this.#options,
      onUnanswered: () => this.#health.failed(address),
    });
    this.#pools.set(key, { leaf, pool });
    // Our own certificate was renewed: exchanges under way finish on the old connections, new ones use the new.
    existing?.pool.close().catch(() => undefined);
    return pool;
  }
}

/** Whether a failure is of the address: whoever is there, it could not be spoken to. */
function isUnreachable(error: unknown): boolean {
  if (!(error instanceof Fault) || error.within.length > 0) return false;
  return error.code === 'NetworkError' || error.code === 'UnknownHost';
}
