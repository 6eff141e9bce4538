import type { IncomingMessage, ServerResponse } from 'node:http';
import { callerOf, checkClient, type PlainHandler } from '../../gateway/client-side/index.ts';
import type { GlobalConfiguration } from '../../gateway/configuration/index.ts';
import { Fault } from '../../gateway/fault/index.ts';
import { type ClientId, equal, parseEncodedClient, printEncoded } from '../../gateway/identifier/index.ts';
import type { Journal } from '../../gateway/journal/index.ts';
import type { ServerSettings } from '../../gateway/road/index.ts';
import { writeZip } from '../../gateway/signature/index.ts';
import { containerOf, type FoundRecord, type SqliteMessageLog } from '../message-log/index.ts';
import { listClients } from '../metadata/index.ts';
import { verificationConfiguration } from './verification-configuration.ts';

export interface PlainHandlerSources {
  readonly configuration: () => GlobalConfiguration;
  readonly settings: () => ServerSettings;
  readonly log: SqliteMessageLog;
  /** Told who is handed which messages, before they are. */
  readonly journal: Pick<Journal, 'append'>;
  /** Folder of the configuration as it lies on disk. */
  readonly configurationDir: string;
  readonly now: () => Date;
}

const containerType = 'application/vnd.etsi.asic-e+zip';

/** GET handlers for information systems beside messages themselves: `/listClients`, `/asic`, `/verificationconf`. */
export function createPlainHandlers(sources: PlainHandlerSources): ReadonlyMap<string, PlainHandler> {
  return new Map<string, PlainHandler>([
    [
      '/listClients',
      async (incoming, outgoing, url) => {
        const instance = url.searchParams.get('xRoadInstance') ?? undefined;
        const answer = listClients(sources.configuration(), instance, incoming.headers.accept);
        send(outgoing, answer.status, answer.contentType, Buffer.from(answer.body));
      },
    ],
    [
      '/asic',
      plainly((incoming, outgoing, url) => sendContainers(incoming, outgoing, url.searchParams, sources)),
    ],
    [
      '/verificationconf',
      plainly(async (_incoming, outgoing) => {
        const zip = await verificationConfiguration(sources.configurationDir);
        send(outgoing, 200, 'application/zip', zip, 'verificationconf.zip');
      }),
    ],
  ]);
}

/** Refusals of these two are plain text with an HTTP status of their own. */
class Refusal extends Error {
  readonly status: 400 | 401 | 404 | 503;

  constructor(status: 400 | 401 | 404 | 503, message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

function plainly(handler: PlainHandler): PlainHandler {
  return async (incoming, outgoing, url) => {
    try {
      await handler(incoming, outgoing, url);
    } catch (error) {
      const isKnown = error instanceof Refusal || error instanceof Fault;
      if (!isKnown || outgoing.headersSent) throw error;
      const status = error instanceof Refusal ? error.status : 500;
      send(outgoing, status, 'text/plain; charset=utf-8', Buffer.from(`${error.message}\n`));
    }
  };
}

async function sendContainers(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  query: URLSearchParams,
  { settings, log, now, configuration, journal }: PlainHandlerSources,
): Promise<void> {
  const queryId = query.get('queryId');
  if (queryId === null || queryId === '')
    throw new Refusal(400, 'queryId=, the X-Road message id, is expected');
  const client = clientOf(query);
  try {
    checkClient(client, callerOf(incoming), settings(), now());
  } catch (error) {
    if (error instanceof Fault) throw new Refusal(401, error.message);
    throw error;
  }
  configuration();
  const wanted = wantedDirection(query);
  const isWanted = (record: FoundRecord) =>
    (wanted === undefined || record.direction === wanted) && concerns(record, client);
  let records = log.find(queryId).filter(isWanted);
  if (records.length === 0)
    throw new Refusal(404, `No message with id '${queryId}' of that client is in the log`);
  if (records.some(({ timestamp }) => timestamp === undefined)) {
    if (!query.has('force')) {
      throw new Refusal(404, 'The message has no timestamp yet; wait for the next round, or add &force');
    }
    await log.stampNow();
    records = log.find(queryId).filter(isWanted);
  }
  if (records.some(({ head }) => head === undefined)) {
    throw new Refusal(404, 'The message was not kept; its evidence is told by the auditor’s interface');
  }
  const isUnique = query.has('unique');
  if (isUnique && records.length > 1) {
    throw new Refusal(400, `${records.length} messages have that id; add &requestOnly or &responseOnly`);
  }
  writeDown(journal, client, queryId, records);
  const containers = await Promise.all(records.map((record) => containerOf(record, log)));
  const [only] = containers;
  if (isUnique && only !== undefined) {
    send(outgoing, 200, containerType, only.bytes, only.name);
    return;
  }
  const zip = writeZip(containers.map(({ name, bytes }) => ({ name, data: bytes })));
  send(outgoing, 200, 'application/zip', zip, 'asic.zip');
}

/** One event however many messages there are: nobody reads unseen, and asking costs no more than the answer. */
function writeDown(
  journal: PlainHandlerSources['journal'],
  client: ClientId,
  queryId: string,
  records: readonly FoundRecord[],
): void {
  try {
    journal.append({
      ...{ actor: `client:${printEncoded(client)}`, action: 'evidence.container-read', target: queryId },
      ...{ outcome: 'done', detail: { records: records.map(({ index }) => index) } },
    });
  } catch (cause) {
    const message = 'Who reads a message is written down first, and that failed: nothing is handed out';
    throw new Refusal(503, message, { cause });
  }
}

/** Who may fetch a message: the client that called, or the one that provided. */
function concerns(record: FoundRecord, client: ClientId): boolean {
  return equal(parseEncodedClient(record.side === 'client' ? record.client : record.provider), client);
}

function clientOf(query: URLSearchParams): ClientId {
  const names = ['xRoadInstance', 'memberClass', 'memberCode', 'subsystemCode'] as const;
  const [instance, memberClass, memberCode, subsystemCode] = names.map((name) => query.get(name) ?? '');
  if (!instance || !memberClass || !memberCode) {
    throw new Refusal(
      400,
      'xRoadInstance=, memberClass= and memberCode= are expected, subsystemCode= if there is one',
    );
  }
  const member = { kind: 'MEMBER', instance, memberClass, memberCode } as const;
  return subsystemCode ? { ...member, kind: 'SUBSYSTEM', subsystemCode } : member;
}

function wantedDirection(query: URLSearchParams): 'request' | 'response' | undefined {
  const [request, response] = [query.has('requestOnly'), query.has('responseOnly')];
  if (request && response) throw new Refusal(400, 'requestOnly and responseOnly exclude each other');
  return request ? 'request' : response ? 'response' : undefined;
}

function send(outgoing: ServerResponse, status: number, type: string, body: Buffer, name?: string): void {
  outgoing.writeHead(status, {
    'Content-Type': type,
    'Content-Length': body.length,
    ...(name !== undefined && { 'Content-Disposition': `attachment; filename="${name}"` }),
  });
  outgoing.end(body);
}
