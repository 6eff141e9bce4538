import { containerNameOf, writeContainer } from '../../gateway/signature/index.ts';
import type { FoundRecord } from './model.ts';

/** Where bodies are read from. */
export interface BodySource {
  openBody(index: number, position: number): AsyncIterable<Buffer> | undefined;
}

export interface NamedContainer {
  /** `<query id>-<request|response>-<record id>.asice` */
  readonly name: string;
  readonly bytes: Buffer;
}

/** A container is built in memory. */
const maxBodyBytes = 1024 * 1024 * 1024;

/**
 * One record of the log as a container that proves it by itself. What was erased is left out of it: the signature
 * still tells its digest.
 */
export async function containerOf(record: FoundRecord, log: BodySource): Promise<NamedContainer> {
  const { timestamp, head, signature, hashChainResult, hashChain } = record;
  const attachments: (Buffer | undefined)[] = [];
  for (const { position, size } of record.bodies) {
    if (size > maxBodyBytes) throw new Error(`a body of ${size} octets is too large to export at once`);
    attachments[position - 1] = await wholeBody(log.openBody(record.index, position));
  }
  const bytes = writeContainer({
    ...(head !== undefined && { head }),
    attachments,
    documents: {
      signature,
      ...(hashChainResult !== null && { hashChainResult }),
      ...(hashChain !== null && { hashChain }),
    },
    ...(timestamp !== undefined && {
      timestamp: { hashChainResult: timestamp.result, hashChain: timestamp.chain, token: timestamp.token },
    }),
    at: new Date(record.at),
  });
  return { name: containerNameOf(record), bytes };
}

async function wholeBody(chunks: AsyncIterable<Buffer> | undefined): Promise<Buffer | undefined> {
  if (chunks === undefined) return undefined;
  const pieces: Buffer[] = [];
  for await (const chunk of chunks) pieces.push(chunk);
  return Buffer.concat(pieces);
}
