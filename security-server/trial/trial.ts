import { type ClientId, printRest, type ServiceId } from '../../gateway/identifier/index.ts';
import { type Loopback, postPinned } from '../management/index.ts';

/** A REST call that somebody tries. */
export interface TrialCall {
  /** Under which both servers keep the evidence. */
  readonly messageId: string;
  readonly client: ClientId;
  readonly service: ServiceId;
  readonly method: string;
  /** Behind the service code, with its query, as it is sent: empty or `/…`. */
  readonly path: string;
  readonly contentType?: string;
  readonly body?: string;
  /** X-Road-Issue: what it is for. */
  readonly issue?: string;
}

/** How it was answered, by the service or by the road. */
export interface TrialAnswer {
  readonly status: number;
  /** The refusal's code; absent when the service answered. */
  readonly errorCode?: string;
  readonly contentType: string;
  readonly body: Buffer;
  readonly durationMs: number;
}

/** A call that cannot be sent as it was written. */
export class TrialError extends Error {
  override readonly name = 'TrialError';
  readonly code = 'path-illegal';
}

/** Longer than services of this server may take. */
const timeoutMs = 60_000;

/**
 * Makes a real exchange as an information system of the client would: it goes through this server's own port for
 * information systems, is signed, recorded and timestamped on both sides, and counts against quotas.
 * @throws TrialError path-illegal; Fault NetworkError, InvalidMessage for an answer above 1 MiB
 */
export async function tryCall(
  { messageId, client, service, method, path, contentType = '', body = '', issue }: TrialCall,
  { url, certificate, context }: Loopback,
): Promise<TrialAnswer> {
  if (!/^(?:$|[/?][!-~]*$)/.test(path)) {
    throw new TrialError(
      'A path is empty, or begins with / or ?; other than ASCII letters are percent-encoded',
    );
  }
  const startedAt = performance.now();
  const answer = await postPinned({
    ...{ url, pinned: certificate, context, method, timeoutMs },
    target: `/r1/${printRest(service)}${path}`,
    ...{ contentType: contentType === '' ? 'application/json' : contentType, bytes: Buffer.from(body) },
    headers: {
      ...{ 'x-road-client': printRest(client), 'x-road-id': messageId },
      ...(issue !== undefined && { 'x-road-issue': issue }),
    },
  });
  const errorCode = answer.headers['x-road-error'];
  return {
    ...{ status: answer.status, contentType: answer.contentType, body: answer.bytes },
    ...(typeof errorCode === 'string' && { errorCode }),
    durationMs: performance.now() - startedAt,
  };
}
