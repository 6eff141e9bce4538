import type { SecureContext, TLSSocket } from 'node:tls';
import { type Dispatcher, Pool } from 'undici';
import type { Certificate } from '../../certs/x509/index.ts';
import type { GlobalConfiguration } from '../configuration/index.ts';
import { Fault } from '../fault/index.ts';
import type { ClientId } from '../identifier/index.ts';
import { type Handshake, type PeerAddress, shakeHands, type TlsSession } from './peer-handshake.ts';
import { sessionSeconds } from './tls-profile.ts';

/** What a server shows to its peers in the handshake. */
export interface AuthenticationIdentity {
  readonly context: SecureContext;
  /** As sent in the handshake: leaf first, without the trusted root. */
  readonly chain: readonly Certificate[];
  /** DER OCSP responses, one per certificate of `chain`, in its order. */
  readonly ocspResponses: readonly Buffer[];
}

/** Of whom a server must be, and by which configuration. */
interface Claim {
  readonly chain: readonly Certificate[];
  readonly provider: ClientId;
  readonly configuration: GlobalConfiguration;
}

/** Decides whether the certificates a server presented make it a server of `provider`. Throws a Fault if not. */
export type PeerVerifier = (evidence: Claim & { readonly ocspResponses: readonly Buffer[] }) => {
  readonly validUntil: Date;
};

/**
 * Finds the statuses of a server's certificates where it did not staple them.
 * @returns DER, what was stapled among them
 */
export type StatusCompleter = (
  shown: Claim & { readonly stapled: readonly Buffer[]; readonly host: string },
) => Promise<readonly Buffer[]>;

export interface PeerPoolOptions {
  readonly verify: PeerVerifier;
  readonly now: () => Date;
  /** Default: a server staples its status, or is refused. With it, sessions are taken up again too. */
  readonly completeStatuses?: StatusCompleter;
  /** One exchange per connection, as Java servers have it unless told; default false. */
  readonly oneShot?: boolean;
  /** Told of each verified server that stapled its status in the handshake, as those of other makes do not. */
  readonly onStapled?: (address: PeerAddress) => void;
  /** Told when the peer broke an exchange off, or did not answer it. */
  readonly onUnanswered?: () => void;
  /** Per address and provider; default 128. */
  readonly connections?: number;
  /** Default 20,000. */
  readonly connectTimeoutMs?: number;
  /** How long to wait for an answer to begin, and between its bytes; default 300,000. */
  readonly answerTimeoutMs?: number;
}

/** A way to one security server as a server of one provider: every connection in it was verified. */
export interface PeerConnection {
  readonly address: PeerAddress;
  request(headers: string[], body: AsyncIterable<Buffer>): Promise<Dispatcher.ResponseData>;
}

/** How long a verified connection waits for its first exchange. */
const maxIdleMs = 30_000;

interface VerifiedSocket {
  readonly socket: TLSSocket;
  readonly chain: readonly Certificate[];
  readonly ocspResponses: readonly Buffer[];
}

export class PeerPool implements PeerConnection {
  readonly address: PeerAddress;
  readonly #provider: ClientId;
  readonly #identity: AuthenticationIdentity;
  readonly #options: PeerPoolOptions;
  readonly #pool: Pool;
  readonly #maxConnections: number;
  readonly #live = new Set<VerifiedSocket>();
  readonly #ready: VerifiedSocket[] = [];
  #session: TlsSession | undefined;
  #opening: Promise<void> | undefined;
  #configuration: GlobalConfiguration;
  #isClosed = false;
  /** Milliseconds since the epoch until which every verdict of `#live` holds. */
  #checkedUntil = Number.POSITIVE_INFINITY;

  constructor(
    address: PeerAddress,
    provider: ClientId,
    identity: AuthenticationIdentity,
    configuration: GlobalConfiguration,
    options: PeerPoolOptions,
  ) {
    this.address = address;
    this.#provider = provider;
    this.#identity = identity;
    this.#configuration = configuration;
    this.#options = options;
    this.#maxConnections = options.connections ?? 128;
    this.#pool = new Pool(`https://${hostInUrl(address.host)}:${address.port}`, {
      connections: this.#maxConnections,
      pipelining: 1,
      keepAliveTimeout: 60_000,
      headersTimeout: options.answerTimeoutMs ?? 300_000,
      bodyTimeout: options.answerTimeoutMs ?? 300_000,
      connect: (_target, callback) => {
        const waiting = this.#takeReady();
        if (waiting !== undefined) {
          // Answered within this very call, the client would not notice and never send.
          process.nextTick(callback, null, waiting.socket);
          return;
        }
        this.#open().then(
          ({ socket }) => callback(null, socket),
          (error) => callback(error, null),
        );
      },
    });
  }

  /**
   * Makes sure that every connection of this pool is verified under `configuration` at this instant, and
   * that there is at least one.
   * @throws Fault NetworkError, UnknownHost or SslAuthenticationFailed
   */
  async prepare(configuration: GlobalConfiguration): Promise<void> {
    if (configuration.id !== this.#configuration.id || this.#options.now().getTime() > this.#checkedUntil) {
      this.#configuration = configuration;
      this.#recheck();
    }
    if (this.#options.oneShot === true) {
      this.#keepReady(await this.#open());
      return;
    }
    // When every connection is busy another is needed, and shows that the peer is still there.
    if (this.#ready.length > 0 || this.#pool.stats.free > 0 || this.#live.size >= this.#maxConnections)
      return;
    // Callers that arrive together wait for one handshake, not for one each.
    this.#opening ??= this.#open()
      .then((entry) => this.#keepReady(entry))
      .finally(() => {
        this.#opening = undefined;
      });
    await this.#opening;
  }

  request(headers: string[], body: AsyncIterable<Buffer>): Promise<Dispatcher.ResponseData> {
    const reset = this.#options.oneShot === true;
    const answer = this.#pool.request({ method: 'POST', path: '/', headers, body: body as never, reset });
    return answer.catch((error: NodeJS.ErrnoException) => {
      // Other failures are of the body that was to be sent.
      if (error.code === 'UND_ERR_HEADERS_TIMEOUT' || error.code === 'UND_ERR_SOCKET') {
        this.#options.onUnanswered?.();
      }
      throw error;
    });
  }

  /** Lets exchanges under way finish. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#pool.close();
    for (const { socket } of this.#live) socket.destroy();
  }

  /** A connection whose verdict no longer holds is closed: its certificate may have been revoked or removed. */
  #recheck(): void {
    this.#checkedUntil = Number.POSITIVE_INFINITY;
    for (const entry of this.#live) {
      try {
        this.#verify(entry.chain, entry.ocspResponses);
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        this.#live.delete(entry);
        entry.socket.destroy();
      }
    }
  }

  #verify(chain: readonly Certificate[], ocspResponses: readonly Buffer[]): void {
    const evidence = { chain, ocspResponses, provider: this.#provider, configuration: this.#configuration };
    const { validUntil } = this.#options.verify(evidence);
    this.#checkedUntil = Math.min(this.#checkedUntil, validUntil.getTime());
  }

  async #open(): Promise<VerifiedSocket> {
    const shown = await this.#shakeHands();
    const { socket, chain } = shown;
    try {
      const ocspResponses = await this.#statusesOf(shown);
      this.#verify(chain, ocspResponses);
      if (this.#isClosed || socket.destroyed) {
        const { host, port } = this.address;
        throw new Fault('NetworkError', `The security server at ${host}:${port} closed the connection`);
      }
      if (shown.stapled.length > 0) this.#options.onStapled?.(this.address);
      const entry = { socket, chain, ocspResponses };
      this.#live.add(entry);
      socket.once('close', () => this.#live.delete(entry));
      return entry;
    } catch (error) {
      this.#session = undefined;
      socket.destroy();
      throw error;
    }
  }

  async #statusesOf({ chain, stapled, host }: Handshake): Promise<readonly Buffer[]> {
    const { completeStatuses } = this.#options;
    if (completeStatuses === undefined) return stapled;
    const claim = { chain, provider: this.#provider, configuration: this.#configuration };
    return completeStatuses({ ...claim, stapled, host });
  }

  async #shakeHands(): Promise<Handshake> {
    const timeoutMs = this.#options.connectTimeoutMs ?? 20_000;
    const session = this.#usableSession();
    const shown = await shakeHands(this.address, this.#identity.context, timeoutMs, session).catch(
      (error) => {
        // It may be the session that the peer cannot take.
        this.#session = undefined;
        throw error;
      },
    );
    if (this.#options.completeStatuses !== undefined) this.#rememberSession(shown);
    return shown;
  }

  #usableSession(): TlsSession | undefined {
    const session = this.#session;
    if (session === undefined) return undefined;
    const now = this.#options.now().getTime();
    return now <= Math.min(session.until, this.#checkedUntil) ? session : undefined;
  }

  #rememberSession({ socket, chain, stapled }: Handshake): void {
    const until = this.#options.now().getTime() + sessionSeconds * 1000;
    // A session that is taken up again lasts no longer for it: its certificates were seen when it began.
    const limit = socket.isSessionReused() ? Math.min(until, this.#session?.until ?? 0) : until;
    const remember = (ticket: Buffer) => {
      this.#session = { ticket, shown: { chain, stapled }, until: limit };
    };
    const ticket = socket.getProtocol() === 'TLSv1.3' ? undefined : socket.getSession();
    if (ticket !== undefined) remember(ticket);
    socket.on('session', remember);
  }

  /** A connection that nobody came for is given back: its exchange ended before it began. */
  #keepReady(entry: VerifiedSocket): void {
    this.#ready.push(entry);
    const timer = setTimeout(() => {
      const index = this.#ready.indexOf(entry);
      if (index < 0) return;
      this.#ready.splice(index, 1);
      entry.socket.destroy();
    }, maxIdleMs);
    timer.unref();
    entry.socket.once('close', () => clearTimeout(timer));
  }

  #takeReady(): VerifiedSocket | undefined {
    for (;;) {
      const entry = this.#ready.pop();
      if (entry === undefined || !entry.socket.destroyed) return entry;
    }
  }
}

/** IPv6 addresses stand in brackets in a URL. */
function hostInUrl(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
