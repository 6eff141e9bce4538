import type { GlobalConfiguration } from '../configuration/index.ts';
import type { Fault } from '../fault/index.ts';
import {
  composeRestResponse,
  normaliseServicePath,
  type RestRequest,
  requestHash,
} from '../message/index.ts';
import type { Exchange, ServerSettings } from '../road/index.ts';
import type { ReceivedMessage } from '../transport/index.ts';
import { serviceFault } from './call-service.ts';
import { checkService, countRequest, type ServiceCall } from './check-service.ts';
import { type ChosenService, type ContextHeaders, uncounted } from './chosen-service.ts';
import type { ProviderSide, UnsignedAnswer } from './provider-side.ts';
import type { FromPeer } from './receive-request.ts';
import type { AnswerToSend } from './send-answer.ts';

/**
 * The service that a REST request may reach.
 * @throws Fault UnknownService, ServiceType, AccessDenied, ClientProxyVersionNotSupported, ServiceDisabled, QuotaExceeded; BadRequest for a path with two readings
 */
export async function chooseRestService(
  request: RestRequest & Exchange & FromPeer,
  settings: ServerSettings,
  configuration: GlobalConfiguration,
  road: ProviderSide,
): Promise<ChosenService> {
  const builtIn = await road.builtIn(request, settings, configuration, road.clock.now());
  if (builtIn !== undefined) {
    return {
      count: uncounted,
      call: async ({ parts: [headPart] }) => {
        // Services of our own hash the request's head alone, even when a body came.
        const hash = requestHash(headPart?.digest);
        return { answer: restAnswer(builtIn, request, hash), abandon: () => undefined };
      },
    };
  }
  const path = normaliseServicePath(request.servicePath);
  const checked: ServiceCall = {
    ...{ exchange: request, endpoint: { method: request.verb, path }, settings, configuration },
    ...{ at: road.clock.now(), findUsedUp: (limits, at) => road.quotas.find(limits, at) },
  };
  const service = checkService(checked);
  const call = async (
    { attachments: [body], parts: [headPart, bodyPart] }: ReceivedMessage,
    context: ContextHeaders,
  ) => {
    const { abandon, ...answered } = await road.services.call(service, inTrace(request, context), body);
    const stream =
      answered.body === undefined
        ? {}
        : { body: faultsNamed(answered.body, (error) => serviceFault(error, service)) };
    const hash = requestHash(headPart?.digest, bodyPart?.digest);
    const answer = restAnswer({ ...answered, ...stream }, request, hash);
    return { answer, abandon, statusCode: answered.status };
  };
  return { count: () => countRequest(checked, road.quotas), call };
}

/** The request as the service gets it: what its client said of the trace, with our call as the parent. */
function inTrace<Request extends Pick<RestRequest, 'headers'>>(
  request: Request,
  context: ContextHeaders,
): Request {
  const parent = context.find(([name]) => name === 'traceparent');
  if (parent === undefined) return request;
  const headers = request.headers.map((header) =>
    header[0].toLowerCase() === 'traceparent' ? ([header[0], parent[1]] as const) : header,
  );
  return { ...request, headers };
}

function restAnswer(
  { status, reason, headers, body }: UnsignedAnswer,
  request: RestRequest,
  hash: string,
): AnswerToSend {
  return {
    headType: 'application/x-road-rest-response',
    head: composeRestResponse({ status, reason, headers, request, requestHash: hash }),
    ...(body !== undefined && { payload: { kind: 'rest-body', body } }),
  };
}

/** Errors of a stream that breaks half-way, told in our own words. */
export async function* faultsNamed(
  stream: AsyncIterable<Uint8Array>,
  name: (error: unknown) => Fault,
): AsyncGenerator<Uint8Array> {
  try {
    yield* stream;
  } catch (error) {
    throw name(error);
  }
}
