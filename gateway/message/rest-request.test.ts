import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Fault } from '../fault/index.ts';
import { composeRestRequest, parseRestRequest, type RestRequest, requestHash } from './index.ts';

const sha512 = (bytes: string | Buffer) => createHash('sha512').update(bytes).digest();

const example = {
  verb: 'POST',
  target: '/r1/DEV/COM/222/Sub2/echo/items?x=1',
  rawHeaders: [
    ...['Host', 'localhost:8080', 'accept', 'application/json', 'X-Road-Client', 'DEV/COM/111/Sub1'],
    ...['Content-Type', 'application/json', 'Content-Length', '7'],
  ],
  instance: 'DEV',
  requestId: '7f9a7a4e-1c55-4f3a-9a63-0c6b2a1d0e01',
  newMessageId: () => '2b1d8c90-55f2-4d0b-8a44-6f2d8f1f7a10',
};

function compose(changed: Partial<typeof example>) {
  return composeRestRequest({ ...example, ...changed });
}

function headersOf(...rawHeaders: string[]): string[] {
  const { request } = compose({ rawHeaders: ['X-Road-Client', 'DEV/COM/111/Sub1', ...rawHeaders] });
  return request.headers.slice(1).map(([name, value]) => `${name}:${value}`);
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

describe('the worked example of the protocol', () => {
  it('gives the same 239 bytes of head', () => {
    const { head } = compose({});
    expect(head.toString()).toBe(
      [
        'POST',
        '/r1/DEV/COM/222/Sub2/echo/items?x=1',
        'accept:application/json',
        'X-Road-Client:DEV/COM/111/Sub1',
        'Content-Type:application/json',
        'x-road-request-id:7f9a7a4e-1c55-4f3a-9a63-0c6b2a1d0e01',
        'x-road-id:DEV-2b1d8c90-55f2-4d0b-8a44-6f2d8f1f7a10',
        '',
      ].join('\r\n'),
    );
    expect(head.length).toBe(239);
  });

  it('gives the same request hashes without, with and with an empty body', () => {
    const head = sha512(compose({}).head);
    expect(requestHash(head)).toBe(
      'iVeAMj1BNsFKLA+DocDAZCdDaChM94dP9yLqQtJGOCos/aexsyDJMGQ0p2IDfNVbzfwgV8ZI1MO/LEv521JqCw==',
    );
    expect(requestHash(head, sha512('{"a":1}'))).toBe(
      'Y94MK77MRMregFDOlm6RgUDPXolvwUYELMX7FZSuom0ev3mYclIwnOp7iqTpa4K+JMIQ/vfcXZivDQ9IqxAiLg==',
    );
    expect(requestHash(head, sha512(''))).toBe(
      'pqL7e2kbQMdX0ly0LdCaP0V6KRQJGl1xHj07QTCz0uxkWh0HD5bNT/mGP0aa50V7hoT+8rcqRybcPgm59nUONw==',
    );
  });

  it('is read again as it was composed', () => {
    const { request, head } = compose({});
    expect(parseRestRequest(head)).toEqual(request);
    expect(request).toMatchObject({
      verb: 'POST',
      path: '/r1/DEV/COM/222/Sub2/echo/items',
      query: 'x=1',
      servicePath: '/items',
      client: { kind: 'SUBSYSTEM', subsystemCode: 'Sub1' },
      service: { memberCode: '222', subsystemCode: 'Sub2', serviceCode: 'echo' },
      id: 'DEV-2b1d8c90-55f2-4d0b-8a44-6f2d8f1f7a10',
      requestId: '7f9a7a4e-1c55-4f3a-9a63-0c6b2a1d0e01',
    });
  });
});

describe('headers of a request', () => {
  const appended = [
    'x-road-request-id:7f9a7a4e-1c55-4f3a-9a63-0c6b2a1d0e01',
    'x-road-id:DEV-2b1d8c90-55f2-4d0b-8a44-6f2d8f1f7a10',
  ];

  it('lose the hop set whatever its spelling, and keep all others in order and spelling', () => {
    const hop = [
      ...['Transfer-Encoding', 'keep-alive', 'PROXY-AUTHENTICATE', 'Proxy-Authorization', 'TE', 'Trailer'],
      ...['Upgrade', 'Connection', 'User-Agent', 'HOST', 'Content-Length', 'Server', 'Expect'],
    ].flatMap((name) => [name, 'x']);
    expect(headersOf('Zeta', '1', ...hop, 'alPHA', '2', 'zeta', '3')).toEqual([
      'Zeta:1',
      'alPHA:2',
      'zeta:3',
      ...appended,
    ]);
  });

  it('lose the request id and hash that an information system made up', () => {
    expect(headersOf('X-Road-Request-Id', 'mine', 'x-road-request-hash', 'mine', 'a', 'b')).toEqual([
      'a:b',
      ...appended,
    ]);
  });

  it('keep the message id of the information system', () => {
    expect(headersOf('X-Road-Id', 'my-id')).toEqual(['X-Road-Id:my-id', appended[0]]);
  });

  it('count the last one when a name is repeated', () => {
    const { request } = compose({
      rawHeaders: [
        'X-Road-Client',
        'DEV/COM/1/A',
        'x-road-client',
        'DEV/COM/2/B',
        'x-road-id',
        '1',
        'X-Road-Id',
        '2',
      ],
    });
    expect(request.client).toMatchObject({ memberCode: '2', subsystemCode: 'B' });
    expect(request.id).toBe('2');
  });

  it('carry what X-Road knows of the call', () => {
    const { request } = compose({
      rawHeaders: [
        ...['X-Road-Client', 'DEV/COM/111', 'X-Road-UserId', 'EE123', 'X-Road-Issue', 'case 5'],
        ...['X-Road-Represented-Party', 'GOV/7', 'X-Road-Security-Server', 'DEV/COM/222/ss%201'],
      ],
    });
    expect(request).toMatchObject({
      client: { kind: 'MEMBER', memberCode: '111' },
      userId: 'EE123',
      issue: 'case 5',
      representedParty: 'GOV/7',
      securityServer: { kind: 'SERVER', serverCode: 'ss 1' },
    });
  });

  it('carry every byte an HTTP header may hold', () => {
    const value = `\t\u00e4\u00ff"';:=, \u0080`;
    const { request, head } = compose({ rawHeaders: [...example.rawHeaders, 'x', value] });
    expect(parseRestRequest(head).headers).toEqual(request.headers);
    expect(request.headers).toContainEqual(['x', value]);
  });
});

describe('a request is refused', () => {
  it.each([
    ['without client', { rawHeaders: [] }, 'InvalidClientIdentifier'],
    ['from a client of two parts', { rawHeaders: ['X-Road-Client', 'DEV/COM'] }, 'InvalidClientIdentifier'],
    [
      'from a client of five parts',
      { rawHeaders: ['X-Road-Client', 'a/b/c/d/e'] },
      'InvalidClientIdentifier',
    ],
    [
      'from a client with a bad escape',
      { rawHeaders: ['X-Road-Client', 'a/b/%zz'] },
      'InvalidClientIdentifier',
    ],
    ['with an empty message id', { rawHeaders: [...example.rawHeaders, 'x-road-id', ''] }, 'InternalError'],
    [
      'for a server of three parts',
      { rawHeaders: [...example.rawHeaders, 'X-Road-Security-Server', 'a/b/c'] },
      'InternalError',
    ],
    [
      'for a party of three parts',
      { rawHeaders: [...example.rawHeaders, 'X-Road-Represented-Party', 'a/b/c'] },
      'InternalError',
    ],
    [
      'with a header that would become two',
      { rawHeaders: [...example.rawHeaders, 'a', 'b\r\nx-road-id:2'] },
      'InternalError',
    ],
    [
      'with a header name that would become a value',
      { rawHeaders: [...example.rawHeaders, 'a:b', 'c'] },
      'InternalError',
    ],
    ['with another method', { verb: 'CONNECT' }, 'InternalError'],
    ['with a method in lower case', { verb: 'get' }, 'InternalError'],
    ['for another version', { target: '/r2/a/b/c/d/e' }, 'InternalError'],
    ['for a service without subsystem', { target: '/r1/a/b/c/d' }, 'InternalError'],
    ['for an empty service', { target: '/r1/a/b/c/d/' }, 'InternalError'],
    ['with a scheme', { target: 'http://x/r1/a/b/c/d/e' }, 'InternalError'],
    ['with an authority', { target: '//x/r1/a/b/c/d/e' }, 'InternalError'],
    ['with a fragment', { target: '/r1/a/b/c/d/e#f' }, 'InternalError'],
    ['with a broken escape in the query', { target: '/r1/a/b/c/d/e?%2' }, 'InternalError'],
    ['with a path that is not UTF-8', { target: '/r1/a/b/c/d/%ff' }, 'InternalError'],
  ])('%s', (_title, changed, code) => {
    expect(codeOf(() => compose(changed))).toBe(code);
  });

  it.each([...' "<>\\^`{|}\u00e4\n'])('for a target with a raw %j', (character) => {
    expect(codeOf(() => compose({ target: `/r1/a/b/c/d/e/${character}` }))).toBe('InternalError');
    expect(codeOf(() => compose({ target: `/r1/a/b/c/d/e?${character}` }))).toBe('InternalError');
  });
});

describe('a target', () => {
  it.each([
    ['/r1/a/b/c/d/e', '', undefined],
    ['/r1/a/b/c/d/e/', '/', undefined],
    ['/r1/a/b/c/d/e?', '', ''],
    ['/r1/a/b/c/d/e/f//g%2Fh/?x?y=/', '/f//g%2Fh/', 'x?y=/'],
  ])('%s keeps its raw path and query', (target, servicePath, query) => {
    const { request } = compose({ target });
    expect(request.servicePath).toBe(servicePath);
    expect(request.query).toBe(query);
  });

  it('has identifiers percent-decoded once', () => {
    const { service } = compose({ target: '/r1/%C3%84/b+/c%252F/d%2Fd/e:@' }).request;
    expect(service).toMatchObject({
      instance: '\u00c4',
      memberClass: 'b+',
      memberCode: 'c%2F',
      subsystemCode: 'd/d',
      serviceCode: 'e:@',
    });
  });
});

describe('a request head of a peer', () => {
  const lines = compose({}).head.toString().split('\r\n').slice(0, -1);

  it('may end its lines with LF alone', () => {
    expect(parseRestRequest(Buffer.from(`${lines.join('\n')}\n`))).toEqual(compose({}).request);
  });

  it.each([
    ['a hop header', 'Content-Length:7'],
    ['a line without colon', 'nonsense'],
    ['a header name with a space', 'a b:c'],
    ['a bare CR', 'a:b\rc'],
    ['a NUL', 'a:\0'],
    ['a blank line', ''],
    ['a character that no HTTP header carries', 'a:\u20ac'],
  ])('is refused for %s', (_title, line) => {
    expect(codeOf(() => parseRestRequest(Buffer.from([...lines, line, ''].join('\r\n'))))).toBe(
      'InvalidMessage',
    );
  });

  it('is refused when it is not UTF-8 or has no second line', () => {
    expect(codeOf(() => parseRestRequest(Buffer.from([0x47, 0xff])))).toBe('InvalidMessage');
    expect(codeOf(() => parseRestRequest(Buffer.from('GET\r\n')))).toBe('InvalidMessage');
  });

  it.each(['x-road-id', 'x-road-request-id'])('is refused without %s', (name) => {
    const head = lines.filter((line) => !line.startsWith(name)).join('\r\n');
    expect(codeOf(() => parseRestRequest(Buffer.from(head)))).toBe('InternalError');
  });

  it('raises a fault and nothing else for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(codeOf(() => parseRestRequest(Buffer.from(bytes)))).not.toBe('none');
      }),
    );
  });

  it('raises a fault or is read when one byte of a good head is changed', () => {
    const { head } = compose({});
    fc.assert(
      fc.property(fc.nat(head.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const changed = Buffer.from(head);
        changed[at] = (changed[at] ?? 0) ^ change;
        codeOf(() => parseRestRequest(changed));
      }),
    );
  });
});

it('what is composed is read the same', () => {
  const name = fc.stringMatching(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,20}$/);
  const value = fc.stringMatching(/^(?:[!-~\x80-\xff](?:[\t -~\x80-\xff]{0,20}[!-~\x80-\xff])?)?$/);
  const target = fc.stringMatching(
    /^\/r1(?:\/[A-Za-z0-9._~!$&'()*+,;=:@-]{1,8}){5}(?:\/[A-Za-z0-9._~:@-]{0,9}){0,3}(?:\?[a-z=&?/]{0,9})?$/,
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(name, value)), target, (headers, aim) => {
      const isOurs = ([own]: [string, string]) => !/^x-road-/i.test(own);
      const rawHeaders = [...headers.filter(isOurs).flat(), 'X-Road-Client', 'DEV/COM/1'];
      const { request, head } = compose({ rawHeaders, target: aim });
      const again: RestRequest = parseRestRequest(head);
      expect(again).toEqual(request);
      expect(`${again.path}${again.query === undefined ? '' : `?${again.query}`}`).toBe(aim);
    }),
  );
});
