import { Fault } from '../fault/index.ts';
import {
  type ClientId,
  IdentifierError,
  readXmlIdentifier,
  type ServerId,
  type ServiceId,
  writeXmlIdentifier,
} from '../identifier/index.ts';
import { child, elements, escapeText, textOf, type XmlElement, XmlError } from '../xml/index.ts';
import { representationNamespace, xroadNamespace } from './namespaces.ts';

export interface RepresentedParty {
  readonly partyClass?: string;
  readonly partyCode: string;
}

/** The header block of message protocol 4.0. */
export interface SoapHeader {
  readonly client: ClientId;
  readonly service: ServiceId;
  readonly securityServer?: ServerId;
  readonly representedParty?: RepresentedParty;
  readonly id: string;
  readonly userId?: string;
  readonly issue?: string;
  /** Base64; in responses only. */
  readonly requestHash?: string;
  /** Begins with `4.`. */
  readonly protocolVersion: string;
}

/** Longer values never occur; they would only fill logs. */
const maxValueLength = 1024;

const knownFields = new Set([
  'client',
  'service',
  'securityServer',
  'id',
  'userId',
  'issue',
  'requestHash',
  'protocolVersion',
]);

/**
 * Reads the header block of an envelope. What is not of the protocol is let pass unread.
 * @throws Fault MissingHeaderField, DuplicateHeaderField, InvalidProtocolVersion, InvalidXml
 * @see X-Road message protocol 4.0, header fields
 */
export function readSoapHeader(header: XmlElement): SoapHeader {
  const fields = new Map<string, XmlElement>();
  for (const element of elements(header)) {
    const name = fieldName(element);
    if (name === undefined) continue;
    if (fields.has(name)) {
      throw new Fault('DuplicateHeaderField', `SOAP header field '${name}' stands twice in the message`);
    }
    fields.set(name, element);
  }
  const required = (name: string): XmlElement => {
    const element = fields.get(name);
    if (element === undefined) {
      throw new Fault('MissingHeaderField', `Required SOAP header field '${name}' is missing`);
    }
    return element;
  };
  const optional = (name: string): string | undefined => {
    const element = fields.get(name);
    return element === undefined ? undefined : fieldText(element);
  };
  return inXmlFaults(() => {
    const protocolVersion = fieldText(required('protocolVersion'));
    if (!protocolVersion.startsWith('4.')) {
      throw new Fault(
        'InvalidProtocolVersion',
        `Message protocol '${protocolVersion}' is not spoken here, 4.0 is expected`,
      );
    }
    const client = readXmlIdentifier(required('client'));
    if (client.kind !== 'MEMBER' && client.kind !== 'SUBSYSTEM') {
      throw new Fault(
        'InvalidXml',
        `Header field 'client' is a ${client.kind}, expected MEMBER or SUBSYSTEM`,
      );
    }
    const service = readXmlIdentifier(required('service'));
    if (service.kind !== 'SERVICE') {
      throw new Fault('InvalidXml', `Header field 'service' is a ${service.kind}, expected SERVICE`);
    }
    const server = fields.get('securityServer');
    const securityServer = server === undefined ? undefined : readXmlIdentifier(server);
    if (securityServer !== undefined && securityServer.kind !== 'SERVER') {
      const message = `Header field 'securityServer' is a ${securityServer.kind}, expected SERVER`;
      throw new Fault('InvalidXml', message);
    }
    const party = fields.get('representedParty');
    const [userId, issue, requestHash] = [optional('userId'), optional('issue'), optional('requestHash')];
    const id = fieldText(required('id'));
    if (id.trim() === '') throw new Fault('MissingHeaderField', "SOAP header field 'id' is empty");
    return {
      client,
      service,
      ...(securityServer !== undefined && { securityServer }),
      ...(party !== undefined && { representedParty: readRepresentedParty(party) }),
      id,
      ...(userId !== undefined && { userId }),
      ...(issue !== undefined && { issue }),
      ...(requestHash !== undefined && { requestHash }),
      protocolVersion,
    };
  });
}

function fieldName({ localName, namespace }: XmlElement): string | undefined {
  if (namespace === xroadNamespace && knownFields.has(localName)) return localName;
  if (namespace === representationNamespace && localName === 'representedParty') return localName;
  return undefined;
}

function fieldText(element: XmlElement): string {
  const text = textOf(element);
  if (text.length > maxValueLength) {
    throw new Fault(
      'InvalidXml',
      `SOAP header field '${element.localName}' is longer than ${maxValueLength}`,
    );
  }
  return text;
}

function readRepresentedParty(element: XmlElement): RepresentedParty {
  const code = child(element, 'partyCode', representationNamespace);
  const partyClass = child(element, 'partyClass', representationNamespace);
  if (code === undefined) throw new Fault('InvalidXml', 'The represented party lacks <partyCode>');
  return {
    ...(partyClass !== undefined && { partyClass: fieldText(partyClass) }),
    partyCode: fieldText(code),
  };
}

/** What is wrong with an identifier or a value is wrong with the XML of the message. */
export function inXmlFaults<Result>(read: () => Result): Result {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof XmlError || cause instanceof IdentifierError) {
      throw new Fault('InvalidXml', cause.message, { cause });
    }
    throw cause;
  }
}

/** Fields in the order of the protocol; prefixes `xr`, `id` and `repr` must be declared around them. */
export function writeSoapHeader(header: SoapHeader): string {
  const text = (name: string, value: string | undefined) =>
    value === undefined ? '' : `<${name}>${escapeText(value)}</${name}>`;
  const party = header.representedParty;
  return [
    writeXmlIdentifier('xr:client', header.client),
    writeXmlIdentifier('xr:service', header.service),
    header.securityServer === undefined ? '' : writeXmlIdentifier('xr:securityServer', header.securityServer),
    party === undefined
      ? ''
      : `<repr:representedParty>${text('repr:partyClass', party.partyClass)}${text('repr:partyCode', party.partyCode)}</repr:representedParty>`,
    text('xr:id', header.id),
    text('xr:userId', header.userId),
    text('xr:issue', header.issue),
    text('xr:protocolVersion', header.protocolVersion),
  ].join('');
}
