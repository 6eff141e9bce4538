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

/** A process that has loaded the module, and the calls it has not answered. */
interface Running {
  readonly child: ChildProcess;
  readonly waiting: Map<number, Waiting>;
}

const defaultDeadlineMs = 30_000;

/** A PKCS#11 module in a process of its own, which is started when it is needed, and again when it has crashed. */
export class Pkcs11Module {
  readonly #options: Pkcs11ModuleOptions;
  #current: Promise<Running> | undefined;
  /** The process that calls go to now; what is told of any other is of the past. */
  #started: Running | undefined;
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
    const running = await this.#running();
    const { child, waiting } = running;
    this.#last += 1;
    const number = this.#last;
    const { deadlineMs = defaultDeadlineMs } = this.#options;
    const answered = new Promise<unknown>((resolve, reject) => {
      const timer = setTimeout(() => {
        // It may hang for ever, with all that waits for it: a new process may not.
        this.#abandon(running, lost(`module ${this.path} did not answer within ${deadlineMs} ms`));
      }, deadlineMs);
      waiting.set(number, { resolve, reject, timer });
      child.send({ number, verb, args } satisfies ModuleCall, (error) => {
        if (error !== null) this.#abandon(running, lost(error.message));
      });
    });
    return (await answered) as Awaited<ReturnType<ModuleVerbs[Verb]>>;
  }

  /** Of the process, while it runs; for tests that kill it. */
  async pid(): Promise<number | undefined> {
    return (await this.#current)?.child.pid;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const running = await this.#current?.catch(() => undefined);
    const child = running?.child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    await new Promise<void>((resolve) => {
      child.once('exit', () => resolve());
      child.kill();
    });
  }

  #running(): Promise<Running> {
    this.#current ??= this.#start().catch((error: unknown) => {
      // The next call tries again.
      this.#current = undefined;
      throw error;
    });
    return this.#current;
  }

  async #start(): Promise<Running> {
    const isSource = import.meta.url.endsWith('.ts');
    const file = isSource ? './module-process.ts' : './module-process.js';
    const child = fork(fileURLToPath(new URL(file, import.meta.url)), [this.path], {
      // Run from source, as tests do, it needs a loader for TypeScript.
      execArgv: isSource ? ['--import', 'tsx'] : [],
      env: { PATH: process.env['PATH'], ...this.#options.environment },
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const running: Running = { child, waiting: new Map() };
    await new Promise<void>((resolve, reject) => {
      child.on('message', (message: ModuleAnswer) => {
        if ('loaded' in message) resolve();
        else if (message.number !== 0) answer(running, message);
        else if ('error' in message) {
          const text = `module ${this.path} cannot be used: ${message.error.message}`;
          reject(new DeviceError('refused', text));
        }
      });
      const end = (error: DeviceError) => {
        reject(error);
        this.#abandon(running, error);
      };
      child.once('error', (error) => end(lost(error.message)));
      // The channel of a process that was killed closes some time before its end is told: nothing reaches it any more.
      child.once('disconnect', () => end(lost(`the process of module ${this.path} ended`)));
      child.once('exit', (code, signal) =>
        end(lost(`the process of module ${this.path} ended with ${signal ?? code}`)),
      );
    });
    this.#started = running;
    return running;
  }

  /** Calls go to a new process from now on; those that the old one has not answered are lost. */
  #abandon(running: Running, error: DeviceError): void {
    if (this.#started === running) {
      this.#started = undefined;
      this.#current = undefined;
    }
    running.child.kill('SIGKILL');
    for (const [number, { reject, timer }] of running.waiting) {
      running.waiting.delete(number);
      clearTimeout(timer);
      reject(error);
    }
  }
}

function answer({ waiting }: Running, message: Exclude<ModuleAnswer, { readonly loaded: string }>): void {
  const one = waiting.get(message.number);
  waiting.delete(message.number);
  clearTimeout(one?.timer);
  if ('error' in message) one?.reject(new DeviceError(message.error.code, message.error.message));
  else one?.resolve(message.value);
}

function lost(message: string): DeviceError {
  return new DeviceError('lost', message);
}
