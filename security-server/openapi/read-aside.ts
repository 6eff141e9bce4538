import { Worker } from 'node:worker_threads';
import { OpenApiError } from './error.ts';
import type { OpenApiOutline } from './outline.ts';
import type { ReadOpenApi } from './read.ts';
import type { ReadOutcome, ReadTask } from './read-thread.ts';

const maxHeapMegabytes = 1024;
/** Each may take a core for a minute, and memory to match: a server has to keep some for exchange. */
const maxThreads = 2;
/** Of the whole program, whose cores and memory they share. */
let threads = 0;

/**
 * Reads a description in a thread of its own, which is ended when it takes too long.
 * @throws OpenApiError; busy while two are read already
 */
export async function readAside(task: Required<ReadTask>, timeoutMs: number): Promise<ReadOpenApi> {
  const outcome = await inThread(task, timeoutMs);
  if ('read' in outcome) return outcome.read;
  throw new Error('A thread that was to read a description did something else');
}

/**
 * The same for what a stranger's description tells callers.
 * @throws OpenApiError; busy while two are read already
 */
export async function outlineAside(bytes: Uint8Array, timeoutMs: number): Promise<OpenApiOutline> {
  const outcome = await inThread({ bytes }, timeoutMs);
  if ('outline' in outcome) return outcome.outline;
  throw new Error('A thread that was to outline a description did something else');
}

async function inThread(task: ReadTask, timeoutMs: number): Promise<ReadOutcome> {
  if (threads >= maxThreads) {
    throw new OpenApiError('busy', `${maxThreads} descriptions are read already; wait until one is done`);
  }
  threads += 1;
  try {
    return await readInThread(task, timeoutMs);
  } finally {
    threads -= 1;
  }
}

async function readInThread(task: ReadTask, timeoutMs: number): Promise<ReadOutcome> {
  const worker = startThread(task);
  let timer: NodeJS.Timeout | undefined;
  try {
    const outcome = await new Promise<ReadOutcome>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
      worker.once('exit', () => reject(new Error('The thread ended without an answer')));
      timer = setTimeout(() => reject(tooSlow(`takes longer than ${timeoutMs / 1000} seconds`)), timeoutMs);
    });
    if (!('refused' in outcome)) return outcome;
    throw new OpenApiError(outcome.refused.code, outcome.refused.message);
  } catch (cause) {
    const isMemory = (cause as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY';
    throw isMemory ? tooSlow(`takes more than ${maxHeapMegabytes} MiB of memory`, cause) : cause;
  } finally {
    clearTimeout(timer);
    await worker.terminate();
  }
}

function tooSlow(what: string, cause?: unknown): OpenApiError {
  const remedy = 'give it as JSON, which is read much faster, or split it';
  return new OpenApiError('too-slow', `Reading the description ${what}; ${remedy}`, { cause });
}

/** Run from source, as tests do, the thread needs a loader for TypeScript; built, it needs none. */
function startThread(task: ReadTask): Worker {
  const options = { workerData: task, resourceLimits: { maxOldGenerationSizeMb: maxHeapMegabytes } };
  if (!import.meta.url.endsWith('.ts')) {
    return new Worker(new URL('./read-thread.js', import.meta.url), options);
  }
  const source = JSON.stringify(new URL('./read-thread.ts', import.meta.url).href);
  const load = `import('tsx/esm/api').then(({ tsImport }) => tsImport(${source}, ${source}))`;
  return new Worker(load, { ...options, eval: true });
}
