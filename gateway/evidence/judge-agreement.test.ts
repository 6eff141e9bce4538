import { describe, expect, it } from 'vitest';
import type { MessageFacts } from './facts.ts';
import { judgeAgreement } from './judge-agreement.ts';

const commitment = `${'A'.repeat(43)}=`;
const facts: MessageFacts = {
  kind: 'message',
  sequence: 1,
  at: '2026-03-01T10:20:30.456Z',
  direction: 'request',
  side: 'client',
  protocol: 'soap',
  client: 'DEV:COM:111:permits',
  provider: 'DEV:COM:222:register',
  service: 'DEV:COM:222:register:person:v1',
  queryId: 'DEV-1',
  requestId: 'r-1',
  userId: 'EE1',
  configuration: 'ab'.repeat(32),
  head: commitment,
  signature: commitment,
  bodies: [],
};

const party = (code: string, subsystem: string) =>
  `<id:xRoadInstance>DEV</id:xRoadInstance><id:memberClass>COM</id:memberClass>
   <id:memberCode>${code}</id:memberCode><id:subsystemCode>${subsystem}</id:subsystemCode>`;

/** A SOAP request, or with a request hash its response. */
function envelope(requestHash = ''): Buffer {
  return Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>
<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xr="http://x-road.eu/xsd/xroad.xsd"
    xmlns:id="http://x-road.eu/xsd/identifiers">
  <s:Header>
    <xr:client id:objectType="SUBSYSTEM">${party('111', 'permits')}</xr:client>
    <xr:service id:objectType="SERVICE">${party('222', 'register')}
      <id:serviceCode>person</id:serviceCode><id:serviceVersion>v1</id:serviceVersion></xr:service>
    <xr:userId>EE1</xr:userId><xr:id>DEV-1</xr:id><xr:protocolVersion>4.0</xr:protocolVersion>${requestHash}
  </s:Header>
  <s:Body><person/></s:Body>
</s:Envelope>`);
}

const answered =
  '<xr:requestHash algorithmId="http://www.w3.org/2001/04/xmlenc#sha512">AA==</xr:requestHash>';

function outcomeOf(head: Buffer, changes: Partial<MessageFacts> = {}): string | undefined {
  const { state, code, details } = judgeAgreement(head, { ...facts, ...changes }, 'records/1');
  return state === 'good' ? 'good' : `${code} ${details[0]?.[1] ?? ''}`.trim();
}

describe('the facts of a SOAP message', () => {
  it('are those of its envelope, of a request and of a response', () => {
    expect(outcomeOf(envelope())).toBe('good');
    // The user of a response is that of its request; nobody but the log says so.
    expect(outcomeOf(envelope(answered), { direction: 'response', userId: 'EE1', status: 200 })).toBe('good');
  });

  it.each<[Partial<MessageFacts>]>([
    [{ client: 'DEV:COM:111:taxes' }],
    [{ service: 'DEV:COM:222:register:person' }],
    [{ provider: 'DEV:COM:222' }],
    [{ queryId: 'DEV-2' }],
    [{ userId: 'EE2' }],
    [{ issue: 'added' }],
    [{ protocol: 'rest' }],
  ])('may not differ from it: %j', (changes) => {
    expect(outcomeOf(envelope(), changes)).toBe(`facts-differ ${Object.keys(changes)[0]}`);
  });

  it('may not make a request of a response', () => {
    expect(outcomeOf(envelope(answered))).toBe('facts-differ direction');
  });

  it.each([
    ['nothing', ''],
    ['no XML', '<'],
    ['no header', '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"/>'],
    ['another client', envelope().toString().replace('"SUBSYSTEM"', '"SERVER"')],
    ['no message of HTTP', '1'],
  ])('cannot be compared with %s', (_what, head) => {
    expect(outcomeOf(Buffer.from(head))).toBe('message-unreadable');
  });
});
