import { writeContainer } from '../../gateway/signature/index.ts';
import { openHeldFile } from '../../gateway/transport/index.ts';
import type { FoundRecord, SqliteMessageLog, StoredBody } from '../message-log/index.ts';

export interface NamedContainer {
  /** `<query id>-<request|response>-<record id>.asice` */
  readonly name: string;
  readonly bytes: Buffer;
}

/** An export is built in memory; larger exchanges are for the archive. */
const maxBodyBytes = 1024 * 1024 * 1024;

/** One record of the log as a container that proves it by itself. */
export async function containerOf(record: FoundRecord, log: SqliteMessageLog): Promise<NamedContainer> {
  const attachments = await Promise.all(record.bodies.map((body) => bytesOf(body, log)));
  const { timestamp, hashChainResult, hashChain } = record;
  const batch =
    timestamp?.result == null || timestamp.chain == null
      ? undefined
      : { hashChainResult: timestamp.result, hashChain: timestamp.chain, token: timestamp.token };
  const bytes = writeContainer({
    head: record.head,
    attachments,
    documents: {
      signature: Buffer.from(record.signature),
      ...(hashChainResult !== null && { hashChainResult: Buffer.from(hashChainResult) }),
      ...(hashChain !== null && { hashChain: Buffer.from(hashChain) }),
    },
    ...(batch !== undefined && { timestamp: batch }),
    at: new Date(record.at),
  });
  return { name: nameOf(record), bytes };
}

/** @see X-Road 7 signed document download: file names */
function nameOf({ queryId, direction, id }: FoundRecord): string {
  const encoded = encodeURIComponent(queryId).slice(0, 226);
  return `${encoded}-${direction}-${id.toString(32)}.asice`;
}

async function bytesOf(body: StoredBody, log: SqliteMessageLog): Promise<Buffer> {
  const path = log.bodyPath(body);
  if (body.bytes !== null) return Buffer.from(body.bytes);
  if (path === undefined || body.key === null)
    throw new Error(`body ${body.position} of a record has no bytes`);
  if (body.size > maxBodyBytes)
    throw new Error(`a body of ${body.size} octets is too large to export at once`);
  const chunks: Buffer[] = [];
  for await (const chunk of openHeldFile({ path, key: Buffer.from(body.key), size: body.size }))
    chunks.push(chunk);
  return Buffer.concat(chunks);
}
