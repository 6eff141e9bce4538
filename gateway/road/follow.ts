import type { IncomingHttpHeaders } from 'node:http';
import type { StepName } from './followed.ts';
import type { ExchangeTrace, Road } from './road.ts';
import { readTraceContext, writeTraceContext } from './trace-context.ts';

/** Milliseconds since 1970, finer than whole ones. */
export function instant(): number {
  return performance.timeOrigin + performance.now();
}

/** Begins to follow an exchange, where that is switched on and whoever asks wants it followed. */
export function follow(
  trace: ExchangeTrace,
  headers: IncomingHttpHeaders,
  { newSpanId }: Pick<Road, 'newSpanId'>,
  startedAt: number,
): void {
  trace.context ??= readTraceContext(headers);
  if (newSpanId === undefined || trace.followed !== undefined || trace.context?.isSampled !== true) return;
  const { context } = trace;
  trace.followed = { context, startedAt, spanId: newSpanId(), callId: newSpanId(), steps: [] };
}

/** Does one step of an exchange, and notes how long it took if that is followed. */
export async function step<Result>(
  trace: ExchangeTrace,
  name: StepName,
  act: () => Promise<Result> | Result,
): Promise<Result> {
  const startedAt = instant();
  let isFailed = true;
  try {
    const result = await act();
    isFailed = false;
    return result;
  } finally {
    trace.followed?.steps.push({ name, startedAt, endedAt: instant(), isFailed });
  }
}

/**
 * What whoever is called next is told of the trace, beside the message: of our call, where it is followed; else of SOAP
 * as it came, for its messages carry no headers. Those of REST do, and nothing has to be added.
 */
export function contextOfCall(trace: ExchangeTrace): readonly (readonly [string, string])[] {
  const { followed, context, exchange } = trace;
  if (followed !== undefined) return writeTraceContext({ ...followed.context, parentId: followed.callId });
  return context === undefined || exchange?.protocol !== 'soap' ? [] : writeTraceContext(context);
}
