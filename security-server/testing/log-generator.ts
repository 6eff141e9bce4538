import type { ClientId, ServiceId } from '../../gateway/identifier/index.ts';
import type { LogEntry } from '../../gateway/road/index.ts';
import type { SqliteMessageLog } from '../message-log/index.ts';

export interface LogToFill {
  readonly log: Pick<SqliteMessageLog, 'record'>;
  /** One signed message, whose octets all records have. */
  readonly template: LogEntry;
  readonly count: number;
  /** Number of the first: a log may be filled in several goes. */
  readonly first?: number;
  /** Puts the clock of the log on. */
  readonly setClock: (atMs: number) => void;
  /** Instants of the first record and of the one after the last. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly onProgress?: (done: number) => void;
}

/** Records that wait for the disk at once. */
const inFlight = 1_000;
const members = 40;
const services = ['person', 'address', 'vehicle', 'tax', 'school', 'permit'] as const;

/**
 * Fills a log through its own door as an administration would over months: many parties and services, requests and
 * their responses, some of them failed. Record `n` is always the same.
 */
export async function fillLog(filling: LogToFill): Promise<void> {
  const { log, template, count, first = 0, setClock, fromMs, toMs, onProgress } = filling;
  for (let done = 0; done < count; done += inFlight) {
    const batch = Math.min(inFlight, count - done);
    setClock(Math.floor(fromMs + ((toMs - fromMs) * done) / count));
    await Promise.all(
      Array.from({ length: batch }, (_, index) => log.record(nthEntry(template, first + done + index))),
    );
    onProgress?.(done + batch);
  }
}

/** The `n`th message: even ones are requests, each followed by its response. */
function nthEntry(template: LogEntry, n: number): LogEntry {
  const exchange = Math.floor(n / 2);
  const isRequest = n % 2 === 0;
  return {
    ...template,
    direction: isRequest ? 'request' : 'response',
    side: exchange % 3 === 0 ? 'client' : 'provider',
    client: nthClient(exchange),
    service: nthService(exchange),
    queryId: `query-${exchange}`,
    requestId: `00000000-0000-4000-8000-${String(exchange).padStart(12, '0')}`,
    ...(exchange % 5 === 0 && { userId: `EE${exchange % 100_000}` }),
    ...(exchange % 50 === 0 && { issue: `case-${exchange}` }),
    ...(!isRequest && { status: exchange % 97 === 0 ? 500 : 200 }),
  };
}

export function nthClient(exchange: number): ClientId {
  // Few ask much, many ask little.
  const member = Math.floor((members * ((exchange * 7919) % 10_007) ** 2) / 10_007 ** 2);
  return {
    ...{ kind: 'SUBSYSTEM', instance: 'DEV', memberClass: 'GOV', memberCode: String(1000 + member) },
    subsystemCode: 'portal',
  };
}

export function nthService(exchange: number): ServiceId {
  const serviceCode = services[exchange % services.length] ?? 'person';
  return {
    ...{ kind: 'SERVICE', instance: 'DEV', memberClass: 'GOV', memberCode: String(exchange % 7) },
    ...{ subsystemCode: 'data', serviceCode },
  };
}
