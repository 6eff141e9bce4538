import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A process of the ladder, ready to be loaded. */
export interface Running {
  readonly name: string;
  /** What it printed when it was ready. */
  readonly ready: Readonly<Record<string, unknown>>;
  /** Largest resident size so far, octets; undefined where the system does not tell. */
  peakRssBytes(): number | undefined;
  stop(): Promise<void>;
}

/**
 * Starts a built program of this folder, or the product itself, and waits for its one line of JSON.
 * @param script relative to this folder
 */
export function start(
  name: string,
  script: string,
  args: readonly string[] = [],
  environment: Readonly<Record<string, string>> = {},
): Promise<Running> {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const child = spawn(process.execPath, [path, ...args], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errors = (errors + chunk.toString()).slice(-4000);
  });
  return new Promise((resolve, reject) => {
    let printed = '';
    child.once('exit', (code) => reject(new Error(`${name} ended with ${code}: ${errors}`)));
    child.stdout.on('data', (chunk: Buffer) => {
      printed += chunk.toString();
      const line = printed.split('\n').find((text) => text.startsWith('{'));
      if (line === undefined || !printed.includes('\n')) return;
      child.removeAllListeners('exit');
      resolve({
        name,
        ready: JSON.parse(line) as Record<string, unknown>,
        peakRssBytes: () => peakRssOf(child),
        stop: () => stop(child),
      });
    });
  });
}

export function peakRssOf({ pid }: ChildProcess): number | undefined {
  try {
    const found = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return found === null ? undefined : Number(found[1]) * 1024;
  } catch {
    // Only Linux tells it there.
    return undefined;
  }
}

function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
    child.once('exit', () => {
      clearTimeout(timer);
      resolve();
    });
    child.kill('SIGTERM');
  });
}
