import { Worker } from 'node:worker_threads';
import type { RecordToAppend } from './model.ts';
import type { RecordTable, Stamped, ToStamp } from './record-table.ts';
import type { WriterAnswer, WriterCall, WriterData } from './writer-thread.ts';

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

interface Queued {
  readonly record: RecordToAppend;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Larger commits gain nothing more, and hold up the first in the queue. */
const maxBatch = 500;

/**
 * This thread's end of the writer. Records that come while a commit is under way share the next one: under load
 * a disk's one flush serves many exchanges.
 */
export class LogWriter {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  readonly #queue: Queued[] = [];
  #committing = false;
  #number = 0;
  #broken: Error | undefined;

  private constructor(worker: Worker) {
    this.#worker = worker;
    worker.on('message', ({ number, value, error }: WriterAnswer) => {
      const waiting = this.#waiting.get(number);
      this.#waiting.delete(number);
      if (error === undefined) waiting?.resolve(value);
      else waiting?.reject(Object.assign(new Error(error.message), { code: error.code }));
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

  /** Resolves once the record is on disk. */
  append(record: RecordToAppend): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ record, resolve, reject });
      this.#commit();
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

  async close(): Promise<void> {
    if (this.#broken !== undefined) return;
    const exited = new Promise((resolve) => this.#worker.once('exit', resolve));
    this.#worker.postMessage('close');
    await exited;
  }

  #commit(): void {
    if (this.#committing || this.#queue.length === 0) return;
    this.#committing = true;
    const batch = this.#queue.splice(0, maxBatch);
    this.#call('append', [batch.map(({ record }) => record)])
      .then(
        () => {
          for (const { resolve } of batch) resolve();
        },
        (error: Error) => {
          for (const { reject } of batch) reject(error);
        },
      )
      .finally(() => {
        this.#committing = false;
        this.#commit();
      });
  }

  #call<Verb extends keyof RecordTable>(verb: Verb, args: Parameters<RecordTable[Verb]>): Promise<unknown> {
    if (this.#broken !== undefined) return Promise.reject(this.#broken);
    this.#number += 1;
    const number = this.#number;
    return new Promise((resolve, reject) => {
      this.#waiting.set(number, { resolve, reject });
      this.#worker.postMessage({ number, verb, args } satisfies WriterCall<Verb>);
    });
  }

  #break(error: Error): void {
    this.#broken = error;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
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
