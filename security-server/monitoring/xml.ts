import { Fault } from '../../gateway/fault/index.ts';
import type { ClientId } from '../../gateway/identifier/index.ts';
import { readIdentifier } from '../../gateway/soap/index.ts';
import { child, childrenNamed, escapeText, textOf, type XmlElement } from '../../gateway/xml/index.ts';

/** Element of a prefix with escaped text; nothing for an absent value. */
export function field(name: string, value: string | number | undefined): string {
  return value === undefined ? '' : `<${name}>${escapeText(String(value))}</${name}>`;
}

/** Names asked for in `outputSpec`; undefined asks for everything. @throws Fault InvalidRequest for too many */
export function readOutputSpec(body: XmlElement, namespace: string): ReadonlySet<string> | undefined {
  const spec = child(body, 'outputSpec', namespace);
  const fields = spec === undefined ? [] : childrenNamed(spec, 'outputField', namespace);
  if (fields.length > 200) throw new Fault('InvalidRequest', 'outputSpec asks for more than 200 fields');
  return fields.length === 0 ? undefined : new Set(fields.map((one) => textOf(one).trim()));
}

/** @throws Fault InvalidXml for what is no client */
export function readOptionalClient(parent: XmlElement, namespace: string): ClientId | undefined {
  const element = child(parent, 'client', namespace);
  if (element === undefined) return undefined;
  const id = readIdentifier(element);
  if (id.kind === 'MEMBER' || id.kind === 'SUBSYSTEM') return id;
  throw new Fault('InvalidXml', `<${element.name}> is a ${id.kind}, expected MEMBER or SUBSYSTEM`);
}
