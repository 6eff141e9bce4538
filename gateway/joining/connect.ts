import { connect as connectTcp, isIP } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { ConnectionOutcome } from './wire.ts';

export interface ConnectionTrial {
  /** As it is shown, and sent as the name of the server when it is one. */
  readonly host: string;
  readonly port: number;
  /** Address to connect to, when somebody resolved the name before; the host unless told. */
  readonly address?: string;
  /** Whether the other side must speak TLS. Its certificate is not looked at. */
  readonly tls: boolean;
  readonly timeoutMs: number;
}

/** Tries whether a connection can be made, and ends it at once: nothing is sent but a handshake, and nothing kept. */
export function tryConnection({
  host,
  port,
  address = host,
  tls,
  timeoutMs,
}: ConnectionTrial): Promise<ConnectionOutcome> {
  return new Promise((resolve) => {
    const socket = tls
      ? connectTls({
          host: address,
          port,
          ...(isIP(host) === 0 && { servername: host }),
          // Who is there says the registered certificate, later; here only whether somebody can be reached.
          rejectUnauthorized: false,
        })
      : connectTcp({ host: address, port });
    let isConnected = false;
    const end = (outcome: ConnectionOutcome) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(outcome);
    };
    const timer = setTimeout(() => end(isConnected ? 'no-tls' : 'timeout'), timeoutMs);
    socket.once('connect', () => {
      isConnected = true;
      if (!tls) end('reached');
    });
    socket.once('secureConnect', () => end('reached'));
    socket.on('error', ({ code = '' }: NodeJS.ErrnoException) => {
      // A peer that demands a certificate of ours says so in TLS: it was reached.
      if (isConnected) end(code.startsWith('ERR_SSL_') && code.includes('ALERT') ? 'reached' : 'no-tls');
      else end(outcomes[code] ?? 'unreachable');
    });
    socket.once('end', () => end('no-tls'));
  });
}

const outcomes: Readonly<Record<string, ConnectionOutcome>> = {
  ECONNREFUSED: 'refused',
  ECONNRESET: 'refused',
  ETIMEDOUT: 'timeout',
  ENOTFOUND: 'unknown-name',
  EAI_AGAIN: 'unknown-name',
};
