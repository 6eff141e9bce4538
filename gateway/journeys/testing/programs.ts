import { type ChildProcess, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

export interface ProgramRun {
  readonly done: Promise<{ readonly code: number | null; readonly out: string; readonly log: string }>;
  /** Resolves when it wrote that to either of its outputs. */
  until(text: string): Promise<void>;
  /** What it wrote to its standard output so far. */
  out(): string;
  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void>;
}

/** The built program, run as somebody at a terminal would, as often as is needed. */
export class Programs {
  readonly #children = new Set<ChildProcess>();
  readonly #environment: Readonly<Record<string, string | undefined>>;

  /** @param more variables of the environment */
  constructor(more: Readonly<Record<string, string>> = {}) {
    this.#environment = { ...process.env, ...more };
  }

  run(...args: readonly string[]): ProgramRun {
    const child = spawn(process.execPath, ['dist/bin/waygate.js', ...args], {
      env: this.#environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#children.add(child);
    let out = '';
    let log = '';
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      log += chunk.toString();
    });
    let hasEnded = false;
    const done = new Promise<{ code: number | null; out: string; log: string }>((resolve) => {
      child.once('close', (code) => {
        this.#children.delete(child);
        hasEnded = true;
        resolve({ code, out, log });
      });
    });
    return {
      done,
      out: () => out,
      until: async (text) => {
        for (let waited = 0; !out.includes(text) && !log.includes(text); waited += 20) {
          if (hasEnded || waited > 60_000) throw new Error(`'${text}' did not come:\n${out}\n${log}`);
          await sleep(20);
        }
      },
      end: async (signal) => {
        child.kill(signal);
        await done;
      },
    };
  }

  /** Runs it to its end. @returns its standard output @throws Error when it fails */
  async finish(...args: readonly string[]): Promise<string> {
    return finished(this.run(...args));
  }

  /** Runs one line of a shell, with the built program for `waygate`. @throws Error when it fails */
  async shell(line: string, cwd: string): Promise<string> {
    const program = `waygate() { exec "${process.execPath}" "${process.cwd()}/dist/bin/waygate.js" "$@"; }`;
    const child = spawn('bash', ['-c', `${program}\n${line}`], {
      cwd,
      env: this.#environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#children.add(child);
    let out = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        out += chunk.toString();
      });
    }
    const code = await new Promise<number | null>((resolve) => {
      child.once('close', resolve);
    });
    this.#children.delete(child);
    if (code !== 0) throw new Error(`${line}\nended with ${code}:\n${out}`);
    return out;
  }

  end(signal: 'SIGKILL' | 'SIGTERM'): void {
    for (const child of this.#children) child.kill(signal);
  }
}

/** @returns its standard output @throws Error when it fails */
export async function finished(run: ProgramRun): Promise<string> {
  const { code, out, log } = await run.done;
  if (code !== 0) throw new Error(`ended with ${code}:\n${out}\n${log}`);
  return out;
}

/** Lines of the shell blocks of a section, as a reader would type them. */
export async function commandsOf(file: string, heading: string): Promise<string[]> {
  const section = (await readFile(file, 'utf8')).split(`${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  return [...section.matchAll(/```sh\n([\s\S]*?)```/g)]
    .flatMap(([, block = '']) => block.replaceAll('\\\n', ' ').split('\n'))
    .filter((line) => line.trim() !== '');
}
