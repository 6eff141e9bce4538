import type { XmlAttribute, XmlElement } from './tree.ts';

/**
 * Canonical XML 1.0 of an element and what is below it, without comments, as a subset of its document:
 * inclusive form renders every namespace in scope on the apex, exclusive form only those that are used.
 * @returns UTF-8 bytes, ready for hashing
 * @see W3C Canonical XML 1.0; Exclusive XML Canonicalization 1.0
 */
export function canonicalize(
  apex: XmlElement,
  { exclusive = false }: { readonly exclusive?: boolean } = {},
): Buffer {
  const out: string[] = [];
  const apexOptions = { inherited: exclusive ? [] : inheritedXmlAttributes(apex), scope: scopeOf(apex) };
  writeElement(apex, new Map([['', '']]), apexOptions.scope, exclusive, apexOptions.inherited, out);
  return Buffer.from(out.join(''), 'utf8');
}

/** All namespaces in scope on an element, nearest declaration first. */
function scopeOf(element: XmlElement): ReadonlyMap<string, string> {
  const scope = new Map<string, string>();
  for (let at: XmlElement | undefined = element; at !== undefined; at = at.parent) {
    for (const [prefix, namespace] of at.declarations) if (!scope.has(prefix)) scope.set(prefix, namespace);
  }
  return scope;
}

/** Inclusive form carries `xml:lang` and its like down from the ancestors that were cut off. */
function inheritedXmlAttributes(apex: XmlElement): XmlAttribute[] {
  const found = new Map<string, XmlAttribute>();
  for (let at = apex.parent; at !== undefined; at = at.parent) {
    for (const one of at.attributes)
      if (one.prefix === 'xml' && !found.has(one.name)) found.set(one.name, one);
  }
  for (const one of apex.attributes) found.delete(one.name);
  return [...found.values()];
}

function writeElement(
  element: XmlElement,
  rendered: ReadonlyMap<string, string>,
  scope: ReadonlyMap<string, string>,
  exclusive: boolean,
  inherited: readonly XmlAttribute[],
  out: string[],
): void {
  const wanted = exclusive ? usedNamespaces(element) : scope;
  let nowRendered = rendered;
  const declarations: string[] = [];
  for (const prefix of [...wanted.keys()].sort()) {
    const namespace = wanted.get(prefix) ?? '';
    if (prefix === 'xml' || (nowRendered.get(prefix) ?? (prefix === '' ? '' : undefined)) === namespace)
      continue;
    if (nowRendered === rendered) nowRendered = new Map(rendered);
    (nowRendered as Map<string, string>).set(prefix, namespace);
    declarations.push(` ${prefix === '' ? 'xmlns' : `xmlns:${prefix}`}="${escapeAttribute(namespace)}"`);
  }
  out.push('<', element.name, ...declarations);
  const attributes = inherited.length === 0 ? element.attributes : [...element.attributes, ...inherited];
  for (const one of attributes.length < 2 ? attributes : [...attributes].sort(byNamespaceThenName)) {
    out.push(' ', one.name, '="', escapeAttribute(one.value), '"');
  }
  out.push('>');
  for (const node of element.children) {
    if (typeof node === 'string') {
      out.push(escapeText(node));
      continue;
    }
    const inner = node.declarations.size === 0 ? scope : new Map([...scope, ...node.declarations]);
    writeElement(node, nowRendered, inner, exclusive, [], out);
  }
  out.push('</', element.name, '>');
}

/** Prefixes that the element itself and its attributes bear. */
function usedNamespaces(element: XmlElement): ReadonlyMap<string, string> {
  const used = new Map([[element.prefix, element.namespace]]);
  for (const one of element.attributes) if (one.prefix !== '') used.set(one.prefix, one.namespace);
  return used;
}

function byNamespaceThenName(a: XmlAttribute, b: XmlAttribute): number {
  return compareCodePoints(a.namespace, b.namespace) || compareCodePoints(a.localName, b.localName);
}

/** Order of code points, which UTF-8 octets share; JavaScript's own order is that of UTF-16. */
function compareCodePoints(a: string, b: string): number {
  return a === b ? 0 : Buffer.compare(Buffer.from(a, 'utf8'), Buffer.from(b, 'utf8'));
}

const textEscapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '\r': '&#xD;',
};
const attributeEscapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '"': '&quot;',
  '\t': '&#x9;',
  '\n': '&#xA;',
  '\r': '&#xD;',
};

/** Text content as canonical XML writes it; also right for any document we write. */
export function escapeText(text: string): string {
  return /[&<>\r]/.test(text)
    ? text.replace(/[&<>\r]/g, (character) => textEscapes[character] ?? character)
    : text;
}

/** Attribute value between double quotes, as canonical XML writes it. */
export function escapeAttribute(value: string): string {
  return /[&<"\t\n\r]/.test(value)
    ? value.replace(/[&<"\t\n\r]/g, (character) => attributeEscapes[character] ?? character)
    : value;
}
