import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestOf } from './chain.ts';
import { type Giving, startGiving } from './giving.ts';
import { asker, member } from './join.ts';
import { writeStatus } from './ocsp.ts';
import { type Credential, hasOpenssl } from './pki.ts';
import { type AnswerWish, type Asked, writeAnswer } from './provider.ts';
import { type Part, partTypes, writeMultipart } from './wire.ts';

describe.skipIf(!hasOpenssl)('an answer to our request', () => {
  let giving: Giving;
  beforeAll(async () => {
    giving = await startGiving();
  });
  afterAll(() => giving?.close());

  const line = (name: string, value?: string) => (lines: readonly string[]) =>
    lines.flatMap((one) => {
      if (!one.startsWith(`${name}:`)) return [one];
      return value === undefined ? [] : [`${name}:${value}`];
    });

  it.each<[string, AnswerWish]>([
    ['without a body', { body: null }],
    ['with an empty body', { body: Buffer.alloc(0) }],
    [
      'with header fields spelt in capitals',
      {
        headers: () => ({
          'Content-Type': 'multipart/mixed; charset=UTF-8; boundary="xtopIndependentPeerOfThisNetworkTe"',
          'X-Hash-Algorithm': 'SHA-512',
        }),
      },
    ],
    [
      'whose service named itself before, for the last one counts',
      { lines: (lines) => ['200', 'OK', 'X-Road-Service:other', ...lines.slice(2)] },
    ],
    ['signed in a batch', { evidence: { form: 'chain' }, body: null }],
    [
      'of SHA-256 throughout',
      { headers: (all) => ({ ...all, 'x-hash-algorithm': 'SHA-256' }), evidence: { digest: 'sha256' } },
    ],
    ['with every part referenced directly', { evidence: { form: 'direct' } }],
  ])('is believed %s', async (_name, wish) => {
    expect(await giving.outcome(wish)).toBe('200');
  });

  it.each<[string, string, AnswerWish]>([
    ['has no message id', 'service_failed.invalid_message', { lines: line('x-road-id') }],
    ['has an empty message id', 'service_failed.invalid_message', { lines: line('x-road-id', '') }],
    ['has another message id', 'inconsistent_response', { lines: line('x-road-id', 'other') }],
    ['has no client', 'service_failed.invalid_message', { lines: line('x-road-client') }],
    ['has another client', 'inconsistent_response', { lines: line('x-road-client', asker) }],
    ['has no service', 'service_failed.invalid_message', { lines: line('x-road-service') }],
    [
      'has another service',
      'inconsistent_response',
      { lines: line('x-road-service', 'PILOT/GOV/3001/giver/other') },
    ],
    [
      'has a service of four parts',
      'service_failed.invalid_message',
      { lines: line('x-road-service', 'PILOT/GOV/3001/giver') },
    ],
    ['has no request id', 'service_failed.invalid_message', { lines: line('x-road-request-id') }],
    [
      'has another request id',
      'inconsistent_response',
      { lines: line('x-road-request-id', '11111111-2222-4333-8444-555555555555') },
    ],
    ['has no request hash', 'service_failed.invalid_message', { lines: line('x-road-request-hash') }],
    [
      'has an empty request hash',
      'service_failed.invalid_message',
      { lines: line('x-road-request-hash', '') },
    ],
    [
      'has another request hash',
      'inconsistent_response',
      { lines: line('x-road-request-hash', digestOf('x').toString('base64')) },
    ],
    [
      'has a field of the hop',
      'service_failed.invalid_message',
      { lines: (lines) => [...lines, 'Connection:close'] },
    ],
    [
      'has a status of two digits',
      'service_failed.invalid_message',
      { lines: (lines) => ['20', ...lines.slice(1)] },
    ],
    ['has no reason', 'service_failed.invalid_message', { lines: () => ['200'] }],
    [
      'has a status for information',
      'service_failed.invalid_message',
      { lines: (lines) => ['101', ...lines.slice(1)] },
    ],
  ])('is refused when its head %s', async (_name, code, wish) => {
    expect(await giving.outcome(wish)).toBe(code);
  });

  it('is refused when it was to another request', async () => {
    let kept: Asked | undefined;
    giving.provider.wish = (asked) => {
      kept = asked;
      return {};
    };
    await giving.ask({ headers: { 'X-Road-Id': 'same' } });
    const before = kept;
    if (before === undefined) throw new Error('nothing was asked');
    const bytes = await writeAnswer(giving.peer, before, {});
    const again = await giving.outcome({ bytes: () => bytes }, { headers: { 'X-Road-Id': 'same' } });
    expect(again).toBe('inconsistent_response');
  });

  const [body, signature] = [partTypes.restBody, partTypes.signature];
  const without = (type: string) => (parts: readonly Part[]) => parts.filter((part) => part.type !== type);
  const twice = (type: string) => (parts: readonly Part[]) =>
    parts.flatMap((part) => (part.type === type ? [part, part] : [part]));
  const faultPart: Part = {
    type: 'text/xml; charset=UTF-8',
    body: fault('server.serverproxy.service_failed'),
  };

  it.each<[string, string, AnswerWish]>([
    ['has no head', 'service_failed.invalid_content_type', { parts: without(partTypes.restResponse) }],
    ['has no signature', 'missing_signature', { parts: without(signature) }],
    ['has no parts', 'missing_rest', { parts: () => [] }],
    ['has its body twice', 'service_failed.invalid_content_type', { parts: twice(body) }],
    ['has its head twice', 'service_failed.invalid_content_type', { parts: twice(partTypes.restResponse) }],
    ['has its signature twice', 'service_failed.invalid_message', { parts: twice(signature) }],
    [
      'has a part after its signature',
      'service_failed.invalid_message',
      { parts: (parts) => [...parts, { type: body, body: Buffer.from('x') }] },
    ],
    [
      'has a fault after its signature',
      'service_failed.invalid_message',
      { parts: (parts) => [...parts, faultPart] },
    ],
    [
      'has the body before its head',
      'service_failed.invalid_content_type',
      { parts: ([head, content, ...more]) => [content, head, ...more] as Part[] },
    ],
    [
      'has a request’s head',
      'service_failed.invalid_content_type',
      { parts: ([head, ...more]) => [{ ...head, type: partTypes.restRequest } as Part, ...more] },
    ],
    [
      'lost its body',
      'signature_verification.malformed_signature.invalid_reference',
      { parts: without(body) },
    ],
    [
      'has another body',
      'signature_verification.malformed_signature.invalid_hash_chain_ref',
      {
        parts: (parts) =>
          parts.map((part) => (part.type === body ? { ...part, body: Buffer.from('other') } : part)),
      },
    ],
    [
      'ends in the middle',
      'service_failed.mime_parsing_failed',
      { bytes: (bytes) => bytes.subarray(0, -300) },
    ],
    [
      'has no x-hash-algorithm',
      'internal_error',
      { headers: (all) => ({ 'content-type': all['content-type'] ?? '' }) },
    ],
    [
      'has SHA-1 for x-hash-algorithm',
      'internal_error',
      { headers: (all) => ({ ...all, 'x-hash-algorithm': 'SHA-1' }) },
    ],
    ['has the status 404', 'http_error', { status: 404 }],
    ['has the status 204', 'http_error', { write: (outgoing) => void outgoing.writeHead(204).end() }],
    [
      'is moved elsewhere',
      'http_error',
      { write: (outgoing) => void outgoing.writeHead(302, { location: 'http://127.0.0.1:9/' }).end() },
    ],
    [
      'is a page',
      'service_failed.invalid_content_type',
      { headers: (all) => ({ ...all, 'content-type': 'text/html' }) },
    ],
    [
      'has no media type',
      'service_failed.invalid_content_type',
      { headers: (all) => ({ 'x-hash-algorithm': all['x-hash-algorithm'] ?? '' }) },
    ],
    ['is nothing', 'network_error', { write: (outgoing) => void outgoing.destroy() }],
  ])('is refused when it %s', async (_name, code, wish) => {
    expect(await giving.outcome(wish)).toBe(code);
  });

  it.each<[string, string, AnswerWish]>([
    [
      'as the whole answer',
      'server.serverproxy.access_denied',
      whole(200, 'server.serverproxy.access_denied'),
    ],
    [
      'in the older spelling',
      'Server.ServerProxy.AccessDenied',
      whole(200, 'Server.ServerProxy.AccessDenied'),
    ],
    [
      'with the status 500',
      'server.serverproxy.internal_error',
      whole(500, 'server.serverproxy.internal_error'),
    ],
    [
      'as the last part',
      'server.serverproxy.service_failed',
      { parts: ([head]) => [head as Part, faultPart] },
    ],
    [
      'in place of every part',
      'server.serverproxy.service_failed',
      { bytes: () => writeMultipart([faultPart]) },
    ],
  ])('a fault is told to the client: %s', async (_name, code, wish) => {
    expect(await giving.outcome(wish)).toBe(code);
  });

  it('what says that it is a fault and is none is refused', async () => {
    const write: AnswerWish['write'] = (outgoing) =>
      void outgoing.writeHead(200, { 'content-type': 'text/xml' }).end('<x/>');
    expect(await giving.outcome({ write })).toBe('invalid_message');
    expect(await giving.outcome(whole(200, ''))).toBe('invalid_message');
  });

  const by = (signer: Credential, responder: Credential = giving.peer.own.responder) => ({
    evidence: { signer, statuses: [writeStatus(signer, { responder })] },
  });
  it.each<[string, string, () => Promise<AnswerWish>]>([
    [
      'another member',
      'incorrect_certificate',
      async () => by(await giving.peer.own.issue('signing', { memberClass: 'GOV', memberCode: '1001' })),
    ],
    [
      'the client’s member',
      'incorrect_certificate',
      async () => by(await giving.peer.own.issue('signing', { memberClass: 'MUN', memberCode: '2001' })),
    ],
    [
      'an authentication certificate',
      'malformed_signature',
      async () => by(await giving.peer.own.issue('authentication', member)),
    ],
    [
      'a certificate that is over',
      'invalid_cert_path',
      async () => by(await giving.peer.own.issue('signing', member, -1)),
    ],
    [
      'a certificate of a foreign authority',
      'cannot_create_cert_path',
      async () => by(await giving.peer.foreign.issue('signing', member), giving.peer.foreign.responder),
    ],
    [
      'a revoked certificate',
      'cert_validation',
      async () => {
        const { own } = giving;
        const { responder } = giving.peer.own;
        return { evidence: { signer: own, statuses: [writeStatus(own, { responder, status: 'revoked' })] } };
      },
    ],
    ['nobody, for it is over something else', 'invalid_signature_value', async () => ({ ...overOther })],
    [
      'the right member, but only the head',
      'malformed_signature',
      async () => ({ evidence: { form: 'plain' } }),
    ],
  ])('is refused when it is signed by %s', async (_name, code, make) => {
    expect(await giving.outcome(await make())).toBe(`signature_verification.${code}`);
  });
});

const overOther: AnswerWish = {
  body: null,
  signed: () => [{ uri: '/message.xml', bytes: Buffer.from('other') }],
};

function fault(code: string): Buffer {
  return Buffer.from(
    `<?xml version="1.0" encoding="UTF-8"?><SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/"><SOAP-ENV:Body><SOAP-ENV:Fault><faultcode>${code}</faultcode><faultstring>told by the independent peer</faultstring><faultactor></faultactor><detail><faultDetail xmlns="">a-b-c</faultDetail></detail></SOAP-ENV:Fault></SOAP-ENV:Body></SOAP-ENV:Envelope>`,
  );
}

function whole(status: number, code: string): AnswerWish {
  return {
    write: (outgoing) =>
      void outgoing.writeHead(status, { 'content-type': 'text/xml;charset=utf-8' }).end(fault(code)),
  };
}
