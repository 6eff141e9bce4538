import { asFault, spellCode } from '../../gateway/fault/index.ts';
import type { Followed, RoadEvent, Step } from '../../gateway/road/index.ts';
import type { VouchedNames } from '../monitoring/index.ts';

/** A span in the JSON of OTLP. @see opentelemetry-proto trace/v1, "JSON Protobuf Encoding" */
export interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly traceState?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly OtlpAttribute[];
  readonly status: { readonly code?: number; readonly message?: string };
}

interface OtlpAttribute {
  readonly key: string;
  readonly value: { readonly stringValue: string } | { readonly intValue: string };
}

const kinds = { internal: 1, server: 2, client: 3 } as const;
const failed = 2;

/** Steps in which another is called. */
const calls: ReadonlySet<Step['name']> = new Set(['send', 'call service']);

/**
 * The spans of an exchange that was followed: one of this server's part, below that which asked, and one for each step.
 * Nothing in them is of a person or of the content: no users, message ids, paths or queries, no words of faults.
 */
export function spansOf(
  event: RoadEvent,
  followed: Followed,
  names: VouchedNames,
  newSpanId: () => string,
): OtlpSpan[] {
  const { side, error, trace, durationMs } = event;
  const { context, spanId, callId, startedAt, steps } = followed;
  const shared = {
    traceId: context.traceId,
    ...(context.state !== undefined && { traceState: context.state }),
  };
  const fault = error === undefined ? undefined : spellCode(asFault(error));
  const whole: OtlpSpan = {
    ...shared,
    ...{ spanId, parentSpanId: context.parentId, name: `exchange (${side} side)`, kind: kinds.server },
    ...between(startedAt, Math.max(startedAt + durationMs, ...steps.map(({ endedAt }) => endedAt))),
    attributes: attributesOf({
      'waygate.side': side,
      'xroad.protocol': trace?.exchange?.protocol,
      'xroad.client': names.client,
      'xroad.service': names.service,
      'xroad.request_id': trace?.exchange?.requestId,
      'http.request.method': trace?.restMethod,
      'http.response.status_code': trace?.statusCode,
      'waygate.fault': fault,
    }),
    status: fault === undefined ? {} : { code: failed, message: fault },
  };
  return [
    whole,
    ...steps.map(
      ({ name, startedAt: from, endedAt, isFailed }): OtlpSpan => ({
        ...shared,
        ...{ spanId: calls.has(name) ? callId : newSpanId(), parentSpanId: spanId, name },
        kind: calls.has(name) ? kinds.client : kinds.internal,
        ...between(from, endedAt),
        attributes: [],
        status: isFailed ? { code: failed } : {},
      }),
    ),
  ];
}

function between(startedAt: number, endedAt: number) {
  return { startTimeUnixNano: nanoseconds(startedAt), endTimeUnixNano: nanoseconds(endedAt) };
}

/** Of milliseconds: too many digits for a number. */
function nanoseconds(ms: number): string {
  return String(BigInt(Math.round(ms * 1_000)) * 1_000n);
}

function attributesOf(values: Readonly<Record<string, string | number | undefined>>): OtlpAttribute[] {
  return Object.entries(values).flatMap(([key, value]) => {
    if (value === undefined) return [];
    return [{ key, value: typeof value === 'number' ? { intValue: String(value) } : { stringValue: value } }];
  });
}

/** @param server identifier of this server, encoded */
export function requestOf(spans: readonly OtlpSpan[], server: string): object {
  const resource = { 'service.name': 'waygate-security-server', 'service.instance.id': server };
  return {
    resourceSpans: [
      {
        resource: { attributes: attributesOf(resource) },
        scopeSpans: [{ scope: { name: 'waygate' }, spans }],
      },
    ],
  };
}
