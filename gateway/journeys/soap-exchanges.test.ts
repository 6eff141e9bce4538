import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAuditor } from '../../security-server/auditor/index.ts';
import { readConfigurationFolder } from '../configuration/index.ts';
import {
  charsetOf,
  composeEnvelope,
  parseEnvelope,
  readSoapMessage,
  type SoapHeader,
} from '../soap/index.ts';
import { call, startNetwork, type TestNetwork } from './network.ts';

let network: TestNetwork;

beforeAll(async () => {
  network = await startNetwork();
});

afterAll(async () => {
  await network.close();
});

const subsystem = (memberClass: string, memberCode: string, subsystemCode: string) =>
  ({ kind: 'SUBSYSTEM', instance: 'PILOT', memberClass, memberCode, subsystemCode }) as const;

const portal = subsystem('MUN', '2001', 'portal');

let count = 0;

function headerFor(serviceCode: string, change: Partial<SoapHeader> = {}): SoapHeader {
  const { kind: _, ...provider } = subsystem('GOV', '1001', 'population');
  count += 1;
  return {
    client: portal,
    service: { kind: 'SERVICE', ...provider, serviceCode },
    id: `soap-${count}`,
    userId: 'EE37702211234',
    protocolVersion: '4.0',
    ...change,
  };
}

const requestTo = (serviceCode: string, change: Partial<SoapHeader> = {}) =>
  composeEnvelope(headerFor(serviceCode, change), `<${serviceCode}><name>Mäe</name></${serviceCode}>`);

/** The envelope with which a well-behaved service answers. */
function answerTo(envelope: Buffer, content = '<name>Rohumäe</name>'): Buffer {
  const { header } = parseEnvelope(envelope);
  const name = `${header.service.serviceCode}Response`;
  return composeEnvelope(header, `<${name}>${content}</${name}>`);
}

async function post(
  body: string | Buffer | AsyncIterable<Buffer>,
  contentType = 'text/xml; charset=UTF-8',
  headers: Record<string, string> = {},
) {
  return call(network, '/', {
    method: 'POST',
    body,
    headers: { 'content-type': contentType, ...headers },
  });
}

function faultOf(answer: {
  status: number;
  headers: NodeJS.Dict<unknown>;
  body: Buffer;
}): string | undefined {
  expect(answer.status).toBe(200);
  const text = answer.body.toString();
  return /<faultcode>([^<]*)<\/faultcode>/.exec(text)?.[1];
}

/** What a service received, part by part. */
async function received(incoming: IncomingMessage) {
  const contentType = incoming.headers['content-type'];
  const message = await readSoapMessage(incoming, contentType);
  const attachments: { headers: unknown; digest: string; size: number }[] = [];
  for await (const { headers, body } of message.attachments) {
    const hash = createHash('sha256');
    let size = 0;
    for await (const chunk of body) {
      hash.update(chunk);
      size += chunk.length;
    }
    attachments.push({ headers, digest: hash.digest('hex'), size });
  }
  return { ...message, attachments, contentType, soapAction: incoming.headers['soapaction'] };
}

type Seen = Awaited<ReturnType<typeof received>>;

/** Publishes a SOAP service that keeps what it saw and answers as told. */
async function serve(
  code: string,
  reply: (seen: Seen, outgoing: ServerResponse) => void | Promise<void> = ({ envelope }, outgoing) => {
    outgoing.writeHead(200, { 'Content-Type': 'text/xml; charset=UTF-8' }).end(answerTo(envelope));
  },
): Promise<Seen[]> {
  const seen: Seen[] = [];
  await network.publish(
    code,
    async (incoming, outgoing) => {
      const one = await received(incoming);
      seen.push(one);
      await reply(one, outgoing);
    },
    'WSDL',
  );
  return seen;
}

interface Part {
  readonly headers: string;
  readonly body: Buffer;
}

function related(parts: readonly Part[], boundary = 'is-boundary'): Buffer {
  const pieces = parts.flatMap(({ headers, body }) => [
    Buffer.from(`--${boundary}\r\n${headers}\r\n\r\n`),
    body,
    Buffer.from('\r\n'),
  ]);
  return Buffer.concat([...pieces, Buffer.from(`--${boundary}--\r\n`)]);
}

const relatedType = 'multipart/related; type="text/xml"; start="<root>"; boundary=is-boundary';
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

describe('a SOAP exchange', () => {
  it('reaches the service byte for byte, and its answer names the request', async () => {
    const seen = await serve('getPerson');
    const sent = requestTo('getPerson');
    const answer = await post(sent, 'text/xml; charset=UTF-8', { SOAPAction: '"urn:get"' });
    expect(seen[0]?.envelope.equals(sent)).toBe(true);
    expect(seen[0]?.soapAction).toBe('"urn:get"');
    expect(answer.headers['content-type']).toBe('text/xml; charset=UTF-8');
    const { header } = parseEnvelope(answer.body);
    expect(header.requestHash).toBe(createHash('sha512').update(sent).digest('base64'));
    expect(answer.body.toString()).toContain('Rohumäe');
  });

  it('keeps a byte-order mark and a foreign layout of the request', async () => {
    const seen = await serve('withMark');
    const sent = Buffer.from(
      `\ufeff${requestTo('withMark').toString().replace('<SOAP-ENV:Body>', '\r\n  <SOAP-ENV:Body>')}`,
    );
    expect(faultOf(await post(sent))).toBeUndefined();
    expect(seen[0]?.envelope.equals(sent)).toBe(true);
  });

  it.each([0, 2])(
    'with %i attachments is recorded on both sides, in containers that verify',
    async (amount) => {
      await serve('recorded');
      const header = headerFor('recorded');
      const envelope = composeEnvelope(header, '<recorded/>');
      const attachments = Array.from({ length: amount }, () => ({
        headers: 'Content-Type: text/plain',
        body: randomBytes(400_000),
      }));
      const parts = [{ headers: 'Content-Type: text/xml', body: envelope }, ...attachments];
      const answer = amount === 0 ? await post(envelope) : await post(related(parts), relatedType);
      expect(faultOf(answer)).toBeUndefined();
      const sides = [
        [network.city.clientUrl, 'memberClass=MUN&memberCode=2001&subsystemCode=portal'],
        [network.ministry.clientUrl, 'memberClass=GOV&memberCode=1001&subsystemCode=population'],
      ] as const;
      const auditor = createAuditor(await readConfigurationFolder(join(network.data, 'city', 'globalconf')));
      for (const [url, client] of sides) {
        for (const direction of ['requestOnly', 'responseOnly']) {
          const query = `queryId=${header.id}&xRoadInstance=PILOT&${client}&unique&force&${direction}`;
          const response = await request(`${url}/asic?${query}`);
          const container = Buffer.from(await response.body.arrayBuffer());
          const verdict = await auditor.judgeContainer('one.asice', container);
          expect(verdict).toMatchObject({ valid: true, code: null, messageId: header.id });
          const covered = direction === 'requestOnly' ? 1 + amount : 1;
          expect(verdict.parts.filter(({ covered: is, present }) => is && present)).toHaveLength(covered);
        }
      }
    },
  );

  it('hands an answer in ISO-8859-1 on in UTF-8', async () => {
    await serve('latin', ({ envelope }, outgoing) => {
      const text = answerTo(envelope, '<name>õ</name>').toString().replace('UTF-8', 'ISO-8859-1');
      outgoing.writeHead(200, { 'Content-Type': 'text/xml; charset=ISO-8859-1' });
      outgoing.end(Buffer.from(text, 'latin1'));
    });
    const answer = await post(requestTo('latin'));
    expect(answer.headers['content-type']).toBe('text/xml; charset=UTF-8');
    expect(answer.body.toString()).toContain('<name>õ</name>');
  });

  it('replaces a request hash that the service made up', async () => {
    await serve('hashed', ({ envelope }, outgoing) => {
      const text = answerTo(envelope).toString();
      const made = text.replace(
        '</xr:id>',
        '</xr:id><xr:requestHash algorithmId="x">bWFkZQ==</xr:requestHash>',
      );
      outgoing.writeHead(200, { 'Content-Type': 'text/xml' }).end(made);
    });
    const sent = requestTo('hashed');
    const { header } = parseEnvelope((await post(sent)).body);
    expect(header.requestHash).toBe(createHash('sha512').update(sent).digest('base64'));
  });
});

describe('attachments', () => {
  it.each([1, 3, 50])(
    '%i of them reach the service as they were sent, and those of the answer come back',
    async (amount) => {
      const code = `attach${amount}`;
      const answers = Array.from({ length: amount }, (_, index) => randomBytes(1000 + index));
      const seen = await serve(code, ({ envelope }, outgoing) => {
        const parts = [
          {
            headers: 'Content-Type: text/xml; charset=UTF-8\r\nContent-ID: <answer>',
            body: answerTo(envelope),
          },
          ...answers.map((body, index) => ({
            headers: `Content-Type: application/octet-stream\r\nContent-ID: <out${index}>`,
            body,
          })),
        ];
        outgoing.writeHead(200, {
          'Content-Type': 'multipart/related; type="text/xml"; boundary=is-boundary',
        });
        outgoing.end(related(parts));
      });
      const sent = Array.from({ length: amount }, (_, index) => randomBytes(5000 + index));
      const envelope = requestTo(code);
      const answer = await post(
        related([
          { headers: 'Content-Type: text/xml; charset=UTF-8\r\nContent-ID: <root>', body: envelope },
          ...sent.map((body, index) => ({
            headers: `X-Own: ${index}\r\nContent-Type: image/png\r\nContent-ID: <in${index}>`,
            body,
          })),
        ]),
        relatedType,
      );
      expect(faultOf(answer)).toBeUndefined();
      const [one] = seen;
      expect(one?.envelope.equals(envelope)).toBe(true);
      expect(one?.headHeaders).toEqual([['Content-ID', '<root>']]);
      expect(one?.contentType).toContain('start="<root>"');
      expect(one?.attachments).toEqual(
        sent.map((body, index) => ({
          headers: [
            ['content-type', 'image/png'],
            ['X-Own', String(index)],
            ['Content-ID', `<in${index}>`],
          ],
          digest: sha256(body),
          size: body.length,
        })),
      );
      const returned = await readSoapMessage(streamOf(answer.body), String(answer.headers['content-type']));
      expect(parseEnvelope(returned.envelope, charsetOf(returned.headType)).header.requestHash).toBeDefined();
      const back: string[] = [];
      for await (const { body } of returned.attachments) back.push(sha256(await gather(body)));
      expect(back).toEqual(answers.map(sha256));
    },
  );

  it('in base64 are carried in base64', async () => {
    const seen = await serve('encoded');
    const encoded = Buffer.from(randomBytes(300).toString('base64'));
    const headers = 'Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64';
    const parts = [
      { headers: 'Content-Type: text/xml', body: requestTo('encoded') },
      { headers, body: encoded },
    ];
    expect(faultOf(await post(related(parts), relatedType))).toBeUndefined();
    expect(seen[0]?.attachments).toMatchObject([{ digest: sha256(encoded), size: encoded.length }]);
  });

  it('of MTOM keep the type of their envelope', async () => {
    const seen = await serve('mtom', ({ envelope }, outgoing) => {
      const type = 'application/xop+xml; charset=UTF-8; type="text/xml"';
      outgoing.writeHead(200, {
        'Content-Type': 'multipart/related; type="application/xop+xml"; boundary=m',
      });
      outgoing.end(
        related(
          [
            { headers: `Content-Type: ${type}`, body: answerTo(envelope) },
            { headers: 'Content-Type: image/png\r\nContent-ID: <x>', body: Buffer.from('out') },
          ],
          'm',
        ),
      );
    });
    const type = 'application/xop+xml; type="application/soap+xml"; charset=utf-8';
    const parts = [
      { headers: `Content-Type: ${type}\r\nContent-ID: <foo>`, body: requestTo('mtom') },
      { headers: 'Content-Type: text/plain\r\nContent-ID: <42@example.org>', body: Buffer.from('foobar') },
    ];
    const answer = await post(
      related(parts),
      'multipart/related; type="application/xop+xml"; boundary=is-boundary',
    );
    expect(faultOf(answer)).toBeUndefined();
    expect(seen[0]?.headType).toBe(type);
    expect(answer.body.toString()).toContain('content-type: application/xop+xml;');
  });

  it('of 500 MB pass in bounded memory', async () => {
    const seen = await serve('large');
    const chunk = randomBytes(1024 * 1024);
    const hash = createHash('sha256');
    const envelope = requestTo('large');
    const source = async function* () {
      yield Buffer.from('--is-boundary\r\nContent-Type: text/xml\r\n\r\n');
      yield envelope;
      yield Buffer.from('\r\n--is-boundary\r\nContent-Type: application/octet-stream\r\n\r\n');
      for (let at = 0; at < 500; at += 1) {
        hash.update(chunk);
        yield chunk;
      }
      yield Buffer.from('\r\n--is-boundary--\r\n');
    };
    let peak = 0;
    const watch = setInterval(() => {
      peak = Math.max(peak, process.memoryUsage().rss);
    }, 20);
    try {
      expect(faultOf(await post(source(), relatedType))).toBeUndefined();
    } finally {
      clearInterval(watch);
    }
    expect(seen[0]?.attachments).toMatchObject([{ size: 500 * 1024 * 1024, digest: hash.digest('hex') }]);
    // Two security servers, registry, service and caller are all this one process.
    expect(peak).toBeLessThan(700 * 1024 * 1024);
  }, 120_000);
});

describe('a fault', () => {
  const customFault =
    '<?xml version="1.0" encoding="UTF-8"?><S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/" xmlns:foo="http://example.org/foo"><S:Body><S:Fault><faultcode>foo:FOOCODE</faultcode><faultstring>STRING</faultstring><faultactor>ACTOR</faultactor><detail><foo:detail>DETAIL</foo:detail></detail></S:Fault></S:Body></S:Envelope>';

  it.each([200, 500])('of the service, with status %i, is passed on as it is', async (status) => {
    await serve(`fails${status}`, (_, outgoing) => {
      outgoing.writeHead(status, { 'Content-Type': 'text/xml' }).end(customFault);
    });
    const answer = await post(requestTo(`fails${status}`));
    expect(answer.status).toBe(200);
    expect(answer.body.toString()).toBe(customFault);
    expect(answer.headers['content-type']).toBe('text/xml;charset=utf-8');
    expect(answer.headers['soapaction']).toBe('');
  });

  it('that comes when the answer has begun stands as its last part', async () => {
    await serve('breaks', ({ envelope }, outgoing) => {
      outgoing.writeHead(200, { 'Content-Type': 'multipart/related; type="text/xml"; boundary=is-boundary' });
      outgoing.write('--is-boundary\r\nContent-Type: text/xml\r\n\r\n');
      outgoing.write(answerTo(envelope));
      outgoing.write('\r\n--is-boundary\r\nContent-Type: text/plain\r\n\r\n');
      outgoing.write(randomBytes(400_000), () => setImmediate(() => outgoing.destroy()));
    });
    expect(faultOf(await post(requestTo('breaks')))).toBe('server.serverproxy.network_error');
  });

  it.each([
    ['another status', 404, 'text/xml', () => '<x/>', 'server.serverproxy.service_failed.http_error'],
    [
      'no content type',
      200,
      undefined,
      (e: Buffer) => answerTo(e),
      'server.serverproxy.service_failed.invalid_request',
    ],
    [
      'another content type',
      200,
      'text/html',
      () => '<html/>',
      'server.serverproxy.service_failed.invalid_content_type',
    ],
    ['nothing', 200, 'text/xml', () => '', 'server.serverproxy.service_failed.invalid_message'],
    [
      'no header',
      200,
      'text/xml',
      () =>
        composeEnvelope(headerFor('x'), '<xResponse/>')
          .toString()
          .replace(/<SOAP-ENV:Header>.*Header>/, ''),
      'server.serverproxy.service_failed.missing_header',
    ],
    [
      'a document type',
      200,
      'text/xml',
      (e: Buffer) => answerTo(e).toString().replace('<SOAP', '<!DOCTYPE x><SOAP'),
      'server.serverproxy.service_failed.invalid_xml',
    ],
    [
      'a field short',
      200,
      'text/xml',
      (e: Buffer) =>
        answerTo(e)
          .toString()
          .replace(/<xr:client.*xr:client>/, ''),
      'server.serverproxy.service_failed.missing_header_field',
    ],
    [
      'another id',
      200,
      'text/xml',
      (e: Buffer) =>
        answerTo(e)
          .toString()
          .replace(/<xr:id>.*<\/xr:id>/, '<xr:id>other</xr:id>'),
      'server.clientproxy.service_failed.inconsistent_response',
    ],
    [
      'another user',
      200,
      'text/xml',
      (e: Buffer) =>
        answerTo(e)
          .toString()
          .replace(/<xr:userId>.*<\/xr:userId>/, ''),
      'server.clientproxy.service_failed.inconsistent_response',
    ],
  ])('names a service that answers with %s', async (_, status, type, body, code) => {
    count += 1;
    const service = `wrong${count}`;
    await serve(service, ({ envelope }, outgoing) => {
      outgoing.writeHead(status, type === undefined ? {} : { 'Content-Type': type }).end(body(envelope));
    });
    expect(faultOf(await post(requestTo(service)))).toBe(code);
  });
});

describe('a request', () => {
  const text = (change: Partial<SoapHeader> = {}) => requestTo('getPerson', change).toString();

  it.each([
    [
      'a field twice',
      () => text().replace('<xr:id>', '<xr:id>x</xr:id><xr:id>'),
      'client.duplicate_header_field',
    ],
    ['no header', () => text().replace(/<SOAP-ENV:Header>.*Header>/, ''), 'client.missing_header'],
    ['a wrong header', () => text().replace('id:objectType="SUBSYSTEM"', ''), 'client.invalid_xml'],
    ['protocol 3', () => text({ protocolVersion: '3.1' }), 'client.invalid_protocol_version'],
    [
      'a body of another service',
      () => text().replaceAll('getPerson>', 'delPerson>'),
      'client.inconsistent_headers',
    ],
    [
      'an external entity',
      () => text().replace('<SOAP', '<!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]><SOAP'),
      'client.invalid_xml',
    ],
    [
      'an unknown client',
      () => text({ client: subsystem('MUN', '2001', 'stranger') }),
      'server.clientproxy.unknown_member',
    ],
    [
      'an unknown provider',
      () => text({ service: { ...headerFor('getPerson').service, memberCode: '9' } }),
      'server.clientproxy.unknown_member',
    ],
    ['an unknown service', () => requestTo('getNothing').toString(), 'server.serverproxy.unknown_service'],
    [
      'a server that is not the provider’s',
      () =>
        text({
          securityServer: {
            kind: 'SERVER',
            instance: 'PILOT',
            memberClass: 'MUN',
            memberCode: '2001',
            serverCode: 'ss2',
          },
        }),
      'server.clientproxy.invalid_security_server',
    ],
  ])('with %s is refused', async (_, make, code) => {
    expect(faultOf(await post(make()))).toBe(code);
  });

  it.each([
    ['no content type', '', 'client.invalid_request'],
    ['JSON', 'application/json', 'client.invalid_content_type'],
    ['SOAP 1.2', 'application/soap+xml', 'client.invalid_content_type'],
    ['a multipart without boundary', 'multipart/related; type="text/xml"', 'client.invalid_content_type'],
  ])('in %s is refused', async (_, type, code) => {
    const headers = type === '' ? {} : { 'content-type': type };
    const answer = await call(network, '/', { method: 'POST', body: text(), headers });
    expect(faultOf(answer)).toBe(code);
  });

  it('with a SOAPAction that is no URI in quotes is refused', async () => {
    for (const action of ['urn:get', '"urn:get', '"a b"']) {
      expect(faultOf(await post(text(), 'text/xml', { SOAPAction: action }))).toBe(
        'client.invalid_soap_action',
      );
    }
    expect(faultOf(await post(text(), 'text/xml', { SOAPAction: '""' }))).toBeUndefined();
  });

  it('that is no POST is told so', async () => {
    expect(faultOf(await call(network, '/nothing'))).toBe('client.invalid_http_method');
  });

  it('to a REST service, and a REST request to a SOAP service, name the mistake', async () => {
    const { path } = await network.publish('restOnly', (_, outgoing) => outgoing.end('{}'));
    expect(path).toContain('restOnly');
    expect(faultOf(await post(requestTo('restOnly')))).toBe('server.serverproxy.service_type');
    const rest = await call(network, '/r1/PILOT/GOV/1001/population/getPerson');
    expect(rest.headers['x-road-error']).toBe('server.serverproxy.service_type');
  });

  it('without right to the service is refused', async () => {
    const other = subsystem('MUN', '2001', 'permits');
    expect(faultOf(await post(text({ client: other })))).toBe('server.serverproxy.access_denied');
  });

  it('to a service that is switched off is told why', async () => {
    const { url } = await network.publish('off', (_, outgoing) => outgoing.end(), 'WSDL');
    await network.ministryAdmin.put('/clients/PILOT%3AGOV%3A1001%3Apopulation/services/off', {
      ...{ kind: 'WSDL', url, timeoutSeconds: 5, verifyTls: true, certificates: [], endpoints: [] },
      disabledNotice: 'closed until Monday',
    });
    const answer = await post(requestTo('off'));
    expect(faultOf(answer)).toBe('server.serverproxy.service_disabled');
    expect(answer.body.toString()).toContain('closed until Monday');
  });

  it('carries a security token, and whatever else its header has, untouched', async () => {
    const seen = await serve('withToken');
    const token =
      '<t:securityToken xmlns:t="http://x-road.eu/xsd/security-token.xsd" tokenType="urn:ietf:params:oauth:token-type:jwt">ey.J.x</t:securityToken>';
    const sent = requestTo('withToken').toString().replace('<SOAP-ENV:Header>', `<SOAP-ENV:Header>${token}`);
    expect(faultOf(await post(sent))).toBeUndefined();
    expect(seen[0]?.envelope.toString()).toBe(sent);
  });

  it('carries represented party, issue and pinned server to the service', async () => {
    const seen = await serve('extended');
    const header = headerFor('extended', {
      issue: 'issue 7',
      representedParty: { partyClass: 'COM', partyCode: '77' },
      securityServer: {
        kind: 'SERVER',
        instance: 'PILOT',
        memberClass: 'GOV',
        memberCode: '1001',
        serverCode: 'ss1',
      },
    });
    const answer = await post(composeEnvelope(header, '<extended/>'));
    expect(faultOf(answer)).toBeUndefined();
    expect(seen[0] && parseEnvelope(seen[0].envelope).header).toEqual(header);
    const { requestHash, ...back } = parseEnvelope(answer.body).header;
    expect(back).toEqual(header);
    expect(requestHash).toBeDefined();
  });
});

async function* streamOf(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

async function gather(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}
