import { connect, type TLSSocket } from 'node:tls';
import { Agent } from 'undici';

export interface Trusted {
  /** PEM; absent: the roots of the machine. */
  readonly ca?: string;
  /** DER: the server must show exactly this certificate, and then nobody need have issued it. */
  readonly pinned?: Buffer;
}

const connectMs = 30_000;

/** Connections to a server that is who it is said to be: not one octet of a request leaves before that was seen. */
export function agentFor({ ca, pinned }: Trusted): Agent {
  if (pinned === undefined) {
    return new Agent({
      connect: { minVersion: 'TLSv1.2', timeout: connectMs, ...(ca !== undefined && { ca }) },
    });
  }
  return new Agent({
    connect: ({ hostname, port, servername }, done) => {
      const socket: TLSSocket = connect({
        ...{
          host: hostname,
          port: Number(port === '' ? 443 : port),
          minVersion: 'TLSv1.2',
          timeout: connectMs,
        },
        ...(servername !== undefined && servername !== '' && { servername }),
        // Compared below, whoever issued it.
        rejectUnauthorized: false,
      });
      const fail = (error: Error) => {
        socket.destroy();
        done(error, null);
      };
      const onTimeout = () => fail(new Error(`${hostname} did not answer within ${connectMs} ms`));
      socket.once('error', fail);
      socket.once('timeout', onTimeout);
      socket.once('secureConnect', () => {
        socket.off('timeout', onTimeout);
        socket.setTimeout(0);
        if (socket.getPeerX509Certificate()?.raw.equals(pinned) !== true) {
          fail(new Error(`${hostname} shows another certificate than the one it is known by`));
          return;
        }
        socket.off('error', fail);
        done(null, socket);
      });
    },
  });
}
