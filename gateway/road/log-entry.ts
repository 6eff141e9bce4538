import type { SignatureDocuments } from '../signature/index.ts';
import type { HeldBody } from '../transport/index.ts';
import type { LogEntry } from './needs.ts';
import type { Exchange } from './road.ts';

/** The evidence of one message of an exchange. */
export function logEntryOf(
  exchange: Exchange,
  place: Pick<LogEntry, 'direction' | 'side' | 'at' | 'status'>,
  message: SignatureDocuments & { readonly head: Buffer; readonly attachments: readonly HeldBody[] },
): LogEntry {
  const { protocol, client, service, id, requestId, userId, issue } = exchange;
  const { head, attachments, signature, hashChainResult, hashChain } = message;
  return {
    ...{ protocol, queryId: id, requestId, client, service, head, attachments, signature },
    ...place,
    ...(userId !== undefined && { userId }),
    ...(issue !== undefined && { issue }),
    ...(hashChainResult !== undefined && { hashChainResult }),
    ...(hashChain !== undefined && { hashChain }),
  };
}
