import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Listening, listen } from '../http/index.ts';
import {
  composeEnvelope,
  parseEnvelope,
  parseSoapBody,
  readIdentifier,
  readSoapMessage,
  type SoapHeader,
  xroadNamespace,
} from '../soap/index.ts';
import { childrenNamed, elements, textOf } from '../xml/index.ts';
import { bodyOf, call, startNetwork, type TestNetwork } from './network.ts';

const client = '/clients/PILOT%3AGOV%3A1001%3Apopulation';
const provider = { instance: 'PILOT', memberClass: 'GOV', memberCode: '1001', subsystemCode: 'population' };

/** A description whose services are at `address`; imports its operations, as many toolkits write it. */
const outer = (address: string) => `<?xml version='1.0' encoding='UTF-8'?>
<!-- Õppeinfo --><wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:t="urn:t" targetNamespace="urn:s"
  xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/">\r
  <wsdl:import namespace="urn:t" location="operations.wsdl"/>
  <wsdl:service name="S"><wsdl:port name="P" binding="t:B"><soap:address  location = '${address}' /></wsdl:port>
</wsdl:service></wsdl:definitions>
`;
const inner = (...operations: readonly (readonly [string, string?])[]) =>
  `<w:definitions xmlns:w="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/"
  xmlns:t="urn:t" xmlns:x="${xroadNamespace}" targetNamespace="urn:t"><w:import namespace="urn:s" location="./?wsdl"/>
  <w:binding name="B" type="t:P"><soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>${operations
    .map(
      ([name, version]) =>
        `<w:operation name="${name}"><soap:operation soapAction=""/>${
          version === undefined ? '' : `<x:version>${version}</x:version>`
        }<w:input><soap:body use="literal"/></w:input></w:operation>`,
    )
    .join('')}</w:binding></w:definitions>`;

describe('SOAP services of a provider and what can be asked about them', () => {
  let network: TestNetwork;
  let listening: Listening;
  let address: string;
  let operations: string;
  let descriptions: string;
  const calls: string[] = [];

  beforeAll(async () => {
    network = await startNetwork();
    // The pilot has a SOAP service of its own there; these journeys begin without.
    const own = await network.ministryAdmin.get<{ id: string }[]>(`${client}/service-descriptions`);
    for (const { id } of own) await network.ministryAdmin.delete(`${client}/service-descriptions/${id}`);
    operations = inner(['getPerson', 'v1'], ['getPerson', 'v2'], ['list_all']);
    const server = createServer((incoming, outgoing) => {
      if (incoming.method === 'GET') {
        outgoing.end(incoming.url === '/s/?wsdl' ? outer(`${address}/call`) : operations);
        return;
      }
      void bodyOf(incoming).then((body) => {
        const { header } = parseEnvelope(body);
        calls.push(`${incoming.url} ${header.service.serviceCode} ${header.service.serviceVersion}`);
        const name = `${header.service.serviceCode}Response`;
        outgoing.writeHead(200, { 'Content-Type': 'text/xml' }).end(composeEnvelope(header, `<${name}/>`));
      });
    });
    listening = await listen(server, '127.0.0.1', 0, 'none');
    address = `http://127.0.0.1:${listening.port}/s`;
    const { id } = await network.ministryAdmin.post<{ id: string }>(`${client}/service-descriptions`, {
      url: `${address}/?wsdl`,
    });
    descriptions = `${client}/service-descriptions/${id}`;
    await network.ministryAdmin.put(`${client}/services/getPerson/access-rights`, [
      { subject: 'PILOT:MUN:2001:portal', endpoints: [{ method: '*', path: '**' }] },
    ]);
  });
  afterAll(async () => {
    await network?.close();
    await listening?.close(100);
  });

  let count = 0;
  async function ask(serviceCode: string, content = '', serviceVersion?: string) {
    count += 1;
    const header: SoapHeader = {
      client: {
        kind: 'SUBSYSTEM',
        instance: 'PILOT',
        memberClass: 'MUN',
        memberCode: '2001',
        subsystemCode: 'portal',
      },
      service: {
        kind: 'SERVICE',
        ...provider,
        serviceCode,
        ...(serviceVersion !== undefined && { serviceVersion }),
      },
      id: `metadata-${count}`,
      protocolVersion: '4.0',
    };
    const name = `q:${serviceCode}`;
    const sent = composeEnvelope(header, `<${name} xmlns:q="${xroadNamespace}">${content}</${name}>`);
    const answer = await call(network, '/', {
      method: 'POST',
      body: sent,
      headers: { 'content-type': 'text/xml; charset=UTF-8' },
    });
    const fault = /<faultcode>([^<]*)<\/faultcode>/.exec(answer.body.toString())?.[1];
    return { ...answer, sent, fault, type: String(answer.headers['content-type']) };
  }

  /** Codes and versions in the answer to a question, whose hash must be that of the question. */
  async function listed(question: string): Promise<string[]> {
    const { body, sent } = await ask(question);
    const { header, bodyName } = parseEnvelope(body);
    expect(bodyName).toBe(`${question}Response`);
    expect(header.requestHash).toBe(createHash('sha512').update(sent).digest('base64'));
    return childrenNamed(parseSoapBody(body), 'service', xroadNamespace).map((element) => {
      const id = readIdentifier(element);
      if (id.kind !== 'SERVICE') throw new Error(`a ${id.kind} was listed`);
      return [id.serviceCode, id.serviceVersion].join(' ');
    });
  }

  it('the client lists methods; the answer has all SOAP services with versions, or those it may call', async () => {
    expect(await listed('listMethods')).toEqual(['getPerson v1', 'getPerson v2', 'list_all ']);
    expect(await listed('allowedMethods')).toEqual(['getPerson v1', 'getPerson v2']);
  });

  it('the client lists methods over REST; the answer has no SOAP service in it', async () => {
    const path = '/r1/PILOT/GOV/1001/population';
    for (const question of ['listMethods', 'allowedMethods']) {
      const { service } = JSON.parse((await call(network, `${path}/${question}`)).body.toString());
      expect(service.map((one: { readonly service_code: string }) => one.service_code)).not.toContain(
        'getPerson',
      );
    }
    const refusal = async (code: string) =>
      (await call(network, `${path}/${code}/x`)).headers['x-road-error'];
    // REST names no version: there is a service list_all, but no getPerson without one.
    expect(await refusal('list_all')).toBe('server.serverproxy.service_type');
    expect(await refusal('getPerson')).toBe('server.serverproxy.unknown_service');
  });

  it('the client calls a version; the service of that version answers', async () => {
    expect((await ask('getPerson', '', 'v2')).fault).toBeUndefined();
    expect(calls).toEqual(['/s/call getPerson v2']);
    expect((await ask('getPerson')).fault).toBe('server.serverproxy.unknown_service');
    expect((await ask('getPerson', '', 'v3')).fault).toBe('server.serverproxy.unknown_service');
    expect((await ask('list_all')).fault).toBe('server.serverproxy.access_denied');
  });

  const wanted = (code: string, version: string) =>
    `<q:serviceCode>${code}</q:serviceCode><q:serviceVersion>${version}</q:serviceVersion>`;

  it('the client asks for a WSDL; the answer is the document itself, with the address of the road', async () => {
    const { type, body } = await ask('getWsdl', wanted('getPerson', 'v1'));
    expect(type).toMatch(/^multipart\/related;/);
    const message = await readSoapMessage(chunks(body), type);
    const root = parseSoapBody(message.envelope);
    expect([root.localName, ...elements(root).map(textOf)]).toEqual(['getWsdlResponse', 'getPerson', 'v1']);
    const attachments: { headers: Record<string, string>; text: string }[] = [];
    for await (const { headers, body: content } of message.attachments) {
      const pieces: Uint8Array[] = [];
      for await (const chunk of content) pieces.push(chunk);
      const named = Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), value]));
      attachments.push({ headers: named, text: Buffer.concat(pieces).toString() });
    }
    expect(attachments).toEqual([
      {
        headers: {
          'content-type': 'text/xml',
          'content-id': expect.stringMatching(/^<wsdl=[0-9a-f-]{36}@x-road\.eu>$/),
          'content-transfer-encoding': 'binary',
        },
        text: outer('http://example.org/xroad-endpoint'),
      },
    ]);
  });

  it.each([
    ['', 'invalid_request'],
    [wanted('nothing', 'v1'), 'unknown_service'],
    [wanted('getPerson', 'v9'), 'unknown_service'],
    [wanted('register', ''), 'service_type'],
  ])('the client asks for the WSDL of %s; the answer is %s', async (content, code) => {
    expect((await ask('getWsdl', content)).fault).toBe(`server.serverproxy.${code}`);
  });

  it('the administrator switches the WSDL off; the client is told why, and may still ask', async () => {
    await network.ministryAdmin.put(`${descriptions}/disabled-notice`, { notice: 'until nine' });
    const answer = await ask('getPerson', '', 'v1');
    expect(answer.fault).toBe('server.serverproxy.service_disabled');
    expect(answer.body.toString()).toContain('until nine');
    expect(await listed('listMethods')).toHaveLength(3);
    await network.ministryAdmin.put(`${descriptions}/disabled-notice`, { notice: null });
    expect((await ask('getPerson', '', 'v1')).fault).toBeUndefined();
  });

  it('the administrator accepts a changed WSDL; the client keeps its right on what stays', async () => {
    operations = inner(['getPerson', 'v2'], ['getPerson', 'v3'], ['added']);
    const { digest, ...difference } = await network.ministryAdmin.post<Record<string, unknown>>(
      `${descriptions}/preview`,
      {},
    );
    expect(difference).toMatchObject({
      added: [{ serviceVersion: 'v3' }, { serviceCode: 'added' }],
      removed: [{ serviceVersion: 'v1' }, { serviceCode: 'list_all' }],
      moved: [],
    });
    expect(await listed('listMethods')).toContain('getPerson v1');
    await network.ministryAdmin.post(`${descriptions}/refresh`, { digest });
    expect(await listed('listMethods')).toEqual(['added ', 'getPerson v2', 'getPerson v3']);
    expect(await listed('allowedMethods')).toEqual(['getPerson v2', 'getPerson v3']);
    expect((await ask('getPerson', '', 'v3')).fault).toBeUndefined();
    expect((await ask('getPerson', '', 'v1')).fault).toBe('server.serverproxy.unknown_service');
  });

  it('the administrator removes the WSDL; its services are gone', async () => {
    const response = await request(`${network.ministry.adminUrl}/api/v1${descriptions}`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${network.ministry.apiKey}` },
    });
    await response.body.dump();
    expect(response.statusCode).toBe(204);
    expect(await listed('listMethods')).toEqual([]);
    expect((await ask('getPerson', '', 'v2')).fault).toBe('server.serverproxy.unknown_service');
  });
});

async function* chunks(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}
