import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { createServer as createTlsServer, type SecureContext, TLSSocket } from 'node:tls';
import type { Certificate } from '../../certs/x509/index.ts';
import { ChainMemory } from './peer-chain.ts';

export interface TlsListenerOptions {
  /** Asked for every connection, so that a renewed certificate serves without a restart. */
  readonly context: () => Promise<SecureContext>;
  /** DER OCSP response of the leaf, stapled when the client asks for it (RFC 8446 §4.4.2.1). */
  readonly staple?: () => Promise<Buffer | undefined>;
  /**
   * Judges a connection once its handshake is done; false closes it before any HTTP byte is read.
   * @param chain of the client, leaf first, without a self-signed root; empty when it presented none
   */
  readonly admit?: (socket: TLSSocket, chain: readonly Certificate[]) => boolean;
  /** Default 10,000. */
  readonly handshakeTimeoutMs?: number;
  /** Told of handshakes that failed; default: nobody. */
  readonly onFailure?: (error: Error, remoteAddress: string | undefined) => void;
}

/**
 * Makes an HTTP server speak TLS with keys that never leave their token.
 *
 * `node:https` wants the private key itself; here each accepted connection is wrapped with the secure
 * context the token built, and only then handed to the server's own connection listener. Client
 * certificates are always asked for; who they belong to is decided in `admit` or per request.
 */
export function serveTls(server: Server, options: TlsListenerOptions): void {
  const serveHttp = server.listeners('connection').at(0);
  if (serveHttp === undefined) throw new Error('serveTls wants a server that has its connection listener');
  server.removeAllListeners('connection');

  // Never listens: node looks for the OCSPRequest listener on the `server` of each socket.
  const stapler = createTlsServer();
  const staple = options.staple;
  if (staple !== undefined) {
    stapler.on('OCSPRequest', (_certificate, _issuer, done: (e: Error | null, r: Buffer | null) => void) => {
      staple().then(
        (response) => done(null, response ?? null),
        // No staple is the honest answer; the peer then refuses for want of a status.
        () => done(null, null),
      );
    });
  }

  const chains = new ChainMemory();
  const isAdmitted = (socket: TLSSocket): boolean =>
    options.admit === undefined || options.admit(socket, chains.chainOf(socket));

  server.on('connection', (raw: Socket) => {
    const fail = (error: Error) => {
      options.onFailure?.(error, raw.remoteAddress);
      raw.destroy();
    };
    raw.on('error', fail);
    const timer = setTimeout(
      () => fail(new Error('TLS handshake timed out')),
      options.handshakeTimeoutMs ?? 10_000,
    );
    raw.once('close', () => clearTimeout(timer));
    options.context().then((secureContext) => {
      if (raw.destroyed) return;
      const socket = new TLSSocket(raw, {
        isServer: true,
        server: stapler,
        secureContext,
        requestCert: true,
        rejectUnauthorized: false,
      });
      socket.on('error', fail);
      socket.once('secure', () => {
        clearTimeout(timer);
        try {
          if (!isAdmitted(socket)) {
            fail(new Error('client certificate is not admitted'));
            return;
          }
        } catch (error) {
          // A certificate that cannot be read, or no configuration to judge it by.
          fail(error instanceof Error ? error : new Error(String(error)));
          return;
        }
        socket.off('error', fail);
        raw.off('error', fail);
        raw.on('error', () => socket.destroy());
        serveHttp.call(server, socket);
      });
    }, fail);
  });
}
