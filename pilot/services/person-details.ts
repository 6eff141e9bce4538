import { Hono } from 'hono';
import { composeEnvelope, parseEnvelope, parseSoapBody, xroadNamespace } from '../../gateway/soap/index.ts';
import { child, escapeText, textOf } from '../../gateway/xml/index.ts';

const namespace = 'urn:pilot:population';

export interface PersonRecord {
  readonly code: string;
  readonly name: string;
  readonly address: string;
}

/**
 * The population register as systems from before REST know it: one SOAP operation, described by a WSDL.
 * @param find the person of a code
 */
export function createPersonDetails(find: (code: string) => PersonRecord | undefined): Hono {
  const app = new Hono();
  app.get('/', (c) => c.body(wsdlAt(c.req.url.replace(/\?.*$/, '')), 200, { 'content-type': 'text/xml' }));
  app.post('/', async (c) => {
    const request = Buffer.from(await c.req.arrayBuffer());
    const { header } = parseEnvelope(request);
    const code = child(parseSoapBody(request), 'code', namespace);
    const found = find(code === undefined ? '' : textOf(code).trim());
    const details =
      found === undefined
        ? ''
        : `<p:name>${escapeText(found.name)}</p:name><p:address>${escapeText(found.address)}</p:address>`;
    const answer = composeEnvelope(
      header,
      `<p:personDetailsResponse xmlns:p="${namespace}">${details}</p:personDetailsResponse>`,
    );
    return c.body(new Uint8Array(answer), 200, { 'content-type': 'text/xml; charset=UTF-8' });
  });
  return app;
}

function wsdlAt(address: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/"
    xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xrd="${xroadNamespace}" xmlns:p="${namespace}" targetNamespace="${namespace}">
  <wsdl:types>
    <xs:schema targetNamespace="${namespace}" elementFormDefault="qualified">
      <xs:element name="personDetails">
        <xs:complexType><xs:sequence><xs:element name="code" type="xs:string"/></xs:sequence></xs:complexType>
      </xs:element>
      <xs:element name="personDetailsResponse">
        <xs:complexType><xs:sequence>
          <xs:element name="name" type="xs:string" minOccurs="0"/><xs:element name="address" type="xs:string" minOccurs="0"/>
        </xs:sequence></xs:complexType>
      </xs:element>
    </xs:schema>
  </wsdl:types>
  <wsdl:message name="request"><wsdl:part name="body" element="p:personDetails"/></wsdl:message>
  <wsdl:message name="response"><wsdl:part name="body" element="p:personDetailsResponse"/></wsdl:message>
  <wsdl:portType name="population">
    <wsdl:operation name="personDetails">
      <wsdl:documentation><xrd:title>Name and address of one person</xrd:title></wsdl:documentation>
      <wsdl:input message="p:request"/><wsdl:output message="p:response"/>
    </wsdl:operation>
  </wsdl:portType>
  <wsdl:binding name="population" type="p:population">
    <soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
    <wsdl:operation name="personDetails">
      <soap:operation soapAction=""/>
      <xrd:version>v1</xrd:version>
      <wsdl:input><soap:body use="literal"/></wsdl:input><wsdl:output><soap:body use="literal"/></wsdl:output>
    </wsdl:operation>
  </wsdl:binding>
  <wsdl:service name="population">
    <wsdl:port name="population" binding="p:population"><soap:address location="${address}"/></wsdl:port>
  </wsdl:service>
</wsdl:definitions>
`;
}
