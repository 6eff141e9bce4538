import type { Server as HttpServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';

export interface Listening {
  readonly host: string;
  readonly port: number;
  /** Stops taking connections, ends idle ones and waits for requests under way, at most `graceMs`. */
  close(graceMs?: number): Promise<void>;
}

/** The port is in use by another program, or may not be used by this one. */
export class PortError extends Error {
  override readonly name = 'PortError';
}

/**
 * Starts a server on one address.
 * @param port 0 takes any free one
 * @param setting name of the setting that chooses the port, for the remedy in the error
 * @throws PortError
 */
export async function listen(
  server: HttpServer,
  host: string,
  port: number,
  setting: string,
): Promise<Listening> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(explain(error, host, port, setting)));
    server.listen({ host, port }, resolve);
  });
  server.removeAllListeners('error');
  // The server itself does not know connections whose TLS handshake is under way.
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const address = server.address() as AddressInfo;
  return {
    host,
    port: address.port,
    close: (graceMs = 5_000) =>
      new Promise((resolve) => {
        const timer = setTimeout(() => {
          for (const socket of sockets) socket.destroy();
        }, graceMs);
        // What is answered meanwhile keeps its connection open for the next request, which is not taken any more.
        const idle = setInterval(() => server.closeIdleConnections(), 100);
        server.close(() => {
          clearTimeout(timer);
          clearInterval(idle);
          resolve();
        });
        server.closeIdleConnections();
      }),
  };
}

/** An HTTP server around a fetch handler, such as a hono application. */
export function serverOf(
  fetch: (request: Request, env?: object) => Response | Promise<Response>,
): HttpServer {
  return createAdaptorServer({ fetch: (request, env) => fetch(request, env) }) as HttpServer;
}

function explain(error: NodeJS.ErrnoException, host: string, port: number, setting: string): Error {
  const where = `${host} port ${port}`;
  if (error.code === 'EADDRINUSE') {
    return new PortError(
      `${where} is in use by another program: stop that one, or choose another with ${setting}`,
      {
        cause: error,
      },
    );
  }
  if (error.code === 'EACCES') {
    return new PortError(
      `${where} may not be used without more rights: choose one above 1023 with ${setting}`,
      {
        cause: error,
      },
    );
  }
  if (error.code === 'EADDRNOTAVAIL') {
    return new PortError(
      `${host} is not an address of this machine: choose another host, or add the address`,
      {
        cause: error,
      },
    );
  }
  return error;
}
