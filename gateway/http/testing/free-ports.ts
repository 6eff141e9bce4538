import { createServer } from 'node:net';

/** Below the range that systems give out by themselves. */
const [first, end] = [10_000, 30_000];
const lanes = 8;
const laneSize = (end - first) / lanes;
const hosts = ['127.0.0.1', '127.0.0.2'];

/**
 * First of some ports in a row that are free, for programs that must be told theirs. Between this look and its use
 * nobody else of the same run takes them: each worker draws from a lane of its own.
 */
export async function freePorts(count: number): Promise<number> {
  const lane = (Number(process.env['VITEST_POOL_ID'] ?? 0) % lanes) * laneSize;
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const base = first + lane + Math.floor(Math.random() * (laneSize - count));
    const ports = Array.from({ length: count }, (_, index) => base + index);
    const free = await Promise.all(ports.flatMap((port) => hosts.map((host) => isFree(host, port))));
    if (free.every(Boolean)) return base;
  }
  throw new Error(`no ${count} free ports in a row were found`);
}

function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host, port }, () => server.close(() => resolve(true)));
  });
}
