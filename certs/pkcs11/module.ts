import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import {
  DeviceError,
  type ModuleAnswer,
  type ModuleCall,
  type ModuleVerb,
  type ModuleVerbs,
} from './wire.ts';

export interface Pkcs11ModuleOptions {
  /** File of the module, e.g. `/usr/lib/softhsm/libsofthsm2.so`. */
  readonly path: string;
  /** Of one call. Milliseconds; 30 seconds unless told. */
  readonly deadlineMs?: number;
  /** Variables of its environment, such as `SOFTHSM2_CONF`; it gets no others but PATH. */
  readonly environment?: Readonly<Record<string, string>>;
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

const defaultDeadlineMs = 30_000;

/** A PKCS#11 module in a process of its own, which is started when it is needed, and again when it has crashed. */
export class Pkcs11Module {
  readonly #options: Pkcs11ModuleOptions;
  readonly #waiting = new Map<number, Waiting>();
  #child: Promise<ChildProcess> | undefined;
  #last = 0;
  #isClosed = false;

  constructor(options: Pkcs11ModuleOptions) {
    this.#options = options;
  }

  get path(): string {
    return this.#options.path;
  }

  /** @throws DeviceError; `lost` when the process ended, or did not answer in time */
  async call<Verb extends ModuleVerb>(
    verb: Verb,
    ...args: Parameters<ModuleVerbs[Verb]>
  ): Promise<Awaited<ReturnType<ModuleVerbs[Verb]>>> {
    if (this.#isClosed) throw new DeviceError('not-active', `Module ${this.path} is closed`);
    const child = await this.#running();
    this.#last += 1;
    const number = this.#last;
    const { deadlineMs = defaultDeadlineMs } = this.#options;
    const answered = new Promise<unknown>((resolve, reject) => {
      const timer = setTimeout(() => {
        // It may hang for ever, with all that waits for it: a new process may not.
        child.kill('SIGKILL');
        this.#settle(number)?.reject(lost(`module ${this.path} did not answer within ${deadlineMs} ms`));
      }, deadlineMs);
      this.#waiting.set(number, { resolve, reject, timer });
      child.send({ number, verb, args } satisfies ModuleCall, (error) => {
        if (error !== null) this.#settle(number)?.reject(lost(error.message));
      });
    });
    return (await answered) as Awaited<ReturnType<ModuleVerbs[Verb]>>;
  }

  /** Of the process, while it runs; for tests that kill it. */
  async pid(): Promise<number | undefined> {
    return (await this.#child)?.pid;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const child = await this.#child?.catch(() => undefined);
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    await new Promise<void>((resolve) => {
      child.once('exit', () => resolve());
      child.kill();
    });
  }

  #running(): Promise<ChildProcess> {
    this.#child ??= this.#start().catch((error: unknown) => {
      // The next call tries again.
      this.#child = undefined;
      throw error;
    });
    return this.#child;
  }

  async #start(): Promise<ChildProcess> {
    const isSource = import.meta.url.endsWith('.ts');
    const file = isSource ? './module-process.ts' : './module-process.js';
    const child = fork(fileURLToPath(new URL(file, import.meta.url)), [this.path], {
      // Run from source, as tests do, it needs a loader for TypeScript.
      execArgv: isSource ? ['--import', 'tsx'] : [],
      env: { PATH: process.env['PATH'], ...this.#options.environment },
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const loaded = new Promise<void>((resolve, reject) => {
      child.on('message', (message: ModuleAnswer) => {
        if ('loaded' in message) resolve();
        else if (message.number !== 0) this.#answered(message);
        else if ('error' in message) {
          const text = `module ${this.path} cannot be used: ${message.error.message}`;
          reject(new DeviceError('refused', text));
        }
      });
      child.once('error', reject);
      child.once('exit', (code, signal) => {
        const error = lost(`the process of module ${this.path} ended with ${signal ?? code}`);
        reject(error);
        this.#child = undefined;
        for (const number of [...this.#waiting.keys()]) this.#settle(number)?.reject(error);
      });
    });
    await loaded;
    return child;
  }

  #answered(message: Exclude<ModuleAnswer, { readonly loaded: string }>): void {
    const waiting = this.#settle(message.number);
    if ('error' in message) waiting?.reject(new DeviceError(message.error.code, message.error.message));
    else waiting?.resolve(message.value);
  }

  #settle(number: number): Waiting | undefined {
    const waiting = this.#waiting.get(number);
    this.#waiting.delete(number);
    clearTimeout(waiting?.timer);
    return waiting;
  }
}

function lost(message: string): DeviceError {
  return new DeviceError('lost', message);
}
