/**
 * The thread that writes the message log: commits reach the disk here, so that waiting for the disk holds up no
 * exchange. Records that arrive while a commit is under way go into the next one together.
 */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { LogStore, type LogStoreOptions } from './log-store.ts';
import { type PackedRecord, unpack } from './packed-record.ts';

/** Verbs of a `LogStore` that are called one at a time. */
export type CalledVerb = Exclude<keyof LogStore, 'append' | 'close'>;

/** What the writing thread is told. Records are appended in the order in which they were sent. */
export type WriterCall =
  | { readonly kind: 'append'; readonly record: PackedRecord }
  | {
      readonly kind: 'call';
      readonly number: number;
      readonly verb: CalledVerb;
      readonly args: readonly unknown[];
    }
  | { readonly kind: 'close' };

/** Message and code of what was thrown. */
interface ThrownError {
  readonly message: string;
  readonly code?: string;
}

export type WriterAnswer =
  /** The next so many records are on disk, or none of them is. */
  | { readonly kind: 'appended'; readonly count: number; readonly error?: ThrownError }
  | {
      readonly kind: 'called';
      readonly number: number;
      readonly value?: unknown;
      readonly error?: ThrownError;
    };

/** Larger commits gain nothing more, and hold up the first in the queue. */
const maxBatch = 500;

function serve(port: MessagePort, options: LogStoreOptions): void {
  let opened: LogStore | undefined;
  const store = () => {
    // Opened by the first call, which is told why when it cannot be.
    opened ??= new LogStore(options);
    return opened;
  };
  const queue: PackedRecord[] = [];
  const answer = (message: WriterAnswer) => port.postMessage(message);

  const commit = () => {
    while (queue.length > 0) {
      const batch = queue.splice(0, maxBatch);
      const error = thrownBy(() => store().append(batch.map(unpack)));
      answer({ kind: 'appended', count: batch.length, ...(error !== undefined && { error }) });
    }
  };
  port.on('message', (call: WriterCall) => {
    if (call.kind === 'append') {
      // Everything that has arrived by then is handled before the commit begins.
      if (queue.push(call.record) === 1) setImmediate(commit);
      return;
    }
    commit();
    if (call.kind === 'close') {
      opened?.close();
      port.close();
      return;
    }
    let value: unknown;
    const error = thrownBy(() => {
      const { verb, args } = call;
      value = (store()[verb] as (...args: readonly unknown[]) => unknown).apply(store(), args as unknown[]);
    });
    answer({ kind: 'called', number: call.number, value, ...(error !== undefined && { error }) });
  });
}

function thrownBy(action: () => void): ThrownError | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    const { message, code } = error as Error & { code?: string };
    return { message, ...(code !== undefined && { code }) };
  }
}

if (parentPort === null) throw new Error('this module runs in a worker thread of the message log');
serve(parentPort, workerData as LogStoreOptions);
