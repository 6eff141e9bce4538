import { randomUUID } from 'node:crypto';
import { type ClientId, parseEncodedClient, printRest } from '../../gateway/identifier/index.ts';
import { composeEnvelope } from '../../gateway/soap/index.ts';
import { escapeAttribute } from '../../gateway/xml/index.ts';
import type { ExampleCall } from '../example-calls/index.ts';
import type { OutlinedOperation } from '../openapi/index.ts';
import { serviceIdOf } from '../settings/index.ts';
import type { WsdlOutline } from '../wsdl/index.ts';
import type { CatalogueService } from './model.ts';
import type { OfferedEndpoint } from './read-methods.ts';

/** Who calls, from where. */
export type ExampleCaller = Pick<ExampleCall, 'server' | 'connectionType'> & { readonly client: ClientId };

/** A REST call as somebody would begin with: what it needs is there, with examples of the description or names. */
export interface RestExample extends ExampleCall {
  /** Behind the service code, with its query. */
  readonly path: string;
  readonly contentType?: string;
}

/** A call of an operation of a described service, or of an endpoint of one that is not. */
export function restExample(
  caller: ExampleCaller,
  service: CatalogueService,
  called: OutlinedOperation | OfferedEndpoint | undefined,
): RestExample {
  const path = called === undefined ? '' : 'parameters' in called ? filled(called) : walked(called.path);
  const body = called !== undefined && 'body' in called ? called.body : undefined;
  const id = serviceIdOf(parseEncodedClient(service.provider.id), service.serviceCode);
  const { server, connectionType, client } = caller;
  return {
    ...{ server, connectionType, path },
    method: called === undefined || called.method === '*' ? 'GET' : called.method,
    target: `/r1/${printRest(id)}${path}`,
    headers: [
      ['X-Road-Client', printRest(client)],
      ...(body === undefined ? [] : [['Content-Type', body.contentType] as const]),
      ...(called !== undefined && 'parameters' in called ? headersOf(called) : []),
    ],
    ...(body !== undefined && { contentType: body.contentType, body: body.example ?? '' }),
  };
}

/** The path of an operation with its parameters at their examples, else their names; queries that it demands. */
function filled({ path, parameters }: OutlinedOperation): string {
  const valueAt = (name: string, place: string) =>
    parameters.find((one) => one.in === place && one.name === name)?.example ?? name;
  const asked = parameters
    .filter((one) => one.in === 'query' && one.isRequired)
    .map(({ name }) => `${encodeURIComponent(name)}=${encodeURIComponent(valueAt(name, 'query'))}`);
  const walkedPath = path.replace(/\{([^{}/]+)\}|[^{]+|\{/g, (piece, name: string | undefined) =>
    name === undefined ? encoded(piece) : encodeURIComponent(valueAt(name, 'path')),
  );
  return `${walkedPath}${asked.length === 0 ? '' : `?${asked.join('&')}`}`;
}

/** A path glob with a name where a star stands. */
function walked(glob: string): string {
  return encoded(
    glob
      .replaceAll('**', '*')
      .replaceAll(/(?<!\\)\*/g, 'ID')
      .replaceAll('\\', ''),
  );
}

/** What may not stand in a path as it is; slashes, and what is encoded already, may. */
function encoded(path: string): string {
  return path
    .replace(/[^A-Za-z0-9\-._~!$&()*+,;=:@/%]/gu, (character) => encodeURIComponent(character))
    .replace(/%(?![0-9A-Fa-f]{2})/g, '%25');
}

/** Headers that an operation demands, save those of the road. */
function headersOf({ parameters }: OutlinedOperation): (readonly [string, string])[] {
  return parameters
    .filter(
      ({ in: place, isRequired, name }) => place === 'header' && isRequired && /^[A-Za-z-]+$/.test(name),
    )
    .filter(({ name }) => !/^(x-road-|content-|host$|connection$|transfer-)/i.test(name))
    .map(({ name, example = name }) => [name, example.replace(/[^ -~]/g, '?')] as const);
}

/** A call of a SOAP operation. */
export function soapExample(
  { server, connectionType, client }: ExampleCaller,
  { provider, serviceCode, serviceVersion }: CatalogueService,
  outline: WsdlOutline | undefined,
): ExampleCall {
  const service = serviceIdOf(parseEncodedClient(provider.id), serviceCode, serviceVersion);
  const told = outline?.element;
  // The road takes a body that is named after its service alone.
  const fits = told?.localName.startsWith(serviceCode) === true;
  const { namespace, localName } =
    fits && told !== undefined ? told : { namespace: '', localName: serviceCode };
  const isName = /^[\p{L}_][\p{L}\p{N}._-]*$/u.test(localName);
  const body =
    namespace === ''
      ? `<${isName ? localName : 'request'}/>`
      : `<s:${localName} xmlns:s="${escapeAttribute(namespace)}"/>`;
  const header = { client, service, id: randomUUID(), protocolVersion: '4.0' };
  return {
    ...{ server, connectionType, method: 'POST', target: '/' },
    headers: [['Content-Type', 'text/xml; charset=UTF-8']],
    body: composeEnvelope(header, body).toString(),
  };
}
