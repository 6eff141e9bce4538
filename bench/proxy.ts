/**
 * One hop of a plain proxy, the smallest that Node can be: takes requests, passes them on over kept connections,
 * streams the answers back. `node proxy.js '{"target":URL,"listen"?:TLS,"connect"?:TLS}'`.
 */
import { readFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { Pool } from 'undici';

interface TlsFiles {
  readonly key: string;
  readonly cert: string;
  readonly ca: string;
}

export interface ProxyOptions {
  readonly target: string;
  /** Listens with TLS and demands client certificates. */
  readonly listen?: TlsFiles;
  /** Connects with TLS and a client certificate. */
  readonly connect?: TlsFiles;
}

const { target, listen, connect } = JSON.parse(process.argv[2] ?? '{}') as ProxyOptions;

function filesOf({ key, cert, ca }: TlsFiles) {
  return { key: readFileSync(key), cert: readFileSync(cert), ca: readFileSync(ca) };
}

const pool = new Pool(target, {
  connections: 128,
  ...(connect !== undefined && {
    connect: { ...filesOf(connect), servername: 'bench', checkServerIdentity: () => undefined },
  }),
});

const forward: RequestListener = (incoming, outgoing) => {
  pool.stream(
    { path: incoming.url ?? '/', method: 'GET', headers: { accept: incoming.headers.accept ?? '*/*' } },
    ({ statusCode, headers }) => {
      outgoing.writeHead(statusCode, headers as Record<string, string>);
      return outgoing;
    },
    (error) => {
      if (error !== null) outgoing.destroy(error);
    },
  );
};

const keepAlive = { keepAliveTimeout: 60_000 };
const server =
  listen === undefined
    ? createServer(keepAlive, forward)
    : createTlsServer(
        { ...keepAlive, ...filesOf(listen), requestCert: true, minVersion: 'TLSv1.3' },
        forward,
      );
server.listen({ host: '127.0.0.1', port: 0 }, () => {
  process.stdout.write(`${JSON.stringify(server.address())}\n`);
});
