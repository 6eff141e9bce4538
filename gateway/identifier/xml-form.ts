import { attributeNs, child, escapeText, textOf, type XmlElement } from '../xml/index.ts';
import {
  type ClientId,
  fieldsOf,
  IdentifierError,
  type MemberId,
  type ServerId,
  type ServiceId,
} from './identifiers.ts';

export const identifiersNamespace = 'http://x-road.eu/xsd/identifiers';

/** Identifiers that have an XML form in messages and configuration. */
type XmlIdentifier = ClientId | ServiceId | ServerId;

/** Local names of the fields, in their order. */
const fieldNames = {
  MEMBER: ['xRoadInstance', 'memberClass', 'memberCode'],
  SUBSYSTEM: ['xRoadInstance', 'memberClass', 'memberCode', 'subsystemCode'],
  SERVER: ['xRoadInstance', 'memberClass', 'memberCode', 'serverCode'],
} as const;

/**
 * An identifier in XML: its kind in a qualified attribute, its fields in qualified elements.
 * @throws IdentifierError, XmlError
 * @see X-Road message protocol 4.0, XML representation of identifiers
 */
export function readXmlIdentifier(element: XmlElement): XmlIdentifier {
  const kind = attributeNs(element, 'objectType', identifiersNamespace);
  const optional = (name: string): string | undefined => {
    const found = child(element, name, identifiersNamespace);
    if (found === undefined) return undefined;
    const text = textOf(found);
    if (text.trim() === '') throw new IdentifierError(`identifier <${element.name}> has an empty <${name}>`);
    return text;
  };
  const field = (name: string): string => {
    const text = optional(name);
    if (text === undefined) throw new IdentifierError(`identifier <${element.name}> lacks <${name}>`);
    return text;
  };
  const member: MemberId = {
    kind: 'MEMBER',
    instance: field('xRoadInstance'),
    memberClass: field('memberClass'),
    memberCode: field('memberCode'),
  };
  switch (kind) {
    case 'MEMBER':
      return member;
    case 'SUBSYSTEM':
      return { ...member, kind, subsystemCode: field('subsystemCode') };
    case 'SERVER':
      return { ...member, kind, serverCode: field('serverCode') };
    case 'SERVICE': {
      const subsystemCode = optional('subsystemCode');
      const serviceVersion = optional('serviceVersion');
      return {
        ...member,
        kind,
        ...(subsystemCode !== undefined && { subsystemCode }),
        serviceCode: field('serviceCode'),
        ...(serviceVersion !== undefined && { serviceVersion }),
      };
    }
    default:
      throw new IdentifierError(
        `identifier <${element.name}> has objectType '${kind ?? ''}', which is none known`,
      );
  }
}

/**
 * @param name of the element as it is to be written; around it, prefix `id` must stand for `identifiersNamespace`
 */
export function writeXmlIdentifier(name: string, id: XmlIdentifier): string {
  const names =
    id.kind === 'SERVICE'
      ? [
          ...fieldNames.MEMBER,
          ...(id.subsystemCode === undefined ? [] : ['subsystemCode']),
          'serviceCode',
          'serviceVersion',
        ]
      : fieldNames[id.kind];
  const fields = fieldsOf(id).map((value, index) => {
    const field = `id:${names[index]}`;
    return `<${field}>${escapeText(value)}</${field}>`;
  });
  return `<${name} id:objectType="${id.kind}">${fields.join('')}</${name}>`;
}
