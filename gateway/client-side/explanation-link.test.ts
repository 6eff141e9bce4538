import { afterEach, describe, expect, it } from 'vitest';
import { type Listening, listen } from '../http/index.ts';
import { composeEnvelope } from '../soap/index.ts';
import { explanationLink } from './explanation-link.ts';
import { createClientListener } from './index.ts';

const traceOf = (id: string) => ({ requestInAt: 0, exchange: { id } }) as never;

describe('the link from a refusal to its explanation', () => {
  it('has the message id, and nothing else of the message', () => {
    expect(explanationLink('https://console.example/', traceOf('a-1'))).toEqual({
      Link: '<https://console.example/explain?messageId=a-1>; rel="help"',
    });
  });

  it.each(['a>; rel="x", <b', 'a\r\nb: c', 'ä\ud800', 'a&b#c'])(
    'is one header whatever the id, as %j',
    (id) => {
      const { Link = '' } = explanationLink('https://console.example', traceOf(id));
      expect(Link).toMatch(
        /^<https:\/\/console\.example\/explain\?messageId=[A-Za-z0-9%._~+!'()*-]+>; rel="help"$/,
      );
      expect(new URL(/<(.*)>/.exec(Link)?.[1] ?? '').searchParams.get('messageId')).toBe(
        id.replace(/\ud800/, '\ufffd'),
      );
    },
  );

  it('is not there without a console, without a message, or for an id that nobody would use', () => {
    expect(explanationLink(undefined, traceOf('a'))).toEqual({});
    expect(explanationLink('https://console.example', { requestInAt: 0 } as never)).toEqual({});
    expect(explanationLink('https://console.example', traceOf('ä'.repeat(400)))).toEqual({});
  });
});

describe('a refusal to an information system', () => {
  const client = {
    kind: 'SUBSYSTEM',
    instance: 'DEV',
    memberClass: 'GOV',
    memberCode: '1',
    subsystemCode: 'a',
  } as const;
  const service = { ...client, kind: 'SERVICE', subsystemCode: 'b', serviceCode: 'c' } as const;
  let listening: Listening;
  afterEach(() => listening.close());

  /** A server that knows no client, asked over both protocols. */
  const refusals = async (consoleUrl?: string) => {
    const road = {
      configuration: { current: () => ({ instance: 'DEV' }) },
      settings: () => ({ client: () => undefined }),
      log: { requireAccepting: () => undefined },
      room: { enter: async () => ({ take: () => undefined, release: () => undefined }) },
      ...{ newId: () => 'detail', report: () => undefined, clock: { now: () => new Date(0) } },
      ...(consoleUrl !== undefined && { consoleUrl }),
    };
    listening = await listen(createClientListener(road as never), '127.0.0.1', 0, 'none');
    const url = `http://127.0.0.1:${listening.port}`;
    const rest = await fetch(`${url}/r1/DEV/GOV/1/b/c`, {
      headers: { 'x-road-client': 'DEV/GOV/1/a', 'x-road-id': 'call-1' },
    });
    const soap = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'text/xml' },
      body: new Uint8Array(
        composeEnvelope({ client, service, id: 'call-1', protocolVersion: '4.0' }, '<c/>'),
      ),
    });
    return Promise.all(
      [rest, soap].map(async (answer) => ({
        status: answer.status,
        headers: [...answer.headers].filter(([name]) => name !== 'date'),
        body: await answer.text(),
      })),
    );
  };

  it('leads to its explanation over REST and SOAP, and is otherwise byte for byte what peers give', async () => {
    const bare = await refusals();
    await listening.close();
    const led = await refusals('https://console.example');
    const link = ['link', '<https://console.example/explain?messageId=call-1>; rel="help"'];
    expect(bare.map(({ status }) => status)).toEqual([500, 200]);
    expect(bare.every(({ body }) => body.includes('unknown_member'))).toBe(true);
    for (const [index, { headers, ...answer }] of led.entries()) {
      const { headers: without, ...same } = bare[index] ?? { headers: [] };
      expect(answer).toEqual(same);
      expect(headers.filter(([name]) => name === 'link')).toEqual([link]);
      expect(headers.filter(([name]) => name !== 'link')).toEqual(without);
    }
  });
});
