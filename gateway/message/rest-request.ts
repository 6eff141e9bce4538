import { Fault } from '../fault/index.ts';
import {
  type ClientId,
  checkRepresentedParty,
  encodeSegment,
  IdentifierError,
  parseRestClient,
  parseRestServer,
  type ServerId,
} from '../identifier/index.ts';
import { readHead, writeHead } from './head-lines.ts';
import { type HeaderList, keptHeaders, lastHeader, pairHeaders } from './headers.ts';
import { type RestTarget, readTarget } from './rest-target.ts';

/** A REST request as its signed head says it. */
export interface RestRequest extends RestTarget {
  readonly kind: 'request';
  readonly verb: string;
  /** As signed, in order, with the sender's spelling. */
  readonly headers: HeaderList;
  readonly client: ClientId;
  /** Message id (`x-road-id`): the information system's, or made by the client side. */
  readonly id: string;
  /** UUID of this exchange (`x-road-request-id`). */
  readonly requestId: string;
  readonly userId?: string;
  readonly issue?: string;
  /** As sent: `[class/]code`, percent-encoded. */
  readonly representedParty?: string;
  /** The one server the request is for, when the information system chose it. */
  readonly securityServer?: ServerId;
}

/** One request of an information system as the HTTP server gives it. */
export interface IncomingRest {
  readonly verb: string;
  /** Raw target of the request line. */
  readonly target: string;
  /** Node's flat list of names and values. */
  readonly rawHeaders: readonly string[];
  /** Instance of this server, in front of ids it makes. */
  readonly instance: string;
  readonly requestId: string;
  readonly newMessageId: () => string;
}

const verbs: ReadonlySet<string> = new Set([
  'DELETE',
  'GET',
  'HEAD',
  'OPTIONS',
  'PATCH',
  'POST',
  'PUT',
  'TRACE',
]);

/** Set by the client side alone: an information system must not choose them. */
const ownHeaders: ReadonlySet<string> = new Set(['x-road-request-id', 'x-road-request-hash']);

/**
 * Makes the message head of an information system's request.
 * @throws Fault InternalError, InvalidClientIdentifier
 * @see X-Road message protocol for REST, headers
 */
export function composeRestRequest(incoming: IncomingRest): { request: RestRequest; head: Buffer } {
  const headers = keptHeaders(pairHeaders(incoming.rawHeaders), ownHeaders);
  headers.push(['x-road-request-id', incoming.requestId]);
  if (lastHeader(headers, 'x-road-id') === undefined) {
    headers.push(['x-road-id', `${encodeSegment(incoming.instance)}-${incoming.newMessageId()}`]);
  }
  const request = understand(incoming.verb, incoming.target, headers);
  return { request, head: writeHead(incoming.verb, incoming.target, headers) };
}

/**
 * Reads the head of a request that a peer sent, or that a log kept.
 * @param head bytes as signed
 * @throws Fault InvalidMessage, InternalError, InvalidClientIdentifier
 */
export function parseRestRequest(head: Buffer): RestRequest {
  const { first, second, headers } = readHead(head);
  return understand(first, second, headers);
}

/** Bad paths and identifiers are InternalError, for so do Java servers call them; the text tells what is wrong. */
function understand(verb: string, target: string, headers: HeaderList): RestRequest {
  if (!verbs.has(verb))
    throw new Fault('InternalError', 'The request has a method that REST messages do not know');
  const clientText = lastHeader(headers, 'x-road-client');
  if (clientText === undefined) throw new Fault('InvalidClientIdentifier', 'Header X-Road-Client is missing');
  const serverText = lastHeader(headers, 'x-road-security-server');
  const representedParty = lastHeader(headers, 'x-road-represented-party');
  if (representedParty !== undefined) read(representedParty, checkRepresentedParty, 'InternalError');
  const userId = lastHeader(headers, 'x-road-userid');
  const issue = lastHeader(headers, 'x-road-issue');
  return {
    kind: 'request',
    verb,
    ...read(target, readTarget, 'InternalError'),
    headers,
    client: read(clientText, parseRestClient, 'InvalidClientIdentifier'),
    id: filled(headers, 'x-road-id'),
    requestId: filled(headers, 'x-road-request-id'),
    ...(userId !== undefined && { userId }),
    ...(issue !== undefined && { issue }),
    ...(representedParty !== undefined && { representedParty }),
    ...(serverText !== undefined && { securityServer: read(serverText, parseRestServer, 'InternalError') }),
  };
}

function filled(headers: HeaderList, name: string): string {
  const value = lastHeader(headers, name);
  if (value === undefined || value === '')
    throw new Fault('InternalError', `Header ${name} is missing or empty`);
  return value;
}

function read<T>(
  text: string,
  parse: (text: string) => T,
  code: 'InternalError' | 'InvalidClientIdentifier',
): T {
  try {
    return parse(text);
  } catch (cause) {
    if (cause instanceof IdentifierError) throw new Fault(code, cause.message, { cause });
    throw cause;
  }
}
