import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClientId, MemberId, ServerId } from '../identifier/index.ts';
import { composeEnvelope, parseSoapBody, readSoapMessage } from '../soap/index.ts';
import { child, childrenNamed, textOf, type XmlElement } from '../xml/index.ts';
import { call, startNetwork, type TestNetwork } from './network.ts';

let network: TestNetwork;
let echo = '';

const ministry: MemberId = { kind: 'MEMBER', instance: 'PILOT', memberClass: 'GOV', memberCode: '1001' };
const city: MemberId = { kind: 'MEMBER', instance: 'PILOT', memberClass: 'MUN', memberCode: '2001' };
const portal: ClientId = { ...city, kind: 'SUBSYSTEM', subsystemCode: 'portal' };
const permits: ClientId = { ...city, kind: 'SUBSYSTEM', subsystemCode: 'permits' };
const ministryServer: ServerId = { ...ministry, kind: 'SERVER', serverCode: 'ss1' };

const om = 'http://x-road.eu/xsd/op-monitoring.xsd';
const monitoring = 'http://x-road.eu/xsd/monitoring';

beforeAll(async () => {
  network = await startNetwork();
  ({ path: echo } = await network.publish('echo', (incoming, outgoing) => {
    incoming.resume();
    outgoing.writeHead(incoming.url === '/missing' ? 404 : 200).end('{"a":1}');
  }));
  await network.publish(
    'getPerson',
    (incoming, outgoing) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('end', () => {
        const answer = Buffer.concat(chunks).toString().replaceAll('getPerson/>', 'getPersonResponse/>');
        outgoing.writeHead(200, { 'content-type': 'text/xml' }).end(answer);
      });
    },
    'WSDL',
  );
  await call(network, `${echo}/one`, {
    method: 'POST',
    body: '{"b":22}',
    headers: { 'x-road-id': 'posted' },
  });
  await call(network, `${echo}/missing`, { headers: { 'x-road-id': 'missed', 'x-road-userid': 'EE7' } });
  await call(network, echo, { client: 'PILOT/MUN/2001/permits', headers: { 'x-road-id': 'refused' } });
  await post(soap(portal, 'getPerson', '<getPerson/>', { subsystem: 'population', id: 'soap' }));
});

afterAll(async () => {
  await network.close();
});

let count = 0;

function soap(
  client: ClientId,
  serviceCode: string,
  body: string,
  {
    subsystem,
    server = ministryServer,
    id,
  }: { subsystem?: string; server?: ServerId | null; id?: string } = {},
): Buffer {
  count += 1;
  const { kind: _, ...provider } = ministry;
  return composeEnvelope(
    {
      client,
      service: {
        ...{ kind: 'SERVICE', ...provider, serviceCode },
        ...(subsystem !== undefined && { subsystemCode: subsystem }),
      },
      ...(server !== null && { securityServer: server }),
      id: id ?? `monitoring-${count}`,
      protocolVersion: '4.0',
    },
    body,
  );
}

async function post(envelope: Buffer) {
  const answer = await call(network, '/', {
    method: 'POST',
    body: envelope,
    headers: { 'content-type': 'text/xml; charset=UTF-8' },
  });
  const fault = /<faultcode>([^<]*)</.exec(answer.body.toString())?.[1];
  return { ...answer, fault };
}

const now = () => Math.floor(Date.now() / 1000);

function question(from: number, to: number, more = ''): string {
  return (
    `<om:getSecurityServerOperationalData xmlns:om="${om}"><om:searchCriteria>` +
    `<om:recordsFrom>${from}</om:recordsFrom><om:recordsTo>${to}</om:recordsTo></om:searchCriteria>${more}` +
    '</om:getSecurityServerOperationalData>'
  );
}

async function operationalData(client: ClientId, body: string) {
  const answer = await post(soap(client, 'getSecurityServerOperationalData', body));
  if (answer.fault !== undefined) return { fault: answer.fault, records: [] };
  const stream = async function* () {
    yield answer.body;
  };
  const message = await readSoapMessage(stream(), String(answer.headers['content-type']));
  const chunks: Uint8Array[] = [];
  let headers: unknown;
  for await (const attachment of message.attachments) {
    headers = attachment.headers;
    for await (const chunk of attachment.body) chunks.push(chunk);
  }
  const { records } = JSON.parse(gunzipSync(Buffer.concat(chunks)).toString()) as {
    records: Record<string, unknown>[];
  };
  const response = parseSoapBody(message.envelope);
  return { response, headers, records };
}

const textIn = (parent: XmlElement | undefined, name: string, namespace = om) => {
  const found = parent && child(parent, name, namespace);
  return found && textOf(found);
};

describe('operational data', () => {
  it('that are still too young are not told yet', async () => {
    expect(await operationalData(portal, question(now() + 5, now() + 9))).toMatchObject({
      fault: 'server.serverproxy.invalid_request',
    });
  });

  it('of a client are its own exchanges, with every field that X-Road keeps', async () => {
    const from = now() - 600;
    const ask = () => operationalData(portal, question(from, now()));
    await until(async () => (await ask()).records.some(({ messageId }) => messageId === 'soap'));
    const { response, headers, records } = await ask();
    expect(textIn(response, 'recordsCount')).toBe(String(records.length));
    expect(textIn(response, 'records')).toBe('cid:operational-monitoring-data.json.gz');
    // The end of the period was too young.
    expect(Number(textIn(response, 'nextRecordsFrom'))).toBeGreaterThan(now() - 5);
    expect(headers).toEqual([
      ['content-type', 'application/gzip'],
      ['content-transfer-encoding', 'binary'],
      ['content-id', '<operational-monitoring-data.json.gz>'],
    ]);
    const find = (id: string) => records.find(({ messageId }) => messageId === id);
    expect(find('posted')).toMatchObject({
      securityServerType: 'Producer',
      securityServerInternalIp: '127.0.0.1',
      clientXRoadInstance: 'PILOT',
      clientMemberClass: 'MUN',
      clientMemberCode: '2001',
      clientSubsystemCode: 'portal',
      serviceXRoadInstance: 'PILOT',
      serviceMemberClass: 'GOV',
      serviceMemberCode: '1001',
      serviceSubsystemCode: 'population',
      serviceCode: 'echo',
      serviceType: 'REST',
      restMethod: 'POST',
      restPath: '/one',
      statusCode: 200,
      succeeded: true,
      clientSecurityServerAddress: '127.0.0.2',
      serviceSecurityServerAddress: '127.0.0.1',
      xRoadVersion: '7.8.0',
      xRequestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    const posted = find('posted') as Record<string, number>;
    const instants = ['requestInTs', 'requestOutTs', 'responseInTs', 'responseOutTs'].map(
      (name) => posted[name],
    );
    expect(instants).toEqual([...instants].sort((a, b) => Number(a) - Number(b)));
    expect(posted['requestSize']).toBeGreaterThan(8);
    expect(find('missed')).toMatchObject({ succeeded: false, statusCode: 404, messageUserId: 'EE7' });
    expect(find('soap')).toMatchObject({
      serviceType: 'WSDL',
      messageProtocolVersion: '4.0',
      requestAttachmentCount: 0,
      succeeded: true,
    });
    expect(find('refused')).toBeUndefined();
  });

  it('of everybody are for the owner and the monitoring client', async () => {
    const from = now() - 600;
    const asStranger = await operationalData(permits, question(from, now()));
    expect(asStranger.records.every(({ clientSubsystemCode }) => clientSubsystemCode === 'permits')).toBe(
      true,
    );
    expect(asStranger.records.find(({ messageId }) => messageId === 'refused')).toMatchObject({
      succeeded: false,
      faultCode: 'server.serverproxy.access_denied',
    });
    const settings = await network.registryAdmin.get<object>('/settings');
    await network.registryAdmin.put('/settings', { ...settings, monitoringClient: 'PILOT:MUN:2001:permits' });
    await until(async () => {
      const { records } = await operationalData(permits, question(from, now()));
      return records.some(({ clientSubsystemCode }) => clientSubsystemCode === 'portal');
    });
  });

  it('may be narrowed to some fields and one client, never to what is no field', async () => {
    const fields = '<om:outputSpec><om:outputField>messageId</om:outputField></om:outputSpec>';
    const { records } = await operationalData(portal, question(now() - 600, now(), fields));
    expect(records.length).toBeGreaterThan(0);
    expect(records.every((record) => Object.keys(record).join() === 'messageId')).toBe(true);
    const strange = '<om:outputSpec><om:outputField>password</om:outputField></om:outputSpec>';
    expect(await operationalData(portal, question(now() - 600, now(), strange))).toMatchObject({
      fault: 'server.serverproxy.invalid_request',
    });
  });

  it.each(['', '<om:getSecurityServerOperationalData xmlns:om="urn:x"/>'])(
    'are not told for a question that is none: %s',
    async (body) => {
      const empty = `<om:getSecurityServerOperationalData xmlns:om="${om}"/>`;
      expect(await operationalData(portal, body === '' ? empty : body)).toMatchObject({
        fault: 'server.serverproxy.invalid_request',
      });
    },
  );

  it('are asked of the owner only: another provider has no such service', async () => {
    const envelope = soap(portal, 'getSecurityServerOperationalData', question(1, 2), {
      subsystem: 'population',
    });
    expect((await post(envelope)).fault).toBe('server.serverproxy.unknown_service');
  });
});

describe('health data', () => {
  const ask = async (filter = '') => {
    const body = `<om:getSecurityServerHealthData xmlns:om="${om}">${filter}</om:getSecurityServerHealthData>`;
    return parseSoapBody((await post(soap(permits, 'getSecurityServerHealthData', body))).body);
  };

  it('tell how each service fared', async () => {
    const response = await ask();
    expect(Number(textIn(response, 'monitoringStartupTimestamp'))).toBeGreaterThan(1e12);
    expect(textIn(response, 'statisticsPeriodSeconds')).toBe('600');
    const events = child(response, 'servicesEvents', om);
    const all = events === undefined ? [] : childrenNamed(events, 'serviceEvents', om);
    const echoEvents = all.find(
      (one) =>
        textIn(child(one, 'service', om), 'serviceCode', 'http://x-road.eu/xsd/identifiers') === 'echo',
    );
    expect(Number(textIn(echoEvents, 'lastSuccessfulRequestTimestamp'))).toBeGreaterThan(1e12);
    expect(Number(textIn(echoEvents, 'lastUnsuccessfulRequestTimestamp'))).toBeGreaterThan(1e12);
    const statistics = echoEvents && child(echoEvents, 'lastPeriodStatistics', om);
    expect(textIn(statistics, 'successfulRequestCount')).toBe('1');
    // One answered 404, one refused for want of a right.
    expect(textIn(statistics, 'unsuccessfulRequestCount')).toBe('2');
    expect(textIn(statistics, 'requestMinDuration')).toBeDefined();
    expect(textIn(statistics, 'responseSizeStdDev')).toBe('0');
  });

  it('may be narrowed to one provider', async () => {
    const other =
      '<om:filterCriteria><om:client xmlns:id="http://x-road.eu/xsd/identifiers" id:objectType="SUBSYSTEM"><id:xRoadInstance>PILOT</id:xRoadInstance><id:memberClass>GOV</id:memberClass><id:memberCode>1001</id:memberCode><id:subsystemCode>inspection</id:subsystemCode></om:client></om:filterCriteria>';
    const events = child(await ask(other), 'servicesEvents', om);
    expect(events && childrenNamed(events, 'serviceEvents', om)).toEqual([]);
  });
});

describe('metrics', () => {
  const ask = (client: ClientId, body = '', server: ServerId | null = ministryServer) =>
    post(
      soap(
        client,
        'getSecurityServerMetrics',
        `<m:getSecurityServerMetrics xmlns:m="${monitoring}">${body}</m:getSecurityServerMetrics>`,
        { server },
      ),
    );

  it('of the environment are for owner and monitoring client, of one server that is named', async () => {
    expect((await ask(portal)).fault).toBe('server.serverproxy.access_denied');
    expect((await ask(permits, '', null)).fault).toBe('server.serverproxy.missing_header_field');
    const answer = await ask(permits);
    expect(answer.fault).toBeUndefined();
    const root = child(parseSoapBody(answer.body), 'metricSet', monitoring);
    expect(textIn(root, 'name', monitoring)).toBe('SERVER:PILOT/GOV/1001/ss1');
    const text = answer.body.toString();
    for (const name of [
      'proxyVersion',
      'systemMetrics',
      'OperatingSystem',
      'TotalPhysicalMemory',
      'DiskSpaceFree',
      'Certificates',
      'notAfter',
    ]) {
      expect(text).toContain(`<m:name>${name}</m:name>`);
    }
  });

  it('may be narrowed to some', async () => {
    const spec = '<m:outputSpec><m:outputField>TotalPhysicalMemory</m:outputField></m:outputSpec>';
    const text = (await ask(permits, spec)).body.toString();
    expect(text).toContain('<m:name>TotalPhysicalMemory</m:name>');
    expect(text).not.toContain('FreePhysicalMemory');
    expect(text).not.toContain('Certificates');
  });
});

async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error('it never came to hold');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

describe('a program that watches', () => {
  it('reads what a server counts, with a key, and nothing of a person', async () => {
    const url = `${network.city.adminUrl}/metrics`;
    expect((await fetch(url)).status).toBe(401);
    const answer = await fetch(url, { headers: { authorization: `Bearer ${network.city.apiKey}` } });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([
      200,
      expect.stringContaining('text/plain'),
    ]);
    const text = await answer.text();
    const refused =
      /^waygate_exchanges_total\{side="client",outcome="server\.serverproxy\.access_denied"\} [1-9]\d*$/m;
    expect(text).toMatch(refused);
    expect(text).toMatch(
      /^waygate_service_exchanges_total\{side="client",service="PILOT:GOV:1001:population:echo",/m,
    );
    expect(text).toMatch(
      /^waygate_certificate_status_until_seconds\{use="signing",member="PILOT:MUN:2001",/m,
    );
    expect(text).toMatch(/^waygate_health\{check="signature"\} 1$/m);
    for (const word of ['EE7', 'missed', '/missing']) expect(text).not.toContain(word);
  });
});
