import { type ConnectionOptions, connect as connectTls, type SecureContext, type TLSSocket } from 'node:tls';
import type { Certificate } from '../../certs/x509/index.ts';
import { Fault } from '../fault/index.ts';
import { peerChain } from './peer-chain.ts';

export interface PeerAddress {
  readonly host: string;
  readonly port: number;
}

/** A connection whose handshake is done; who is at its other end is still to be verified. */
export interface Handshake {
  readonly socket: TLSSocket;
  /** Of the peer: leaf first, without a self-signed root. */
  readonly chain: readonly Certificate[];
  /** DER; none when the peer stapled none. */
  readonly stapled: readonly Buffer[];
  /** The numeric address that was connected to. */
  readonly host: string;
}

/** A session that may be taken up again, with what the peer showed when it began. */
export interface TlsSession {
  readonly ticket: Buffer;
  readonly shown: Pick<Handshake, 'chain' | 'stapled'>;
  /** Milliseconds since the epoch. */
  readonly until: number;
}

/** Idle connections whose peer vanished are found out after about twice as long. */
const keepAliveMs = 10_000;

/**
 * Connects to a security server and shakes hands, at the end of which either side knows the other's certificate.
 * @param session taken up when the peer still knows it; then it shows nothing anew
 * @throws Fault NetworkError, UnknownHost
 */
export function shakeHands(
  { host, port }: PeerAddress,
  context: SecureContext,
  timeoutMs: number,
  session?: TlsSession,
): Promise<Handshake> {
  const where = `security server at ${host}:${port}`;
  return new Promise((resolve, reject) => {
    const target: ConnectionOptions & { requestOCSP: boolean } = {
      host,
      port,
      secureContext: context,
      // The name in the certificate is irrelevant: global configuration says whose it is.
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined,
      requestOCSP: true,
      ...(session !== undefined && { session: session.ticket }),
    };
    const socket = connectTls(target);
    const fail = (fault: Fault) => {
      clearTimeout(timer);
      socket.destroy();
      reject(fault);
    };
    const timer = setTimeout(() => {
      const cause = Object.assign(new Error('the handshake did not end'), { code: 'ETIMEDOUT' });
      fail(new Fault('NetworkError', `Could not connect to the ${where}: no answer in time`, { cause }));
    }, timeoutMs);
    const stapled: Buffer[] = [];
    socket.once('OCSPResponse', (response: Buffer | null) => {
      if (response !== null) stapled.push(response);
    });
    const onError = (error: NodeJS.ErrnoException) => {
      const code = error.code === 'ENOTFOUND' || error.code === 'EAI_AGAIN' ? 'UnknownHost' : 'NetworkError';
      fail(new Fault(code, `Could not connect to the ${where}: ${error.message}`, { cause: error }));
    };
    socket.once('error', onError);
    socket.once('secureConnect', () => {
      clearTimeout(timer);
      socket.off('error', onError);
      socket.on('error', () => socket.destroy());
      socket.setNoDelay(true);
      socket.setKeepAlive(true, keepAliveMs);
      try {
        const isResumed = session !== undefined && socket.isSessionReused();
        const shown = isResumed ? session.shown : { chain: peerChain(socket), stapled };
        resolve({ socket, host: socket.remoteAddress ?? host, ...shown });
      } catch (error) {
        socket.destroy();
        reject(error);
      }
    });
  });
}
