import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Fault } from '../fault/index.ts';
import { checkConsistent, composeRestRequest, composeRestResponse, parseRestResponse } from './index.ts';

const { request } = composeRestRequest({
  verb: 'GET',
  target: '/r1/DEV/COM/222/Sub%202/echo/items',
  rawHeaders: ['X-Road-Client', 'DEV/COM/111/Sub1', 'X-Road-Id', 'id-1'],
  instance: 'DEV',
  requestId: '7f9a7a4e-1c55-4f3a-9a63-0c6b2a1d0e01',
  newMessageId: () => 'unused',
});

function compose(headers: readonly (readonly [string, string])[], status = 200, reason = 'OK'): Buffer {
  return composeRestResponse({ status, reason, headers, request, requestHash: 'aGFzaA==' });
}

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof Fault) return error.code;
    throw error;
  }
  return 'none';
}

const appended = [
  'x-road-id:id-1',
  'x-road-client:DEV/COM/111/Sub1',
  'x-road-service:DEV/COM/222/Sub%202/echo',
  'x-road-request-id:7f9a7a4e-1c55-4f3a-9a63-0c6b2a1d0e01',
  'x-road-request-hash:aGFzaA==',
];

describe('the head of a response', () => {
  it('is status, reason, kept headers and five of ours', () => {
    const head = compose([
      ['Content-Type', 'text/plain'],
      ['Content-Length', '3'],
      ['Connection', 'keep-alive'],
      ['SERVER', 'x'],
      ['X-Road-Id', 'forged'],
      ['x-road-client', 'forged'],
      ['X-Road-Request-Id', 'forged'],
      ['X-Road-Request-Hash', 'forged'],
      ['Set-Cookie', 'a=1'],
      ['set-cookie', 'b=2'],
    ]);
    const lines = [
      '200',
      'OK',
      'Content-Type:text/plain',
      'Set-Cookie:a=1',
      'set-cookie:b=2',
      ...appended,
      '',
    ];
    expect(head.toString()).toBe(lines.join('\r\n'));
  });

  it('keeps a service header of that name, and ours behind it counts', () => {
    const head = compose([['X-Road-Service', 'DEV/COM/9/other/one']]);
    expect(head.toString()).toContain('X-Road-Service:DEV/COM/9/other/one\r\n');
    expect(parseRestResponse(head).service).toEqual(request.service);
  });

  it('is read again as it was composed', () => {
    expect(parseRestResponse(compose([['A', 'b']], 404, 'Not Found'))).toMatchObject({
      kind: 'response',
      status: 404,
      reason: 'Not Found',
      client: request.client,
      service: request.service,
      id: 'id-1',
      requestId: request.requestId,
      requestHash: 'aGFzaA==',
    });
  });

  it('has a reason line even when the reason is empty or odd', () => {
    expect(parseRestResponse(compose([], 299, '')).reason).toBe('');
    expect(parseRestResponse(compose([], 299, 'a\r\nb')).reason).toBe('a  b');
  });

  it('refuses a header of the service that would become two', () => {
    expect(codeOf(() => compose([['a', 'b\nx-road-id:2']]))).toBe('InternalError');
  });

  it.each(['x-road-id', 'x-road-client', 'x-road-service', 'x-road-request-id', 'x-road-request-hash'])(
    'is refused without %s, or with an empty one',
    (name) => {
      const lines = compose([]).toString().split('\r\n');
      const without = lines.filter((line) => !line.startsWith(`${name}:`));
      const empty = lines.map((line) => (line.startsWith(`${name}:`) ? `${name}:` : line));
      for (const head of [without, empty]) {
        expect(codeOf(() => parseRestResponse(Buffer.from(head.join('\r\n'))))).toBe('InvalidMessage');
      }
    },
  );

  it.each(['GET', '20', '2000', '099', '100', '101', '199', ''])(
    'is refused when it begins with "%s"',
    (status) => {
      const head = compose([]).toString().replace(/^200/, status);
      expect(codeOf(() => parseRestResponse(Buffer.from(head)))).toBe('InvalidMessage');
    },
  );

  it('is refused when it carries a hop header', () => {
    const head = compose([]).toString().replace('OK\r\n', 'OK\r\nTransfer-Encoding:chunked\r\n');
    expect(codeOf(() => parseRestResponse(Buffer.from(head)))).toBe('InvalidMessage');
  });

  it('raises a fault and nothing else for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(codeOf(() => parseRestResponse(Buffer.from(bytes)))).toBe('InvalidMessage');
      }),
    );
  });
});

describe('a response is matched to its request', () => {
  const response = parseRestResponse(compose([]));

  it('when everything agrees', () => {
    expect(codeOf(() => checkConsistent(request, response, 'aGFzaA=='))).toBe('none');
  });

  it.each([
    ['client', { client: { ...request.client, memberCode: '112' } }],
    [
      'client that is the member, not the subsystem',
      { client: { kind: 'MEMBER' as const, instance: 'DEV', memberClass: 'COM', memberCode: '111' } },
    ],
    ['message id', { id: 'id-2' }],
    ['service', { service: { ...request.service, serviceCode: 'other' } }],
    ['request id', { requestId: '7f9a7a4e-1c55-4f3a-9a63-0c6b2a1d0e02' }],
    ['request hash', { requestHash: 'aGFzaa==' }],
  ])('and refused for another %s', (_title, changed) => {
    expect(codeOf(() => checkConsistent(request, { ...response, ...changed }, 'aGFzaA=='))).toBe(
      'InconsistentResponse',
    );
  });
});
