import { Pool } from 'undici';

export interface LoadOptions {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Requests under way at any time. */
  readonly concurrency: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
  /** Octets that every answer must have. */
  readonly bodyBytes: number;
}

export interface LoadResult {
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
}

/**
 * Keeps a number of requests under way over kept connections, and measures what comes back.
 * @throws Error for an answer that is not what was asked for: a fast refusal is no result
 */
export async function load(options: LoadOptions): Promise<LoadResult> {
  const { url, headers, concurrency, warmUpMs, measureMs, bodyBytes } = options;
  const { origin, pathname, search } = new URL(url);
  const pool = new Pool(origin, { connections: concurrency, pipelining: 1 });
  const latencies: number[] = [];
  const startedAt = performance.now();
  const measureFrom = startedAt + warmUpMs;
  const end = measureFrom + measureMs;
  const worker = async () => {
    for (let begun = performance.now(); begun < end; begun = performance.now()) {
      const response = await pool.request({ path: pathname + search, method: 'GET', headers });
      let size = 0;
      for await (const chunk of response.body as AsyncIterable<Buffer>) size += chunk.length;
      if (response.statusCode !== 200 || size !== bodyBytes) {
        const code = String(response.headers['x-road-error'] ?? '');
        throw new Error(`${url} was answered ${response.statusCode} ${code} with ${size} octets`);
      }
      const ended = performance.now();
      if (begun >= measureFrom && ended <= end) latencies.push(ended - begun);
    }
  };
  try {
    await Promise.all(Array.from({ length: concurrency }, worker));
  } finally {
    await pool.close();
  }
  latencies.sort((a, b) => a - b);
  const at = (share: number) =>
    round(latencies[Math.min(latencies.length - 1, Math.floor(share * latencies.length))] ?? 0);
  return {
    requestsPerSecond: round(latencies.length / (measureMs / 1000)),
    p50Ms: at(0.5),
    p95Ms: at(0.95),
    p99Ms: at(0.99),
  };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
