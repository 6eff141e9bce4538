import { Worker } from 'node:worker_threads';
import type { RecordToAppend } from './model.ts';
import { pack } from './packed-record.ts';
import type { RecordTable, Stamped, ToStamp } from './record-table.ts';
import type { CalledVerb, WriterAnswer, WriterCall, WriterData } from './writer-thread.ts';

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

  /** @throws Error when the database cannot be opened */
  static async open(data: WriterData): Promise<LogWriter> {
    const writer = new LogWriter(startThread(data));
    await writer.setCondition('opened', Date.now());
    return writer;
  }

  /** Whether the writing thread has ended: what it was sent last may be on disk or not. */
  get isGone(): boolean {
    return this.#broken !== undefined;
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

  nextToStamp(limit: number): Promise<ToStamp | undefined> {
    return this.#call('nextToStamp', [limit]) as Promise<ToStamp | undefined>;
  }

  async saveStamp(stamped: Stamped): Promise<void> {
    await this.#call('saveStamp', [stamped]);
  }

  async setCondition(name: string, value: number | undefined): Promise<void> {
    await this.#call('setCondition', [name, value]);
  }

  /** What was sent before is written first. */
  async close(): Promise<void> {
    if (this.#broken !== undefined) return;
    const exited = new Promise((resolve) => this.#worker.once('exit', resolve));
    this.#worker.postMessage({ kind: 'close' } satisfies WriterCall);
    await exited;
  }

  #call<Verb extends CalledVerb>(verb: Verb, args: Parameters<RecordTable[Verb]>): Promise<unknown> {
    if (this.#broken !== undefined) return Promise.reject(this.#broken);
    this.#number += 1;
    const number = this.#number;
    return new Promise((resolve, reject) => {
      this.#calls.set(number, { resolve, reject });
      this.#worker.postMessage({ kind: 'call', number, verb, args } satisfies WriterCall);
    });
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

function errorOf({ message, code }: { readonly message: string; readonly code?: string }): Error {
  return Object.assign(new Error(message), code === undefined ? {} : { code });
}

/** Run from source, as tests do, the thread needs a loader for TypeScript; built, it needs none. */
function startThread(data: WriterData): Worker {
  if (!import.meta.url.endsWith('.ts')) {
    return new Worker(new URL('./writer-thread.js', import.meta.url), { workerData: data });
  }
  const source = JSON.stringify(new URL('./writer-thread.ts', import.meta.url).href);
  const load = `import('tsx/esm/api').then(({ tsImport }) => tsImport(${source}, ${source}))`;
  return new Worker(load, { eval: true, workerData: data });
}
