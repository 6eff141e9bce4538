import { createServer } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Listening, listen } from '../../gateway/http/index.ts';
import { call, startNetwork, type TestNetwork } from '../../gateway/journeys/network.ts';

interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly name: string;
  readonly kind: number;
  /** Of the server that made it. */
  readonly server: string;
  readonly traceState?: string;
}

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const asked = '00f067aa0ba902b7';
const traceparent = `00-${traceId}-${asked}-01`;

describe('an exchange that is followed', () => {
  let network: TestNetwork;
  let collector: Listening;
  let spans: Span[] = [];
  let texts = '';
  const waiters: (() => void)[] = [];

  beforeAll(async () => {
    const server = createServer((incoming, response) => {
      let text = '';
      incoming.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      incoming.on('end', () => {
        const [{ resource, scopeSpans }] = JSON.parse(text).resourceSpans;
        const [, instance] = resource.attributes;
        const received = scopeSpans[0].spans as Span[];
        texts += text;
        spans.push(...received.map((span) => ({ ...span, server: instance.value.stringValue as string })));
        response.end('{}');
        for (const wake of waiters.splice(0)) wake();
      });
    });
    collector = await listen(server, '127.0.0.1', 0, 'none');
    network = await startNetwork({ tracing: { url: `http://127.0.0.1:${collector.port}/v1/traces` } });
  }, 120_000);
  afterAll(async () => {
    await network?.close();
    await collector?.close(0);
  });

  /** Both servers' parts have come. */
  async function bothParts(): Promise<{ readonly client: Span; readonly provider: Span }> {
    for (;;) {
      const wholes = spans.filter(({ kind }) => kind === 2);
      const client = wholes.find(({ name }) => name.includes('client'));
      const provider = wholes.find(({ name }) => name.includes('provider'));
      if (client !== undefined && provider !== undefined) return { client, provider };
      await new Promise<void>((resolve) => waiters.push(resolve));
    }
  }

  const below = (parent: Span) => spans.filter(({ parentSpanId }) => parentSpanId === parent.spanId);
  const namesOf = (parent: Span) =>
    below(parent)
      .filter(({ server }) => server === parent.server)
      .map(({ name }) => name)
      .sort();

  it('over REST is one trace: from who asked, over both servers, to the service', async () => {
    spans = [];
    const seen: unknown[] = [];
    const { path } = await network.publish('traced', (incoming, outgoing) => {
      seen.push([incoming.headers['traceparent'], incoming.headers['tracestate']]);
      outgoing.end('{}');
    });
    const headers = { traceparent, tracestate: 'city=1', 'x-road-userid': 'EE-secret-user' };
    expect((await call(network, `${path}/secret-path?q=secret-query`, { headers })).status).toBe(200);
    const { client, provider } = await bothParts();
    expect(new Set(spans.map((span) => span.traceId))).toEqual(new Set([traceId]));
    expect([client.server, provider.server]).toEqual(['PILOT:MUN:2001:ss2', 'PILOT:GOV:1001:ss1']);
    expect(client.parentSpanId).toBe(asked);
    const send = below(client).find(({ name }) => name === 'send');
    expect(provider.parentSpanId).toBe(send?.spanId);
    const called = below(provider).find(({ name }) => name === 'call service');
    expect(seen).toEqual([[`00-${traceId}-${called?.spanId}-01`, 'city=1']]);
    expect(namesOf(client)).toEqual(
      ['connect', 'receive', 'record', 'record', 'return', 'send', 'sign', 'verify'].sort(),
    );
    expect(namesOf(provider)).toEqual(
      ['call service', 'receive', 'record', 'record', 'sign', 'verify'].sort(),
    );
    expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(spans.length);
    expect(texts).not.toContain('secret');
  });

  it('is not, when who asked does not want it kept, or says nothing', async () => {
    spans = [];
    const seen: unknown[] = [];
    const { path } = await network.publish('untraced', (incoming, outgoing) => {
      seen.push(incoming.headers['traceparent']);
      outgoing.end('{}');
    });
    const unsampled = `00-${traceId}-${asked}-00`;
    expect((await call(network, path, { headers: { traceparent: unsampled } })).status).toBe(200);
    expect((await call(network, path)).status).toBe(200);
    // What is followed comes after them: had they been, theirs would have come before.
    const last = await network.publish('last', (_, outgoing) => outgoing.end('{}'));
    const other = 'f'.repeat(32);
    await call(network, last.path, { headers: { traceparent: `00-${other}-${asked}-01` } });
    await bothParts();
    expect(new Set(spans.map((span) => span.traceId))).toEqual(new Set([other]));
    expect(seen).toEqual([unsampled, undefined]);
  });

  it('over SOAP is one as well, though its messages carry no headers', async () => {
    spans = [];
    const seen: unknown[] = [];
    const answer = (envelope: string) =>
      envelope.replace(/<p:fetch([^>]*)\/>/, '<p:fetchResponse$1>done</p:fetchResponse>');
    await network.publish(
      'fetch',
      (incoming, outgoing) => {
        let text = '';
        seen.push([incoming.headers['traceparent'], incoming.headers['tracestate']]);
        incoming.on('data', (chunk: Buffer) => {
          text += chunk.toString();
        });
        incoming.on('end', () => outgoing.writeHead(200, { 'content-type': 'text/xml' }).end(answer(text)));
      },
      'WSDL',
    );
    const response = await fetch(network.city.clientUrl, {
      method: 'POST',
      headers: { 'content-type': 'text/xml; charset=UTF-8', traceparent, tracestate: 'city=1' },
      body: soap,
    });
    expect(await response.text()).toContain('fetchResponse');
    const { client, provider } = await bothParts();
    const send = below(client).find(({ name }) => name === 'send');
    expect([client.parentSpanId, provider.parentSpanId]).toEqual([asked, send?.spanId]);
    const called = below(provider).find(({ name }) => name === 'call service');
    expect(seen).toEqual([[`00-${traceId}-${called?.spanId}-01`, 'city=1']]);
  });
});

const soap = `<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:x="http://x-road.eu/xsd/xroad.xsd" xmlns:id="http://x-road.eu/xsd/identifiers">
<soapenv:Header>
<x:client id:objectType="SUBSYSTEM"><id:xRoadInstance>PILOT</id:xRoadInstance><id:memberClass>MUN</id:memberClass><id:memberCode>2001</id:memberCode><id:subsystemCode>portal</id:subsystemCode></x:client>
<x:service id:objectType="SERVICE"><id:xRoadInstance>PILOT</id:xRoadInstance><id:memberClass>GOV</id:memberClass><id:memberCode>1001</id:memberCode><id:subsystemCode>population</id:subsystemCode><id:serviceCode>fetch</id:serviceCode></x:service>
<x:userId>EE-secret-user</x:userId><x:id>soap-1</x:id><x:protocolVersion>4.0</x:protocolVersion>
</soapenv:Header>
<soapenv:Body><p:fetch xmlns:p="http://producer.example"/></soapenv:Body>
</soapenv:Envelope>`;
