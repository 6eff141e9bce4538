import type { IncomingHttpHeaders } from 'node:http';

/** Where an exchange belongs in a trace that others began. @see W3C Trace Context, Recommendation of 2021-11-23 */
export interface TraceContext {
  /** 32 hex digits. */
  readonly traceId: string;
  /** Of the span that asked: 16 hex digits. */
  readonly parentId: string;
  /** Whether whoever began the trace wants it kept. */
  readonly isSampled: boolean;
  /** `tracestate` as it came. */
  readonly state?: string;
}

const parentForm =
  /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
/** Nobody has to carry more. §3.3.1.5 */
const maxState = 512;

/** @returns undefined when there is none, or none that can be understood, which is as good */
export function readTraceContext(headers: Pick<IncomingHttpHeaders, string>): TraceContext | undefined {
  const { traceparent, tracestate } = headers;
  if (typeof traceparent !== 'string' || traceparent.length > 200) return undefined;
  const [, version, traceId, parentId, flags, more] = parentForm.exec(traceparent) ?? [];
  if (traceId === undefined || parentId === undefined || flags === undefined) return undefined;
  // Of this version nothing follows; what later ones append is theirs. §3.2.4
  if (version === '00' && more !== undefined) return undefined;
  const state = typeof tracestate === 'string' && isState(tracestate) ? { state: tracestate } : {};
  return { traceId, parentId, isSampled: (Number.parseInt(flags, 16) & 1) === 1, ...state };
}

function isState(text: string): boolean {
  return text !== '' && text.length <= maxState && /^[\t\x20-\x7e]*$/.test(text);
}

/** @returns lower-case header names with their values */
export function writeTraceContext({
  traceId,
  parentId,
  isSampled,
  state,
}: TraceContext): readonly (readonly [string, string])[] {
  const parent = ['traceparent', `00-${traceId}-${parentId}-0${isSampled ? '1' : '0'}`] as const;
  return state === undefined ? [parent] : [parent, ['tracestate', state]];
}
