import type { IncomingMessage, ServerResponse } from 'node:http';
import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bodyOf, call, startNetwork, type TestNetwork } from './network.ts';

describe('REST exchanges', () => {
  let network: TestNetwork;
  let path: string;
  /** What the service saw last. */
  let seen: { method: string; url: string; headers: string[]; body: Buffer };
  let respond: (incoming: IncomingMessage, outgoing: ServerResponse, body: Buffer) => void;

  beforeAll(async () => {
    network = await startNetwork();
    ({ path } = await network.publish('mirror', async (incoming, outgoing) => {
      const body = await bodyOf(incoming);
      seen = { method: incoming.method ?? '', url: incoming.url ?? '', headers: incoming.rawHeaders, body };
      respond(incoming, outgoing, body);
    }));
  });
  afterAll(() => network?.close());

  const echo = (_incoming: IncomingMessage, outgoing: ServerResponse, body: Buffer) => {
    outgoing.setHeader('Content-Type', 'application/octet-stream');
    outgoing.end(body);
  };

  /** Sends exactly that target and those headers, in that order and spelling. */
  const raw = (target: string, headers: readonly string[], method = 'GET', body?: string) =>
    new Promise<{ status: number; headers: string[]; body: Buffer }>((resolve, reject) => {
      const { hostname, port } = new URL(network.city.clientUrl);
      const outgoing = httpRequest(
        { hostname, port, path: target, method, headers: headers as never },
        (answer) => {
          bodyOf(answer).then(
            (bytes) => resolve({ status: answer.statusCode ?? 0, headers: answer.rawHeaders, body: bytes }),
            reject,
          );
        },
      );
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  const client = ['X-Road-Client', 'PILOT/MUN/2001/portal', 'Host', 'irrelevant'];

  it.each(['GET', 'DELETE', 'OPTIONS', 'TRACE'])(
    'the client sends %s; the service sees it, without a body',
    async (method) => {
      respond = (_incoming, outgoing) => outgoing.end('answered');
      const answer = await call(network, `${path}/x`, { method });
      expect([answer.status, answer.body.toString(), seen.method, seen.body.length]).toEqual([
        200,
        'answered',
        method,
        0,
      ]);
    },
  );

  it.each(['POST', 'PUT', 'PATCH'])(
    'the client sends %s with JSON; the service sees the same bytes',
    async (method) => {
      respond = echo;
      const body = JSON.stringify({ name: 'Ä', list: [1, 2, 3] });
      const answer = await call(network, `${path}/x`, {
        method,
        body,
        headers: { 'Content-Type': 'application/json' },
      });
      expect([answer.status, answer.body.toString(), seen.body.toString()]).toEqual([200, body, body]);
    },
  );

  it.each(['POST', 'PUT'])(
    'the client sends %s with an empty body; the service sees an empty body',
    async (method) => {
      respond = echo;
      const answer = await call(network, `${path}/x`, { method, body: '' });
      expect([answer.status, answer.body.length, seen.body.length]).toEqual([200, 0, 0]);
    },
  );

  it('the client sends HEAD; the answer has the headers of the service and no body', async () => {
    respond = (_incoming, outgoing) => outgoing.setHeader('X-Count', '7').end();
    const answer = await call(network, `${path}/x`, { method: 'HEAD' });
    expect([answer.status, answer.headers['x-count'], answer.body.length, seen.method]).toEqual([
      200,
      '7',
      0,
      'HEAD',
    ]);
  });

  it('the service answers with nothing in the body; the answer has length 0', async () => {
    respond = (_incoming, outgoing) => outgoing.end();
    const answer = await call(network, `${path}/x`);
    expect([answer.status, answer.headers['content-length'], answer.body.length]).toEqual([200, '0', 0]);
  });

  it.each([204, 304])('the service answers %i; the answer is that, without a body', async (status) => {
    respond = (_incoming, outgoing) => outgoing.writeHead(status).end();
    const answer = await call(network, `${path}/x`);
    expect([answer.status, answer.body.length, answer.headers['x-road-error']]).toEqual([
      status,
      0,
      undefined,
    ]);
  });

  it('the service redirects; the redirection is returned and not followed', async () => {
    let calls = 0;
    respond = (_incoming, outgoing) => {
      calls += 1;
      outgoing.writeHead(302, { Location: 'http://127.0.0.1:1/elsewhere' }).end('moved');
    };
    const answer = await call(network, `${path}/x`);
    expect([answer.status, answer.headers['location'], calls]).toEqual([
      302,
      'http://127.0.0.1:1/elsewhere',
      1,
    ]);
  });

  it.each([400, 404, 409, 500, 503])(
    'the service answers %i; that is an ordinary, signed answer',
    async (status) => {
      respond = (_incoming, outgoing) =>
        outgoing.writeHead(status, { 'Content-Type': 'text/plain' }).end('because');
      const answer = await call(network, `${path}/x`, { headers: { 'X-Road-Id': `status-${status}` } });
      expect([answer.status, answer.body.toString()]).toEqual([status, 'because']);
      expect(answer.headers['x-road-error']).toBeUndefined();
      expect(answer.headers['x-road-request-hash']).toBeDefined();
    },
  );

  it.each([
    '/a?x=1&y=2',
    '/a?',
    '/a?q=%20+%C3%A4&q=again&empty=',
    '/a%20b/%C3%A4/c+d',
    '/a/',
    '/~user/a,b=c',
    '?only=query',
    '',
  ])('the client asks for %s; the service sees exactly that', async (rest) => {
    respond = echo;
    const answer = await raw(`${path}${rest}`, client);
    expect(answer.status).toBe(200);
    // A request line has no empty path: the service's own address ends where the service path begins.
    expect(seen.url).toBe(rest === '' || rest.startsWith('?') ? `/${rest}` : rest);
  });

  it.each([['chunked'], ['fixed']])('binary bodies of every byte go both ways, %s', async (how) => {
    const body = Buffer.from(Array.from({ length: 70_000 }, (_, index) => index % 256));
    respond = (_incoming, outgoing, received) => {
      if (how === 'fixed') outgoing.setHeader('Content-Length', received.length);
      outgoing.write(received.subarray(0, 10));
      outgoing.end(received.subarray(10));
    };
    const chunked = (async function* () {
      for (let at = 0; at < body.length; at += 10_000) yield body.subarray(at, at + 10_000);
    })();
    const answer = await call(network, `${path}/x`, {
      method: 'POST',
      body: how === 'fixed' ? body : chunked,
    });
    expect(answer.body.equals(body)).toBe(true);
    expect(seen.body.equals(body)).toBe(true);
  });

  it('headers reach the service in order and spelling, without the hop set and what is not the client’s to say', async () => {
    respond = (_incoming, outgoing) => outgoing.end();
    const id = 'headers-1';
    const sent = [
      ...client,
      ...[
        'X-First',
        '1',
        'aCCept',
        'text/plain',
        'Cookie',
        'a=b',
        'X-Twice',
        'one',
        'X-Twice',
        'two',
        'Authorization',
        'Bearer x',
      ],
      ...[
        'User-Agent',
        'mine',
        'TE',
        'trailers',
        'X-Road-Request-Id',
        'forged',
        'X-Road-Request-Hash',
        'forged',
      ],
      ...['X-Road-Id', id, 'X-Road-UserId', 'EE123', 'X-Road-Issue', 'case 7'],
    ];
    const answer = await raw(`${path}/x`, sent);
    expect(answer.status).toBe(200);
    const names = seen.headers.filter((_value, index) => index % 2 === 0);
    const own = names.slice(names.indexOf('X-Road-Client'), names.indexOf('x-road-request-id') + 1);
    expect(own).toEqual([
      ...['X-Road-Client', 'X-First', 'aCCept', 'Cookie', 'X-Twice', 'X-Twice', 'Authorization'],
      ...['X-Road-Id', 'X-Road-UserId', 'X-Road-Issue', 'x-road-request-id'],
    ]);
    const value = (name: string) => seen.headers[seen.headers.indexOf(name) + 1];
    expect(value('x-road-request-id')).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
    expect(seen.headers.join()).not.toContain('forged');
    expect(seen.headers.join()).not.toContain('mine');
  });

  it('headers of the service come back in order and spelling, the five of the road last', async () => {
    respond = (_incoming, outgoing) => {
      outgoing.sendDate = false;
      outgoing.writeHead(200, [
        'X-A',
        '1',
        'Set-Cookie',
        'a=1',
        'Set-Cookie',
        'b=2',
        'Date',
        'Thu, 01 Jan 1970 00:00:00 GMT',
        'Server',
        'x',
        'X-Road-Id',
        'forged',
        'X-Road-Request-Hash',
        'forged',
      ]);
      outgoing.end('x');
    };
    const answer = await raw(`${path}/x`, [...client, 'X-Road-Id', 'headers-2']);
    const names = answer.headers.filter((_value, index) => index % 2 === 0);
    expect(names.slice(0, 9)).toEqual([
      ...['X-A', 'Set-Cookie', 'Set-Cookie', 'Date'],
      ...['x-road-id', 'x-road-client', 'x-road-service', 'x-road-request-id', 'x-road-request-hash'],
    ]);
    const value = (name: string) => answer.headers[answer.headers.indexOf(name) + 1];
    expect([value('x-road-id'), value('Date')]).toEqual(['headers-2', 'Thu, 01 Jan 1970 00:00:00 GMT']);
    expect(names.filter((name) => name.toLowerCase() === 'date')).toHaveLength(1);
    expect(answer.headers.join()).not.toContain('forged');
  });

  it('a client that names no message id gets one of the instance; of two clients named, the last counts', async () => {
    respond = (_incoming, outgoing) => outgoing.end();
    const answer = await raw(`${path}/x`, ['X-Road-Client', 'PILOT/MUN/2001/nobody', ...client]);
    const value = (name: string) => answer.headers[answer.headers.indexOf(name) + 1];
    expect(answer.status).toBe(200);
    expect(value('x-road-id')).toMatch(/^PILOT-[0-9a-f-]{36}$/);
    expect(value('x-road-client')).toBe('PILOT/MUN/2001/portal');
  });

  it('200 exchanges at once each get their own answer, three times over', async () => {
    respond = (incoming, outgoing, body) => {
      setImmediate(() => outgoing.end(`${incoming.headers['x-road-id']}|${body.toString()}`));
    };
    for (let round = 0; round < 3; round += 1) {
      const answers = await Promise.all(
        Array.from({ length: 200 }, async (_, index) => {
          const id = `parallel-${round}-${index}`;
          const body = `${id} `.repeat(1 + ((index * 37) % 400));
          const answer = await call(network, `${path}/x`, {
            method: 'POST',
            body,
            headers: { 'X-Road-Id': id },
          });
          return (
            answer.status === 200 &&
            answer.body.toString() === `${id}|${body}` &&
            answer.headers['x-road-id'] === id
          );
        }),
      );
      expect(answers.filter((isOwn) => !isOwn)).toEqual([]);
    }
  });

  it('nothing went wrong on the way', () => {
    expect(network.troubles).toEqual([]);
  });
});
