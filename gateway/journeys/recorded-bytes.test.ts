import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call, startNetwork, type TestNetwork } from './network.ts';
import {
  type RecordedMessage,
  type RecordedPart,
  type Recording,
  readHttp,
  readParts,
  recordPeers,
} from './testing/recorder.ts';

let network: TestNetwork;

beforeAll(async () => {
  network = await startNetwork({ peers: { posture: 'xroad7', onlyTls12: true } });
});

afterAll(() => network?.close());

/** One exchange at the wire: what the client side wrote, and what the provider side wrote. */
async function exchanged(
  act: () => Promise<void>,
): Promise<{ request: RecordedMessage; response: RecordedMessage }> {
  const recordings = await recordPeers(network.ministry.peerAddress.port, act);
  const only = (sent: Recording['sent']) => {
    const found = recordings.filter((one) => one.sent === sent && one.bytes.length > 0);
    expect(found).toHaveLength(1);
    return readHttp(found[0]?.bytes ?? Buffer.alloc(0));
  };
  return { request: only('request'), response: only('response') };
}

const named = ({ headers }: RecordedMessage, name: string) => headers.find(([one]) => one === name)?.[1];
const typeOf = ({ headers }: RecordedPart) => headers[0];
const sha512 = (bytes: Buffer) => createHash('sha512').update(bytes).digest();
const boundaryPattern = /^multipart\/mixed; charset=UTF-8; boundary=(xtop[A-Za-z]{30})$/;
const boundaryIn = (message: RecordedMessage) =>
  boundaryPattern.exec(named(message, 'content-type') ?? '')?.[1] ?? 'none';
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const signatureRoot = '<?xml version="1.0" encoding="UTF-8" standalone="no"?><asic:XAdESSignatures ';

describe('one REST exchange with bodies, as it stands on the wire', () => {
  let request: RecordedMessage;
  let response: RecordedMessage;

  beforeAll(async () => {
    const { path } = await network.publish('echo', (incoming, outgoing) => {
      incoming.resume();
      incoming.on('end', () => {
        outgoing.writeHead(200, { 'Content-Type': 'application/json', 'X-Own': 'yes' }).end('{"b":2}');
      });
    });
    ({ request, response } = await exchanged(async () => {
      const answer = await call(network, `${path}/items?x=1`, {
        method: 'POST',
        body: '{"a":1}',
        headers: { accept: 'application/json', 'Content-Type': 'application/json', 'X-Own-Header': 'Kept' },
      });
      expect(answer.body.toString()).toBe('{"b":2}');
    }));
  });

  it('its request line and headers are spelled and ordered as X-Road has them', () => {
    expect(request.startLine).toBe('POST / HTTP/1.1');
    const own = request.headers.filter(
      ([name]) => !['host', 'connection', 'transfer-encoding'].includes(name),
    );
    expect(own.map(([name]) => name)).toEqual([
      'content-type',
      'x-hash-algorithm',
      'x-proxy-version',
      'x-original-content-type',
      'x-road-message-type',
      'x-road-request-id',
    ]);
    expect(named(request, 'content-type')).toMatch(boundaryPattern);
    expect(named(request, 'x-hash-algorithm')).toBe('SHA-512');
    expect(named(request, 'x-proxy-version')).toMatch(/^7\.\d+\.\d+$/);
    expect(named(request, 'x-original-content-type')).toBe('application/json');
    expect(named(request, 'x-road-message-type')).toBe('REST');
    expect(named(request, 'x-road-request-id')).toMatch(uuid);
    expect(named(request, 'transfer-encoding')).toBe('chunked');
  });

  it('its parts stand in their order, each with its type alone', () => {
    const parts = readParts(request.body, boundaryIn(request));
    expect(parts.map(({ headers }) => headers)).toEqual([
      ['content-type: application/ocsp-response'],
      ['content-type: application/x-road-rest-request'],
      ['content-type: application/x-road-rest-body'],
      ['content-type: application/hash-chain-result'],
      ['content-type: application/hash-chain'],
      ['content-type: signature/bdoc-1.0/ts'],
    ]);
    expect(parts[2]?.body.toString()).toBe('{"a":1}');
    expect(parts[5]?.body.toString()).toContain(signatureRoot);
  });

  it('its head has verb, target and headers line by line, and no empty line at its end', () => {
    const [, head] = readParts(request.body, boundaryIn(request));
    const text = head?.body.toString() ?? '';
    expect(text.endsWith('\r\n')).toBe(true);
    expect(text.endsWith('\r\n\r\n')).toBe(false);
    const [verb, target, ...lines] = text.slice(0, -2).split('\r\n');
    expect([verb, target]).toEqual(['POST', '/r1/PILOT/GOV/1001/population/echo/items?x=1']);
    expect(lines.slice(0, -2)).toEqual([
      'X-Road-Client:PILOT/MUN/2001/portal',
      'accept:application/json',
      'Content-Type:application/json',
      'X-Own-Header:Kept',
    ]);
    expect(lines.at(-2)).toBe(`x-road-request-id:${named(request, 'x-road-request-id')}`);
    expect(lines.at(-1)).toMatch(/^x-road-id:PILOT-[0-9a-f-]{36}$/);
  });

  it('its hash chain joins head and body in one step, which the result names', () => {
    const [, head, body, result, chain] = readParts(request.body, boundaryIn(request)).map(
      (part) => part.body,
    );
    if (!head || !body || !result || !chain) throw new Error('a part is missing');
    const uri = Buffer.from('http://www.w3.org/2001/04/xmlenc#sha512');
    const entry = (digest: Buffer) =>
      Buffer.concat([
        Buffer.from([0x30, 0x6d, 0x04, 0x40]),
        digest,
        Buffer.from([0x0c, uri.length]),
        uri,
        Buffer.from([0x30, 0]),
      ]);
    const entries = Buffer.concat([entry(sha512(head)), entry(sha512(body))]);
    const step = sha512(Buffer.concat([Buffer.from([0x30, 0x81, entries.length]), entries])).toString(
      'base64',
    );
    expect(result.toString()).toMatch(/^<\?xml version="1\.0" encoding="UTF-8" standalone="yes"\?>/);
    expect(result.toString()).toContain(`DigestValue>${step}<`);
    expect(result.toString()).toContain('URI="/sig-hashchain.xml#STEP0"');
    expect(chain.toString()).toContain('URI="/message.xml"');
    expect(chain.toString()).toContain('URI="/attachment1"');
  });

  it('its response has two headers in lower case, and ends the connection', () => {
    expect(response.startLine).toBe('HTTP/1.1 200 OK');
    expect(response.headers.map(([name]) => name).slice(0, 2)).toEqual(['content-type', 'x-hash-algorithm']);
    expect(named(response, 'content-type')).toMatch(boundaryPattern);
    expect(named(response, 'x-hash-algorithm')).toBe('SHA-512');
    expect(response.headers.find(([name]) => name.toLowerCase() === 'connection')?.[1]).toBe('close');
    expect(named(response, 'x-original-content-type')).toBeUndefined();
  });

  it('its response parts and head are those of X-Road, the five headers last', () => {
    const parts = readParts(response.body, boundaryIn(response));
    expect(parts.map(typeOf)).toEqual([
      'content-type: application/x-road-rest-response',
      'content-type: application/x-road-rest-body',
      'content-type: application/hash-chain-result',
      'content-type: application/hash-chain',
      'content-type: signature/bdoc-1.0/ts',
    ]);
    const text = parts[0]?.body.toString() ?? '';
    const lines = text.slice(0, -2).split('\r\n');
    expect(lines.slice(0, 4)).toEqual(['200', 'OK', 'Content-Type:application/json', 'X-Own:yes']);
    const requestParts = readParts(request.body, boundaryIn(request));
    const [head, body] = [requestParts[1]?.body, requestParts[2]?.body];
    if (!head || !body) throw new Error('a part is missing');
    const hash = sha512(Buffer.concat([sha512(head), sha512(body)])).toString('base64');
    const id = head.toString().match(/x-road-id:(.*)\r\n/)?.[1];
    expect(lines.slice(-5)).toEqual([
      `x-road-id:${id}`,
      'x-road-client:PILOT/MUN/2001/portal',
      'x-road-service:PILOT/GOV/1001/population/echo',
      `x-road-request-id:${named(request, 'x-road-request-id')}`,
      `x-road-request-hash:${hash}`,
    ]);
    for (const name of ['transfer-encoding', 'connection', 'content-length', 'keep-alive', 'server']) {
      expect(text.toLowerCase()).not.toContain(`\r\n${name}:`);
    }
  });
});

describe('one SOAP exchange with an attachment, as it stands on the wire', () => {
  let request: RecordedMessage;
  let response: RecordedMessage;
  const envelope = Buffer.from(
    '<?xml version="1.0"?>\n<S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/" xmlns:x="http://x-road.eu/xsd/xroad.xsd" xmlns:i="http://x-road.eu/xsd/identifiers">\n <S:Header>\n  <x:client i:objectType="SUBSYSTEM"><i:xRoadInstance>PILOT</i:xRoadInstance><i:memberClass>MUN</i:memberClass><i:memberCode>2001</i:memberCode><i:subsystemCode>portal</i:subsystemCode></x:client>\n  <x:service i:objectType="SERVICE"><i:xRoadInstance>PILOT</i:xRoadInstance><i:memberClass>GOV</i:memberClass><i:memberCode>1001</i:memberCode><i:subsystemCode>population</i:subsystemCode><i:serviceCode>getPerson</i:serviceCode></x:service>\n  <x:id>wire-1</x:id>\n  <x:protocolVersion>4.0</x:protocolVersion>\n </S:Header>\n <S:Body><getPerson/></S:Body>\n</S:Envelope>',
  );
  const answer = envelope.toString().replace('<getPerson/>', '<getPersonResponse/>');
  const type = 'multipart/related; type="text/xml"; boundary=own';
  const multipart = (text: string | Buffer, attachment: string) =>
    Buffer.concat([
      Buffer.from('--own\r\nContent-Type: text/xml; charset=UTF-8\r\nContent-ID: <root>\r\n\r\n'),
      Buffer.from(text),
      Buffer.from(
        `\r\n--own\r\nContent-ID: <a>\r\nContent-Transfer-Encoding: base64\r\nContent-Type: text/plain\r\n\r\n${attachment}\r\n--own--\r\n`,
      ),
    ]);

  beforeAll(async () => {
    await network.publish(
      'getPerson',
      (incoming, outgoing) => {
        incoming.resume();
        incoming.on('end', () => {
          outgoing.writeHead(200, { 'Content-Type': type }).end(multipart(answer, 'T1VU'));
        });
      },
      'WSDL',
    );
    ({ request, response } = await exchanged(async () => {
      const result = await call(network, '/', {
        method: 'POST',
        body: multipart(envelope, 'SU4='),
        headers: { 'Content-Type': type, SOAPAction: '"urn:get"' },
      });
      expect(result.body.toString()).toContain('getPersonResponse');
    }));
  });

  it('its headers are those of SOAP, in their order', () => {
    const own = request.headers.filter(
      ([name]) => !['host', 'connection', 'transfer-encoding'].includes(name),
    );
    expect(own.map(([name]) => name)).toEqual([
      'content-type',
      'x-hash-algorithm',
      'x-proxy-version',
      'x-original-content-type',
      'x-original-soapaction',
      'x-road-request-id',
    ]);
    expect(named(request, 'x-original-content-type')).toBe(type);
    expect(named(request, 'x-original-soapaction')).toBe('"urn:get"');
  });

  it('its parts carry the envelope byte for byte and the attachment in its encoding, as a multipart of its own', () => {
    const parts = readParts(request.body, boundaryIn(request));
    expect(parts.map(typeOf)).toEqual([
      'content-type: application/ocsp-response',
      'content-type: text/xml; charset=UTF-8',
      expect.stringMatching(/^content-type: multipart\/mixed; charset=UTF-8; boundary=xatt[A-Za-z]{30}$/),
      'content-type: application/hash-chain-result',
      'content-type: application/hash-chain',
      'content-type: signature/bdoc-1.0/ts',
    ]);
    expect(parts[1]?.headers).toEqual(['content-type: text/xml; charset=UTF-8', 'Content-ID: <root>']);
    expect(parts[1]?.body.equals(envelope)).toBe(true);
    const boundary =
      /boundary=(.*)$/.exec(typeOf(parts[2] ?? { headers: [], body: envelope }) ?? '')?.[1] ?? '';
    const attachments = readParts(parts[2]?.body ?? Buffer.alloc(0), boundary);
    expect(attachments.map(({ headers, body }) => [...headers, body.toString()])).toEqual([
      ['content-type: text/plain', 'Content-ID: <a>', 'Content-Transfer-Encoding: base64', 'SU4='],
    ]);
  });

  it('its response names its own content type, and its envelope the request', () => {
    expect(response.headers.map(([name]) => name).slice(0, 3)).toEqual([
      'content-type',
      'x-hash-algorithm',
      'x-original-content-type',
    ]);
    expect(named(response, 'x-original-content-type')).toBe(type);
    const parts = readParts(response.body, boundaryIn(response));
    expect(parts.map(typeOf)).toEqual([
      'content-type: text/xml; charset=UTF-8',
      expect.stringMatching(/^content-type: multipart\/mixed; charset=UTF-8; boundary=xatt[A-Za-z]{30}$/),
      'content-type: application/hash-chain-result',
      'content-type: application/hash-chain',
      'content-type: signature/bdoc-1.0/ts',
    ]);
    const hash = sha512(envelope).toString('base64');
    const tag = `<x:requestHash algorithmId="http://www.w3.org/2001/04/xmlenc#sha512">${hash}</x:requestHash>`;
    const expected = answer
      .replace('<?xml version="1.0"?>', '<?xml version="1.0" encoding="UTF-8"?>')
      .replace('</x:id>', `</x:id>\n  ${tag}`);
    expect(parts[0]?.body.toString()).toBe(`${expected}\n`);
  });

  it('a fault before the answer began is a plain SOAP fault with status 200', async () => {
    const recorded = await exchanged(async () => {
      await call(network, '/r1/PILOT/GOV/1001/population/nothing');
    });
    expect(recorded.response.startLine).toBe('HTTP/1.1 200 OK');
    const contentType = recorded.response.headers.find(
      ([name]) => name.toLowerCase() === 'content-type',
    )?.[1];
    expect(contentType).toBe('text/xml;charset=utf-8');
    expect(recorded.response.headers.map(([name]) => name.toLowerCase())).not.toContain('x-hash-algorithm');
    expect(recorded.response.body.toString()).toMatch(
      /^<\?xml version="1\.0" encoding="UTF-8"\?><SOAP-ENV:Envelope xmlns:SOAP-ENV="http:\/\/schemas\.xmlsoap\.org\/soap\/envelope\/"><SOAP-ENV:Body><SOAP-ENV:Fault><faultcode>server\.serverproxy\.unknown_service<\/faultcode><faultstring>[^<]*<\/faultstring><faultactor><\/faultactor><detail><faultDetail xmlns="">[0-9a-f-]{36}<\/faultDetail><\/detail><\/SOAP-ENV:Fault><\/SOAP-ENV:Body><\/SOAP-ENV:Envelope>$/,
    );
  });
});
