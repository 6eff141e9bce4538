/**
 * The thread that writes the message log: commits reach the disk here, so that waiting for the disk holds up no
 * exchange. Records that arrive while a commit is under way go into the next one together.
 */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { openStore } from '../../gateway/store/index.ts';
import { type PackedRecord, unpack } from './packed-record.ts';
import { openRecordTable, type RecordTable } from './record-table.ts';
import { messageLogSteps } from './schema.ts';

/** Verbs of a `RecordTable` that are called one at a time. */
export type CalledVerb = Exclude<keyof RecordTable, 'append'>;

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

export interface WriterData {
  readonly path: string;
  /** Largest size of the log in pages of 4 KiB; for operators with a quota, and for tests of a full disk. */
  readonly maxPages?: number;
}

/** Larger commits gain nothing more, and hold up the first in the queue. */
const maxBatch = 500;

function serve(port: MessagePort, { path, maxPages }: WriterData): void {
  const store = openStore(path, messageLogSteps);
  if (maxPages !== undefined) store.database.pragma(`max_page_count = ${maxPages}`);
  const table = openRecordTable(store.database);
  const queue: PackedRecord[] = [];
  const answer = (message: WriterAnswer) => port.postMessage(message);

  const commit = () => {
    while (queue.length > 0) {
      const batch = queue.splice(0, maxBatch);
      const error = thrownBy(() => table.append(batch.map(unpack)));
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
      store.close();
      port.close();
      return;
    }
    let value: unknown;
    const error = thrownBy(() => {
      value = (table[call.verb] as (...args: unknown[]) => unknown)(...call.args);
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
serve(parentPort, workerData as WriterData);
