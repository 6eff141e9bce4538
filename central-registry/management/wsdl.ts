import { managementKinds } from '../../gateway/management/index.ts';
import { identifiersNamespace, xroadNamespace } from '../../gateway/soap/index.ts';
import { escapeAttribute } from '../../gateway/xml/index.ts';
import { statusService } from './request-status.ts';

/** Services that go over X-Road; certificates are registered at the registration service. */
const services = [...managementKinds.filter((kind) => kind !== 'authCertReg'), statusService];

/**
 * Describes the management service, so that a security server of any make can host it.
 * @param address where the service listens, as that server reaches it
 * @see WSDL 1.1; X-Road management services protocol
 */
export function describeService(address: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xroad="${xroadNamespace}" xmlns:id="${identifiersNamespace}" xmlns:tns="${targetNamespace}" targetNamespace="${targetNamespace}">
<wsdl:types>${identifierSchema}${bodySchema()}</wsdl:types>
${headerMessage}${services.map(messages).join('')}
<wsdl:portType name="managementService">${services.map(portTypeOperation).join('')}</wsdl:portType>
<wsdl:binding name="managementServiceSoap" type="tns:managementService">
<soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>${services.map(bindingOperation).join('')}
</wsdl:binding>
<wsdl:service name="managementServices"><wsdl:port name="managementServicePort" binding="tns:managementServiceSoap"><soap:address location="${escapeAttribute(address)}"/></wsdl:port></wsdl:service>
</wsdl:definitions>
`;
}

const targetNamespace = 'http://x-road.eu/centralservice/';

const identifierSchema = `
<xs:schema targetNamespace="${identifiersNamespace}" elementFormDefault="qualified">
<xs:attribute name="objectType" type="xs:string"/>
${['xRoadInstance', 'memberClass', 'memberCode', 'subsystemCode', 'serverCode'].map(textElement).join('')}
<xs:complexType name="ClientIdentifierType"><xs:sequence><xs:element ref="id:xRoadInstance"/><xs:element ref="id:memberClass"/><xs:element ref="id:memberCode"/><xs:element ref="id:subsystemCode" minOccurs="0"/></xs:sequence><xs:attribute ref="id:objectType" use="required"/></xs:complexType>
<xs:complexType name="SecurityServerIdentifierType"><xs:sequence><xs:element ref="id:xRoadInstance"/><xs:element ref="id:memberClass"/><xs:element ref="id:memberCode"/><xs:element ref="id:serverCode"/></xs:sequence><xs:attribute ref="id:objectType" use="required"/></xs:complexType>
</xs:schema>`;

/** Which fields a kind has is for the service to say: here are those that any has, in the order of the protocol. */
function bodySchema(): string {
  return `
<xs:schema targetNamespace="${xroadNamespace}" elementFormDefault="qualified">
<xs:import namespace="${identifiersNamespace}"/>
<xs:complexType name="ManagementRequestType"><xs:sequence>
<xs:element name="server" type="id:SecurityServerIdentifierType" minOccurs="0"/><xs:element name="client" type="id:ClientIdentifierType" minOccurs="0"/>
<xs:element name="address" type="xs:string" minOccurs="0"/><xs:element name="authCert" type="xs:base64Binary" minOccurs="0"/>
<xs:element name="subsystemName" type="xs:string" minOccurs="0"/><xs:element name="message" type="xs:string" minOccurs="0"/>
<xs:element name="requestId" type="xs:integer" minOccurs="0"/>
<xs:element name="status" type="xs:string" minOccurs="0"/><xs:element name="reason" type="xs:string" minOccurs="0"/>
</xs:sequence></xs:complexType>
<xs:element name="client" type="id:ClientIdentifierType"/><xs:element name="service" type="xs:anyType"/>${['id', 'userId', 'issue', 'protocolVersion'].map(textElement).join('')}
${services.map((name) => bodyElement(name) + bodyElement(`${name}Response`)).join('')}
</xs:schema>`;
}

function textElement(name: string): string {
  return `<xs:element name="${name}" type="xs:string"/>`;
}

function bodyElement(name: string): string {
  return `<xs:element name="${name}" type="xroad:ManagementRequestType"/>`;
}

const headerFields = ['client', 'service', 'id', 'protocolVersion'];

const headerMessage = `<wsdl:message name="requestHeader">${headerFields
  .map((name) => `<wsdl:part name="${name}" element="xroad:${name}"/>`)
  .join('')}</wsdl:message>`;

function messages(name: string): string {
  return [name, `${name}Response`]
    .map(
      (one) => `\n<wsdl:message name="${one}"><wsdl:part name="body" element="xroad:${one}"/></wsdl:message>`,
    )
    .join('');
}

function portTypeOperation(name: string): string {
  return `\n<wsdl:operation name="${name}"><wsdl:input message="tns:${name}"/><wsdl:output message="tns:${name}Response"/></wsdl:operation>`;
}

function bindingOperation(name: string): string {
  const headers = headerFields
    .map((field) => `<soap:header message="tns:requestHeader" part="${field}" use="literal"/>`)
    .join('');
  const content = `<soap:body parts="body" use="literal"/>${headers}`;
  return `\n<wsdl:operation name="${name}"><soap:operation soapAction="" style="document"/><wsdl:input>${content}</wsdl:input><wsdl:output>${content}</wsdl:output></wsdl:operation>`;
}
