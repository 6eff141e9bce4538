import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { generateKeyPair, softwareSigningKey } from '../../../certs/key/index.ts';
import { buildName, createCertificate } from '../../../certs/x509/index.ts';

/** Real servers on the loopback that do what a test needs to go wrong. */
export class Servers {
  readonly #closers: (() => void)[] = [];

  /** @returns address without a slash at its end */
  async http(answer: RequestListener): Promise<string> {
    return `http://127.0.0.1:${await this.#listen(createServer(answer))}`;
  }

  /** Answers with a status to everything. */
  status(status: number): Promise<string> {
    return this.http((_, outgoing) => outgoing.writeHead(status).end());
  }

  /** Answers what `make` makes of the body of a request. */
  answering(make: (body: Buffer, incoming: IncomingMessage) => Promise<Buffer>): Promise<string> {
    return this.http((incoming, outgoing: ServerResponse) => {
      bodyOf(incoming)
        .then((body) => make(body, incoming))
        .then((answer) => outgoing.end(answer))
        .catch((error: unknown) => outgoing.destroy(error as Error));
    });
  }

  /** Shows a certificate that nobody trusts. */
  async selfSigned(): Promise<string> {
    const { privateKey, publicKey } = await generateKeyPair({ type: 'ec', curve: 'P-256' });
    const subject = buildName({ CN: 'localhost' });
    const dates = { notBefore: new Date('2020-01-01'), notAfter: new Date('2049-01-01') };
    const { pem } = await createCertificate(
      { ...dates, subject, issuer: subject, publicKey, serialNumber: 1n },
      softwareSigningKey(privateKey),
    );
    const key = privateKey.export({ format: 'pem', type: 'pkcs8' }) as string;
    const server = createHttpsServer({ key, cert: pem }, (_, outgoing) => outgoing.end());
    return `https://127.0.0.1:${await this.#listen(server)}`;
  }

  /** Takes connections and never says a byte. */
  async silent(): Promise<string> {
    return `http://127.0.0.1:${await this.#listen(createTcpServer((socket) => socket.resume()))}`;
  }

  /** An address at which nobody listens. */
  async refusing(): Promise<string> {
    const server = createTcpServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    return `http://127.0.0.1:${port}`;
  }

  close(): void {
    for (const close of this.#closers.splice(0)) close();
  }

  async #listen(server: Server): Promise<number> {
    const sockets = new Set<Socket>();
    server.on('connection', (socket: Socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    this.#closers.push(() => {
      server.close();
      for (const socket of sockets) socket.destroy();
    });
    return (server.address() as AddressInfo).port;
  }
}

async function bodyOf(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}
