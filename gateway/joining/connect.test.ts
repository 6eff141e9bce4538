import { createServer, type Server } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { listen } from '../http/index.ts';
import { tryConnection } from './index.ts';

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function portOf(server: Server): Promise<number> {
  const listening = await listen(server as never, '127.0.0.1', 0, '--port');
  closers.push(() => new Promise<void>((resolve) => server.close(() => resolve())));
  return listening.port;
}
const ignore = () => undefined;
const trial = { host: '127.0.0.1', timeoutMs: 500 };

describe('a trial of a connection', () => {
  it('says that a port is reached, and sends nothing to it', async () => {
    const received: Buffer[] = [];
    const port = await portOf(createServer((socket) => socket.on('data', (data) => received.push(data))));
    expect(await tryConnection({ ...trial, port, tls: false })).toBe('reached');
    expect(received).toEqual([]);
  });

  it('says that what answers is not TLS, or says nothing at all', async () => {
    const speaking = await portOf(
      createServer((socket) => socket.on('error', ignore).resume().end('HTTP/1.1 400\r\n\r\n')),
    );
    const silent = await portOf(createServer((socket) => socket.on('error', ignore).resume()));
    expect(await tryConnection({ ...trial, port: speaking, tls: true })).toBe('no-tls');
    expect(await tryConnection({ ...trial, port: silent, tls: true })).toBe('no-tls');
  });

  it('counts a refusal in TLS as reached', async () => {
    // No certificate: the handshake is refused with an alert.
    const port = await portOf(createTlsServer({}).on('tlsClientError', ignore) as Server);
    expect(await tryConnection({ ...trial, port, tls: true })).toBe('reached');
  });

  it('says that nobody listens, or that the name is not known', async () => {
    const server = createServer();
    const port = await portOf(server);
    await new Promise<void>((resolve) => server.close(() => resolve()));
    closers.length = 0;
    expect(await tryConnection({ ...trial, port, tls: true })).toBe('refused');
    const unknown = { ...trial, host: 'no-such-host.invalid', port, tls: true, timeoutMs: 5000 };
    expect(await tryConnection(unknown)).toBe('unknown-name');
  });
});
