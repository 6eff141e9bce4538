/**
 * The thread that writes the message log: commits reach the disk here, so that waiting for the disk holds up no
 * exchange. What arrives while a commit is under way goes into the next one.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { openStore } from '../../gateway/store/index.ts';
import { openRecordTable, type RecordTable } from './record-table.ts';
import { messageLogSteps } from './schema.ts';

/** One call of a `RecordTable` verb. */
export interface WriterCall<Verb extends keyof RecordTable = keyof RecordTable> {
  readonly number: number;
  readonly verb: Verb;
  readonly args: Parameters<RecordTable[Verb]>;
}

export interface WriterAnswer {
  readonly number: number;
  readonly value?: unknown;
  /** Message and code of what was thrown. */
  readonly error?: { readonly message: string; readonly code?: string };
}

export interface WriterData {
  readonly path: string;
  /** Largest size of the log in pages of 4 KiB; for operators with a quota, and for tests of a full disk. */
  readonly maxPages?: number;
}

function serve(): void {
  const port = parentPort;
  if (port === null) throw new Error('this module runs in a worker thread of the message log');
  const { path, maxPages } = workerData as WriterData;
  const store = openStore(path, messageLogSteps);
  if (maxPages !== undefined) store.database.pragma(`max_page_count = ${maxPages}`);
  const table = openRecordTable(store.database);
  port.on('message', (call: WriterCall | 'close') => {
    if (call === 'close') {
      store.close();
      port.close();
      return;
    }
    try {
      const verb = table[call.verb] as (...args: unknown[]) => unknown;
      port.postMessage({ number: call.number, value: verb(...call.args) } satisfies WriterAnswer);
    } catch (error) {
      const { message, code } = error as Error & { code?: string };
      const shown = { message, ...(code !== undefined && { code }) };
      port.postMessage({ number: call.number, error: shown } satisfies WriterAnswer);
    }
  });
}

serve();
