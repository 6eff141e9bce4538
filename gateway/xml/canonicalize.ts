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
  const inherited = exclusive ? [] : inheritedXmlAttributes(apex);
  writeElement(apex, nothingRendered, exclusive ? undefined : scopeOf(apex), inherited, out);
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

/**
 * Namespaces that are declared in the output, innermost element first. Chained, for copying them at each element
 * would take time quadratic in what a stranger sends.
 */
interface Rendered {
  readonly declarations: ReadonlyMap<string, string>;
  readonly outer: Rendered | undefined;
}

const nothingRendered: Rendered = { declarations: new Map([['', '']]), outer: undefined };

function renderedAs(prefix: string, rendered: Rendered): string | undefined {
  for (let at: Rendered | undefined = rendered; at !== undefined; at = at.outer) {
    const namespace = at.declarations.get(prefix);
    if (namespace !== undefined) return namespace;
  }
  return undefined;
}

/**
 * @param rendered namespaces that ancestors in the output declare
 * @param scope namespaces in scope that may have to be declared; undefined in exclusive form, where only those
 *   in use are
 */
function writeElement(
  element: XmlElement,
  rendered: Rendered,
  scope: ReadonlyMap<string, string> | undefined,
  inherited: readonly XmlAttribute[],
  out: string[],
): void {
  out.push('<', element.name);
  const nowRendered = writeDeclarations(scope ?? usedNamespaces(element), rendered, out);
  const attributes = inherited.length === 0 ? element.attributes : [...element.attributes, ...inherited];
  for (const one of attributes.length < 2 ? attributes : [...attributes].sort(byNamespaceThenName)) {
    out.push(' ', one.name, '="', escapeAttribute(one.value), '"');
  }
  out.push('>');
  for (const node of element.children) {
    if (typeof node === 'string') out.push(escapeText(node));
    // Below the apex all that was in scope is rendered: only what an element declares itself can be new.
    else writeElement(node, nowRendered, scope && node.declarations, [], out);
  }
  out.push('</', element.name, '>');
}

/** @returns what is rendered then */
function writeDeclarations(wanted: ReadonlyMap<string, string>, rendered: Rendered, out: string[]): Rendered {
  let added: Map<string, string> | undefined;
  for (const [prefix, namespace] of wanted) {
    if (prefix !== 'xml' && renderedAs(prefix, rendered) !== namespace) {
      added ??= new Map();
      added.set(prefix, namespace);
    }
  }
  if (added === undefined) return rendered;
  for (const prefix of [...added.keys()].sort()) {
    const namespace = added.get(prefix) ?? '';
    out.push(prefix === '' ? ' xmlns' : ` xmlns:${prefix}`, '="', escapeAttribute(namespace), '"');
  }
  return { declarations: added, outer: rendered };
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
