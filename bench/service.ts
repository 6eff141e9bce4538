/** The service at the end of the ladder: `GET /N` is answered with N octets. */
import { createServer } from 'node:http';

const bodies = new Map<number, Buffer>();

function bodyOf(size: number): Buffer {
  const known = bodies.get(size);
  if (known !== undefined) return known;
  const made = Buffer.alloc(size, 'waygate ');
  bodies.set(size, made);
  return made;
}

const server = createServer({ keepAliveTimeout: 60_000 }, (incoming, outgoing) => {
  const body = bodyOf(Number((incoming.url ?? '').split('/').at(-1)));
  outgoing.writeHead(200, { 'Content-Type': 'application/octet-stream', 'Content-Length': body.length });
  outgoing.end(body);
});
server.listen({ host: '127.0.0.1', port: Number(process.argv[2] ?? 0) }, () => {
  process.stdout.write(`${JSON.stringify(server.address())}\n`);
});
