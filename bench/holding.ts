import { Agent, request } from 'node:http';
import { performance } from 'node:perf_hooks';
import type { RunningRegistry } from '../central-registry/index.ts';

/** How a change reaches many servers that wait for it. Milliseconds, from the answered change on. */
export interface HoldingFigures {
  readonly clients: number;
  /** How many of them were held when the change was made. */
  readonly held: number;
  /** Until half, and until all, had been told and had fetched the directory that has it. */
  readonly halfMs: number;
  readonly allMs: number;
  /** Of the processor, for registry and clients together. */
  readonly processorMs: number;
}

/** A loopback address of its own for so many, as servers have theirs. */
const perAddress = 50;

/**
 * Has many clients wait for a change, on the loopback, and makes one. Each is told, and fetches the directory, as a
 * server does; what the directory names is the same for all, and any mirror can serve it.
 */
export async function measureHolding(
  { configurationUrl, heldRequests }: Pick<RunningRegistry, 'configurationUrl' | 'heldRequests'>,
  clients: number,
  change: () => Promise<void>,
): Promise<HoldingFigures> {
  const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });
  const get = (headers: Record<string, string>, client: number) =>
    new Promise<{ readonly status: number; readonly etag: string }>((resolve, reject) => {
      const localAddress = `127.0.1.${1 + Math.floor(client / perAddress)}`;
      const asking = request(
        `${configurationUrl}/internalconf?version=6`,
        { agent, headers, localAddress },
        (response) => {
          response.resume();
          response.on('error', reject);
          response.on('end', () =>
            resolve({ status: response.statusCode ?? 0, etag: String(response.headers.etag) }),
          );
        },
      );
      asking.on('error', reject).end();
    });
  try {
    const { etag } = await get({}, 0);
    const doneAt: number[] = [];
    const waiting = Array.from({ length: clients }, async (_, client) => {
      let answer = await get({ 'if-none-match': etag, prefer: 'wait=25' }, client);
      while (answer.status === 304) answer = await get({ 'if-none-match': etag, prefer: 'wait=25' }, client);
      answer = await get({}, client);
      if (answer.etag === etag) throw new Error('the former directory was served after the bell');
      doneAt.push(performance.now());
    });
    const everybody = Promise.all(waiting);
    const deadline = performance.now() + 20_000;
    while (heldRequests() < clients && performance.now() < deadline) await new Promise(setImmediate);
    const held = heldRequests();
    const before = process.cpuUsage();
    await change();
    const changedAt = performance.now();
    await everybody;
    const { user, system } = process.cpuUsage(before);
    doneAt.sort((a, b) => a - b);
    const after = (index: number) => Math.max((doneAt[index] ?? Number.NaN) - changedAt, 0);
    return {
      ...{ clients, held, halfMs: after(Math.floor(clients / 2)), allMs: after(clients - 1) },
      processorMs: (user + system) / 1000,
    };
  } finally {
    agent.destroy();
  }
}
