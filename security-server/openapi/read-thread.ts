/** The thread that reads one description: a large one in YAML takes seconds, and must hold up no exchange. */
import { parentPort, workerData } from 'node:worker_threads';
import { OpenApiError, type OpenApiErrorCode } from './error.ts';
import { type OpenApiOutline, outlineOpenApi } from './outline.ts';
import { type ReadOpenApi, readOpenApi } from './read.ts';

/** A description of a service of this server, with the path under which callers reach it, or of somebody else's. */
export interface ReadTask {
  readonly bytes: Uint8Array;
  /** Absent: what it tells callers is wanted. */
  readonly roadPath?: string;
}

export type ReadOutcome =
  | { readonly read: ReadOpenApi }
  | { readonly outline: OpenApiOutline }
  | { readonly refused: { readonly code: OpenApiErrorCode; readonly message: string } };

function outcomeOf({ bytes, roadPath }: ReadTask): ReadOutcome {
  try {
    if (roadPath === undefined) return { outline: outlineOpenApi(bytes) };
    return { read: readOpenApi(bytes, roadPath) };
  } catch (error) {
    // Errors lose their class on the way between threads. Others end the thread, and are told by that.
    if (error instanceof OpenApiError) return { refused: { code: error.code, message: error.message } };
    throw error;
  }
}

parentPort?.postMessage(outcomeOf(workerData as ReadTask));
