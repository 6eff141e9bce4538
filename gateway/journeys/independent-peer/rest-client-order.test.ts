import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Asking, startAsking } from './asking.ts';
import type { RequestWish } from './client.ts';
import { hasOpenssl } from './pki.ts';
import { type Part, partTypes } from './wire.ts';

const body = Buffer.from('{"a":1}');
type Parts = readonly Part[];
type Headers = readonly (readonly [string, string])[];

const without = (type: string) => (parts: Parts) => parts.filter((part) => part.type !== type);
const only = (parts: Parts, type: string) => parts.filter((part) => part.type === type);
const twice = (type: string) => (parts: Parts) =>
  parts.flatMap((part) => (part.type === type ? [part, part] : [part]));
/** Moves the parts of a type to the front, or to the end. */
const first = (type: string) => (parts: Parts) => [...only(parts, type), ...without(type)(parts)];
const last = (type: string) => (parts: Parts) => [...without(type)(parts), ...only(parts, type)];
const added = (part: Part) => (parts: Parts) => [...parts, part];
const header = (name: string, value?: string) => (headers: Headers) => [
  ...headers.filter(([one]) => one !== name),
  ...(value === undefined ? [] : [[name, value] as const]),
];
const line = (text: string) => (lines: readonly string[]) => [...lines, text];
const noLine = (name: string) => (lines: readonly string[]) =>
  lines.filter((one) => !one.toLowerCase().startsWith(`${name}:`));

describe.skipIf(!hasOpenssl)('a request between servers is taken in its one order', () => {
  let asking: Asking;
  beforeAll(async () => {
    asking = await startAsking();
  });
  afterAll(() => asking?.close());

  it.each<[string, string, RequestWish]>([
    ['x-hash-algorithm is missing', 'internal_error', { headers: header('x-hash-algorithm') }],
    ['x-hash-algorithm is SHA-1', 'internal_error', { headers: header('x-hash-algorithm', 'SHA-1') }],
    ['x-road-request-id is missing', 'invalid_request', { headers: header('x-road-request-id') }],
    [
      'x-road-request-id is of another message',
      'invalid_request',
      { headers: header('x-road-request-id', '11111111-2222-4333-8444-555555555555') },
    ],
    [
      'x-proxy-version is missing',
      'client_proxy_version_not_supported',
      { headers: header('x-proxy-version') },
    ],
    [
      'x-proxy-version is older than the least one taken',
      'client_proxy_version_not_supported',
      { headers: header('x-proxy-version', '7.5.9') },
    ],
    [
      'x-proxy-version is no version',
      'client_proxy_version_not_supported',
      { headers: header('x-proxy-version', 'seven') },
    ],
    ['the method is PUT', 'invalid_http_method', { method: 'PUT' }],
    ['there is no content type', 'invalid_request', { headers: header('content-type') }],
    ['it is a fault', 'service_failed.invalid_content_type', { headers: header('content-type', 'text/xml') }],
    [
      'it is multipart of another kind',
      'service_failed.invalid_content_type',
      { headers: header('content-type', 'multipart/related; boundary=x') },
    ],
    [
      'there is no boundary',
      'service_failed.invalid_content_type',
      { headers: header('content-type', 'multipart/mixed') },
    ],
    [
      'the boundary is another',
      'service_failed.mime_parsing_failed',
      { headers: header('content-type', 'multipart/mixed; boundary=another') },
    ],
    ['it says that it is SOAP', 'missing_soap', { headers: header('x-road-message-type') }],
    ['it says something else than REST', 'missing_soap', { headers: header('x-road-message-type', 'rest') }],
  ])('header fields: refused when %s', async (_name, code, wish) => {
    expect(await asking.refusal(wish)).toBe(code);
  });

  it.each([
    ['7.8.0', '7.8.0', 'answered'],
    ['7.8.0-rc1', '7.8.0', 'client_proxy_version_not_supported'],
    ['7.7.9', '7.8.0', 'client_proxy_version_not_supported'],
    ['7.6.0', undefined, 'answered'],
  ])('a server of release %s asks a service that takes %s and later: %s', async (version, least, outcome) => {
    const { ministryAdmin } = asking.peer.network;
    const path = '/clients/PILOT%3AGOV%3A1001%3Apopulation/services/echo';
    const { minimumPeerVersion: _former, ...service } =
      await ministryAdmin.get<Record<string, unknown>>(path);
    await ministryAdmin.put(path, { ...service, ...(least !== undefined && { minimumPeerVersion: least }) });
    const wish = { headers: header('x-proxy-version', version) };
    const found = await (outcome === 'answered' ? asking.outcome(wish) : asking.refusal(wish));
    expect(found).toBe(outcome);
  });

  it.each<[string, RequestWish]>([
    ['the algorithm in small letters', { headers: header('x-hash-algorithm', 'sha-512') }],
    [
      'names of header fields in capitals',
      { headers: (all) => all.map(([name, value]) => [name.toUpperCase(), value] as const) },
    ],
    [
      'names of part headers in capitals and bare line feeds',
      {
        bytes: (bytes) =>
          Buffer.from(bytes.toString('latin1').replaceAll('content-type: ', 'CONTENT-TYPE: '), 'latin1'),
      },
    ],
    ['a head with bare line feeds', { lines: (lines) => [lines.join('\n')] }],
    [
      'SHA-256 for everything',
      { headers: header('x-hash-algorithm', 'SHA-256'), evidence: { digest: 'sha256' } },
    ],
    [
      'SHA-384 for everything',
      { headers: header('x-hash-algorithm', 'sha-384'), evidence: { digest: 'sha384' } },
    ],
  ])('taken: %s', async (_name, wish) => {
    expect(await asking.outcome({ body, ...wish })).toBe('answered');
  });

  it.each<[string, string, RequestWish['parts']]>([
    ['no head', 'service_failed.invalid_content_type', without(partTypes.restRequest)],
    ['no signature', 'missing_signature', without(partTypes.signature)],
    ['no parts at all', 'missing_rest', () => []],
    ['only a signature', 'service_failed.invalid_content_type', (parts) => only(parts, partTypes.signature)],
    ['the head twice', 'service_failed.invalid_content_type', twice(partTypes.restRequest)],
    ['the body twice', 'service_failed.invalid_content_type', twice(partTypes.restBody)],
    ['the chain result twice', 'service_failed.invalid_content_type', twice(partTypes.chainResult)],
    ['the chain twice', 'service_failed.invalid_content_type', twice(partTypes.chain)],
    ['the signature twice', 'service_failed.invalid_message', twice(partTypes.signature)],
    ['the body before the head', 'service_failed.invalid_content_type', first(partTypes.restBody)],
    ['the body after the chain', 'service_failed.invalid_message', last(partTypes.restBody)],
    ['the signature first', 'service_failed.invalid_content_type', first(partTypes.signature)],
    [
      'the chain before its result',
      'service_failed.invalid_content_type',
      (parts) => swap(parts, partTypes.chainResult),
    ],
    [
      'the signature before the chain',
      'service_failed.invalid_message',
      (parts) => swap(parts, partTypes.chain),
    ],
    ['its status after the head', 'ssl_authentication_failed', (parts) => swap(parts, partTypes.status)],
    [
      'another status after the head',
      'service_failed.invalid_content_type',
      (parts) => parts.flatMap((part, at) => (at === 1 ? [part, ...parts.slice(0, 1)] : [part])),
    ],
    [
      'another status after the signature',
      'service_failed.invalid_message',
      (parts) => [...parts, ...parts.slice(0, 1)],
    ],
    [
      'something of no known type',
      'service_failed.invalid_content_type',
      (parts) => parts.flatMap((part, at) => (at === 2 ? [{ type: 'text/plain', body }, part] : [part])),
    ],
    ['a fault after the signature', 'service_failed.invalid_message', added({ type: 'text/xml', body })],
    ['a fault instead of its end', 'missing_signature', fault],
    [
      'an answer’s head',
      'service_failed.invalid_content_type',
      (parts) =>
        parts.map((part) =>
          part.type === partTypes.restRequest ? { ...part, type: partTypes.restResponse } : part,
        ),
    ],
  ])('parts: refused with %s', async (_name, code, parts) => {
    expect(await asking.refusal({ body, ...(parts && { parts }) })).toBe(code);
  });

  it.each<[string, string, RequestWish]>([
    [
      'ends in the middle',
      'service_failed.mime_parsing_failed',
      { bytes: (bytes) => bytes.subarray(0, -200) },
    ],
    [
      'lacks its closing boundary',
      'service_failed.mime_parsing_failed',
      { bytes: (bytes) => bytes.subarray(0, -42) },
    ],
    [
      'has a part without content type',
      'service_failed.invalid_content_type',
      {
        bytes: (bytes) => Buffer.from(bytes.toString('latin1').replace('content-type', 'x-other'), 'latin1'),
      },
    ],
    [
      'has a part header without an end',
      'service_failed.mime_parsing_failed',
      { parts: ([one, ...more]) => [{ ...one, type: `a/${'b'.repeat(200_000)}` } as Part, ...more] },
    ],
    [
      'has more statuses than any chain',
      'service_failed.invalid_message',
      { parts: (parts) => [...Array(200).fill(parts[0]), ...parts] as Part[] },
    ],
  ])('bytes: refused when the message %s', async (_name, code, wish) => {
    expect(await asking.refusal({ body, ...wish })).toBe(code);
  });

  it.each([
    ...['transfer-encoding', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'te', 'trailer'],
    ...['upgrade', 'connection', 'user-agent', 'host', 'content-length', 'server', 'expect', 'Host', 'TE'],
  ])('a head that still has the field %s is refused', async (name) => {
    expect(await asking.refusal({ lines: line(`${name}:x`) })).toBe('service_failed.invalid_message');
  });

  it.each<[string, string, RequestWish]>([
    ['names no client', 'invalid_client_identifier', { lines: noLine('x-road-client') }],
    ['has no message id', 'internal_error', { lines: noLine('x-road-id') }],
    ['has no request id', 'internal_error', { lines: noLine('x-road-request-id') }],
    ['has a client of two parts', 'invalid_client_identifier', { lines: line('X-Road-Client:PILOT/GOV') }],
    [
      'has a client with a bad escape',
      'invalid_client_identifier',
      { lines: line('X-Road-Client:PILOT/GOV/3001/%zz') },
    ],
    [
      'is pinned to the other server',
      'invalid_security_server',
      { lines: line('X-Road-Security-Server:PILOT/MUN/2001/ss2') },
    ],
    [
      'is pinned to a server of three parts',
      'internal_error',
      { lines: line('X-Road-Security-Server:PILOT/GOV/1001') },
    ],
    [
      'has a represented party of three parts',
      'internal_error',
      { lines: line('X-Road-Represented-Party:a/b/c') },
    ],
    ['has a line without colon', 'service_failed.invalid_message', { lines: line('nothing') }],
    ['has a verb of no kind', 'internal_error', { verb: 'BREW' }],
    ['has a verb in small letters', 'internal_error', { verb: 'get' }],
    ['asks a provider of the other server', 'unknown_member', { target: '/r1/PILOT/MUN/2001/portal/echo' }],
    ['asks an unknown service', 'unknown_service', { target: '/r1/PILOT/GOV/1001/population/nothing' }],
  ])('a head that %s is refused', async (_name, code, wish) => {
    expect(await asking.refusal(wish)).toBe(code);
  });

  it('a head that names its client twice is read by the last one', async () => {
    const lines = (all: readonly string[]) => ['X-Road-Client:PILOT/MUN/2001/portal', ...all];
    expect(await asking.outcome({ lines })).toBe('answered');
    const other = (all: readonly string[]) => [...all, 'X-Road-Client:PILOT/MUN/2001/portal'];
    expect(await asking.refusal({ lines: other })).toBe('ssl_authentication_failed');
  });

  it.each([
    '/r1/PILOT/GOV/1001/population/echo/a%2Fb',
    '/r1/PILOT/GOV/1001/population/echo/%2e%2e/x',
    '/r1/PILOT/GOV/1001/population/echo/../x',
    '/r1/PILOT/GOV/1001/population/echo/./x',
    '/r1/PILOT/GOV/1001/population/echo/a%5Cb',
    '/r1/PILOT/GOV/1001/population/echo/a;b=..',
    '/r1/PILOT/GOV/1001/population/echo//x',
    '/r1/PILOT/GOV/1001/population/echo/a b',
    '/r1/PILOT/GOV/1001/population/echo/{a}',
    '/r1/PILOT/GOV/1001/population/echo/a|b',
    '/r1/PILOT/GOV/1001/population/echo/"',
    '/r1/PILOT/GOV/1001/population/echo/%zz',
    '/r1/PILOT/GOV/1001/population/echo/%00',
    '/r1/PILOT/GOV/1001/population/echo#f',
    '/r1/PILOT/GOV/1001/population',
    '/r2/PILOT/GOV/1001/population/echo',
    '/r1/PILOT/GOV//population/echo',
    'http://other/r1/PILOT/GOV/1001/population/echo',
    '//other/r1/PILOT/GOV/1001/population/echo',
    'r1/PILOT/GOV/1001/population/echo',
  ])('the target %s is refused', async (target) => {
    expect(await asking.refusal({ target })).toBe('internal_error');
  });
});

/** Puts a part behind the one that follows it. */
function swap(parts: Parts, type: string): Parts {
  const at = parts.findIndex((part) => part.type === type);
  const [moved, next, ...rest] = parts.slice(at);
  if (moved === undefined || next === undefined) throw new Error(`${type} has no follower`);
  return [...parts.slice(0, at), next, moved, ...rest];
}

function fault(parts: Parts): Parts {
  const text = '<Fault><faultcode>server.clientproxy.io_error</faultcode></Fault>';
  return [...parts.slice(0, 2), { type: 'text/xml; charset=UTF-8', body: Buffer.from(text) }];
}
