import { type ConnectionOptions, connect as connectTls, type SecureContext, type TLSSocket } from 'node:tls';
import { type Dispatcher, Pool } from 'undici';
import type { Certificate } from '../../certs/x509/index.ts';
import type { GlobalConfiguration } from '../configuration/index.ts';
import { Fault } from '../fault/index.ts';
import type { ClientId } from '../identifier/index.ts';
import { peerChain } from './peer-chain.ts';

export interface PeerAddress {
  readonly host: string;
  readonly port: number;
}

/** What a server shows to its peers in the handshake. */
export interface AuthenticationIdentity {
  readonly context: SecureContext;
  /** As sent in the handshake: leaf first, without the trusted root. */
  readonly chain: readonly Certificate[];
  /** DER OCSP responses, one per certificate of `chain`, in its order. */
  readonly ocspResponses: readonly Buffer[];
}

/** Decides whether the certificates a server presented make it a server of `provider`. Throws a Fault if not. */
export type PeerVerifier = (evidence: {
  readonly chain: readonly Certificate[];
  readonly ocspResponses: readonly Buffer[];
  readonly provider: ClientId;
  readonly configuration: GlobalConfiguration;
}) => { readonly validUntil: Date };

export interface PeerPoolOptions {
  readonly verify: PeerVerifier;
  readonly now: () => Date;
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
  readonly #live = new Set<VerifiedSocket>();
  readonly #ready: VerifiedSocket[] = [];
  #opening: Promise<void> | undefined;
  #configuration: GlobalConfiguration;
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
    this.#pool = new Pool(`https://${hostInUrl(address.host)}:${address.port}`, {
      connections: options.connections ?? 128,
      pipelining: 1,
      keepAliveTimeout: 60_000,
      headersTimeout: options.answerTimeoutMs ?? 300_000,
      bodyTimeout: options.answerTimeoutMs ?? 300_000,
      connect: (_target, callback) => {
        const waiting = this.#ready.pop();
        if (waiting !== undefined && !waiting.socket.destroyed) {
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
    if (this.#live.size > 0) return;
    // Callers that arrive together wait for one handshake, not for one each.
    this.#opening ??= this.#open()
      .then((entry) => {
        this.#ready.push(entry);
      })
      .finally(() => {
        this.#opening = undefined;
      });
    await this.#opening;
  }

  request(headers: string[], body: AsyncIterable<Buffer>): Promise<Dispatcher.ResponseData> {
    return this.#pool.request({ method: 'POST', path: '/', headers, body: body as never });
  }

  /** Lets exchanges under way finish. */
  async close(): Promise<void> {
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

  #open(): Promise<VerifiedSocket> {
    const { host, port } = this.address;
    return new Promise((resolve, reject) => {
      const target: ConnectionOptions & { requestOCSP: boolean } = {
        host,
        port,
        secureContext: this.#identity.context,
        // The name in the certificate is irrelevant: global configuration says whose it is.
        rejectUnauthorized: false,
        checkServerIdentity: () => undefined,
        requestOCSP: true,
      };
      const socket = connectTls(target);
      const where = `security server at ${host}:${port}`;
      const fail = (fault: Fault) => {
        clearTimeout(timer);
        socket.destroy();
        reject(fault);
      };
      const timer = setTimeout(
        () => fail(new Fault('NetworkError', `Could not connect to the ${where}: no answer in time`)),
        this.#options.connectTimeoutMs ?? 20_000,
      );
      let staple: Buffer | undefined;
      socket.once('OCSPResponse', (response: Buffer | null) => {
        staple = response ?? undefined;
      });
      const onError = (error: NodeJS.ErrnoException) => {
        const code =
          error.code === 'ENOTFOUND' || error.code === 'EAI_AGAIN' ? 'UnknownHost' : 'NetworkError';
        fail(new Fault(code, `Could not connect to the ${where}: ${error.message}`, { cause: error }));
      };
      socket.once('error', onError);
      socket.once('secureConnect', () => {
        clearTimeout(timer);
        socket.off('error', onError);
        socket.on('error', () => socket.destroy());
        socket.setNoDelay(true);
        try {
          const entry = {
            socket,
            chain: peerChain(socket),
            ocspResponses: staple === undefined ? [] : [staple],
          };
          this.#verify(entry.chain, entry.ocspResponses);
          this.#live.add(entry);
          socket.once('close', () => this.#live.delete(entry));
          resolve(entry);
        } catch (error) {
          socket.destroy();
          reject(error);
        }
      });
    });
  }
}

/** IPv6 addresses stand in brackets in a URL. */
function hostInUrl(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
