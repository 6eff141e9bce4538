import { type DigestAlgorithm, digestByXmlUri } from '../../certs/key/index.ts';
import { Fault } from '../fault/index.ts';
import { attribute, textOf, type XmlElement } from '../xml/index.ts';
import { decodeBase64 } from './base64.ts';
import { dsNamespace, xadesNamespace } from './names.ts';

/** Bytes with the algorithm that made them. */
export interface Digested {
  readonly algorithm: DigestAlgorithm;
  readonly digest: Buffer;
}

const namespaces: Readonly<Record<string, string>> = { ds: dsNamespace, xades: xadesNamespace };

/** Names and addresses of a stranger are repeated in messages; a document full of them is not. */
const maxMessage = 300;

export function malformed(message: string, cause?: unknown): Fault {
  const shown = shorten(message);
  return new Fault('MalformedSignature', shown, cause === undefined ? {} : { cause });
}

export function shorten(message: string): string {
  return message.length > maxMessage ? `${message.slice(0, maxMessage)}…` : message;
}

/** Whether an element of these two would be found by either of them alone. */
export function isPrefixTrue(prefix: string, namespace: string): boolean {
  const meant = namespaces[prefix];
  return meant === undefined ? !Object.values(namespaces).includes(namespace) : meant === namespace;
}

/** Whether an element is of that kind. The prefix counts too: X-Road servers find elements by it. */
export function isNamed(element: XmlElement, name: string): boolean {
  return element.name === name && element.namespace === namespaces[element.prefix];
}

/**
 * Children of an element that must be of these kinds, in this order, with nothing but white space between.
 * @param shape qualified names; `?` behind one lets it be absent, `*` absent or many, `+` many
 * @returns by name without its mark
 * @throws Fault MalformedSignature
 */
export function takeChildren(
  element: XmlElement,
  shape: readonly string[],
): (name: string) => readonly XmlElement[] {
  const nodes: XmlElement[] = [];
  for (const node of element.children) {
    if (typeof node !== 'string') nodes.push(node);
    else if (/[^ \t\r\n]/.test(node)) throw malformed(`<${element.name}> has text between its elements`);
  }
  let at = 0;
  for (const entry of shape) {
    const mark = marks.indexOf(entry.charAt(entry.length - 1));
    const name = mark === -1 ? entry : entry.slice(0, -1);
    const from = at;
    for (let node = nodes[at]; node !== undefined && isNamed(node, name); node = nodes[at]) {
      at += 1;
      if (mark < 1) break;
    }
    if (at === from && mark !== 0 && mark !== 1) {
      throw malformed(`<${element.name}> has no <${name}> where one is expected`);
    }
  }
  const next = nodes[at];
  if (next !== undefined) throw malformed(`<${element.name}> has <${next.name}> where it is not expected`);
  return (name) => nodes.filter((node) => node.name === name);
}

/** None or one, none or many, one or many; without a mark exactly one. */
const marks = '?*+';

/** @throws Fault MalformedSignature when an element has attributes other than these */
export function checkAttributes(element: XmlElement, names: readonly string[]): void {
  const unknown = element.attributes.find(({ name }) => !names.includes(name));
  if (unknown !== undefined) throw malformed(`<${element.name}> has an attribute ${unknown.name}`);
}

/** The only child of an element. */
export function onlyChild(element: XmlElement, name: string): XmlElement {
  return one(takeChildren(element, [name])(name), name);
}

export function one(elements: readonly XmlElement[], name: string): XmlElement {
  const [first] = elements;
  if (first === undefined) throw malformed(`<${name}> is missing`);
  return first;
}

/** @throws Fault MalformedSignature when there is no such attribute */
export function required(element: XmlElement, name: string): string {
  const value = attribute(element, name);
  if (value === undefined) throw malformed(`<${element.name}> has no attribute ${name}`);
  return value;
}

/** Text of an element that holds base64. */
export function bytesOf(element: XmlElement): Buffer {
  return decodeBase64(textOf(element), `<${element.name}>`);
}

/** `ds:DigestMethod` and `ds:DigestValue`; SHA-1 is not accepted. */
export function readDigested(method: XmlElement, value: XmlElement): Digested {
  takeChildren(method, []);
  checkAttributes(method, ['Algorithm']);
  checkAttributes(value, []);
  const uri = required(method, 'Algorithm');
  const algorithm = digestByXmlUri(uri);
  if (algorithm === undefined) throw malformed(`Digest algorithm '${uri}' is not accepted`);
  const digest = bytesOf(value);
  if (digest.length !== algorithm.byteLength) {
    throw malformed(`A digest has ${digest.length} octets, expected ${algorithm.byteLength}`);
  }
  return { algorithm, digest };
}

/** An element whose only content is a digest. */
export function digestIn(element: XmlElement): Digested {
  const take = takeChildren(element, ['ds:DigestMethod', 'ds:DigestValue']);
  return readDigested(
    one(take('ds:DigestMethod'), 'ds:DigestMethod'),
    one(take('ds:DigestValue'), 'ds:DigestValue'),
  );
}
