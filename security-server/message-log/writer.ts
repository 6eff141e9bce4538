import { Worker } from 'node:worker_threads';
import type { LogStore, LogStoreOptions } from './log-store.ts';
import { MessageLogError, type MessageLogErrorCode, type RecordToAppend } from './model.ts';
import { pack } from './packed-record.ts';
import type { CalledVerb, WriterAnswer, WriterCall } from './writer-thread.ts';

interface Waiting {
  readonly resolve: (value?: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** This thread's end of the writer: hands records over, and tells each sender when its record is on disk. */
export class LogWriter {
  readonly #worker: Worker;
  readonly #calls = new Map<number, Waiting>();
  /** Senders of records that are not on disk yet, in the order in which they sent. */
  #appending: Waiting[] = [];
  #number = 0;
  #broken: Error | undefined;

  private constructor(worker: Worker) {
    this.#worker = worker;
    worker.on('message', (answer: WriterAnswer) => {
      if (answer.kind === 'appended') {
        const senders = this.#appending.splice(0, answer.count);
        const error = answer.error && errorOf(answer.error);
        for (const { resolve, reject } of senders) error === undefined ? resolve() : reject(error);
        return;
      }
      const waiting = this.#calls.get(answer.number);
      this.#calls.delete(answer.number);
      if (answer.error === undefined) waiting?.resolve(answer.value);
      else waiting?.reject(errorOf(answer.error));
    });
    worker.on('error', (error: Error) => this.#break(error));
    worker.on('exit', () => this.#break(new Error('the message log is closed')));
  }

  /** @throws MessageLogError rolled-back, damaged; Error when a file cannot be opened */
  static async open(data: LogStoreOptions): Promise<LogWriter> {
    const writer = new LogWriter(startThread(data));
    try {
      await writer.call('setCondition', 'opened', Date.now());
    } catch (error) {
      await writer.close();
      throw error;
    }
    return writer;
  }

  /** Whether the writing thread has ended: what it was sent last may be on disk or not. */
  get isGone(): boolean {
    return this.#broken !== undefined;
  }

  /** Records that were sent and are not on disk yet. */
  get waiting(): number {
    return this.#appending.length;
  }

  /** Resolves once the record is on disk. */
  append(record: RecordToAppend): Promise<void> {
    if (this.#broken !== undefined) return Promise.reject(this.#broken);
    const packed = pack(record);
    return new Promise<void>((resolve, reject) => {
      this.#appending.push({ resolve: () => resolve(), reject });
      this.#worker.postMessage({ kind: 'append', record: packed } satisfies WriterCall, [
        packed.bytes.buffer,
      ]);
    });
  }

  /** Calls a verb of the store, after what was sent before. */
  call<Verb extends CalledVerb>(
    verb: Verb,
    ...args: Parameters<LogStore[Verb]>
  ): Promise<ReturnType<LogStore[Verb]>> {
    if (this.#broken !== undefined) return Promise.reject(this.#broken);
    this.#number += 1;
    const number = this.#number;
    return new Promise((resolve, reject) => {
      this.#calls.set(number, { resolve: resolve as (value?: unknown) => void, reject });
      this.#worker.postMessage({ kind: 'call', number, verb, args } satisfies WriterCall);
    });
  }

  /** What was sent before is written first. */
  async close(): Promise<void> {
    if (this.#broken !== undefined) return;
    const exited = new Promise((resolve) => this.#worker.once('exit', resolve));
    this.#worker.postMessage({ kind: 'close' } satisfies WriterCall);
    await exited;
  }

  /** Nobody waits for a thread that is gone. */
  #break(error: Error): void {
    this.#broken ??= error;
    const waiting = [...this.#appending, ...this.#calls.values()];
    this.#appending = [];
    this.#calls.clear();
    for (const { reject } of waiting) reject(this.#broken);
  }
}

const logErrorCodes: readonly string[] = [
  'rolled-back',
  'damaged',
  'locked',
  'not-droppable',
] satisfies MessageLogErrorCode[];

/** Errors lose their class on the way between threads. */
function errorOf({ message, code }: { readonly message: string; readonly code?: string }): Error {
  if (code === undefined) return new Error(message);
  if (logErrorCodes.includes(code)) return new MessageLogError(code as MessageLogErrorCode, message);
  return Object.assign(new Error(message), { code });
}

/** Run from source, as tests do, the thread needs a loader for TypeScript; built, it needs none. */
function startThread(data: LogStoreOptions): Worker {
  if (!import.meta.url.endsWith('.ts')) {
    return new Worker(new URL('./writer-thread.js', import.meta.url), { workerData: data });
  }
  const source = JSON.stringify(new URL('./writer-thread.ts', import.meta.url).href);
  const load = `import('tsx/esm/api').then(({ tsImport }) => tsImport(${source}, ${source}))`;
  return new Worker(load, { eval: true, workerData: data });
}
