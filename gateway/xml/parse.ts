import { SaxesParser, type SaxesTagPlain } from 'saxes';
import { XmlError } from './error.ts';
import type { XmlAttribute, XmlElement } from './tree.ts';

export interface XmlOptions {
  /** Octets; default 64 MiB, the largest configuration one could think of. */
  readonly maxBytes?: number;
  /** Elements whose content is checked but not kept: only their name and place are wanted. */
  readonly isOpaque?: (element: XmlElement) => boolean;
}

/** Deeper documents do not occur; the tokenizer itself would go on. */
const maxDepth = 128;
const defaultMaxBytes = 64 * 1024 * 1024;

const xmlNamespace = 'http://www.w3.org/XML/1998/namespace';
const xmlnsNamespace = 'http://www.w3.org/2000/xmlns/';

/**
 * Declarations in force at a place, innermost first. Never copied: a document with many declarations, each element
 * adding one, would take time quadratic in its size.
 */
interface Scope {
  readonly declarations: ReadonlyMap<string, string>;
  readonly outer: Scope | undefined;
}

interface OpenElement extends XmlElement {
  readonly children: (XmlElement | string)[];
  readonly scope: Scope;
  isInterrupted: boolean;
  end: number;
  /** Whether what it contains is thrown away. */
  readonly isOpaque: boolean;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });

/**
 * Reads a document into a tree and resolves namespaces. Document types are refused, and with them every entity
 * but the five of XML itself.
 * @returns the root element
 * @throws XmlError
 * @see Extensible Markup Language 1.0; Namespaces in XML 1.0
 */
export function parseXml(document: Uint8Array | string, options: XmlOptions = {}): XmlElement {
  const text = textWithin(document, options);
  const reader = readerOf(text, typeof document === 'string', options);
  reader.take(text);
  return reader.end();
}

/** UTF-16 units that are read at once: some ten milliseconds at worst. */
const turnLength = 128 * 1024;

/** The same for documents of strangers that may be large: others have their turns between its pieces. */
export async function parseXmlInTurns(
  document: Uint8Array | string,
  options: XmlOptions = {},
): Promise<XmlElement> {
  const text = textWithin(document, options);
  const reader = readerOf(text, typeof document === 'string', options);
  for (let at = 0; at < text.length; at += turnLength) {
    if (at > 0) await new Promise((resolve) => setImmediate(resolve));
    reader.take(text.slice(at, at + turnLength));
  }
  return reader.end();
}

function textWithin(document: Uint8Array | string, { maxBytes = defaultMaxBytes }: XmlOptions): string {
  if (document.length > maxBytes) throw new XmlError(`the document is larger than ${maxBytes} octets`);
  return typeof document === 'string' ? document : decode(document);
}

interface XmlReader {
  take(piece: string): void;
  end(): XmlElement;
}

/** @param text the whole document, whose pieces will be taken in their order */
function readerOf(text: string, isDecoded: boolean, { isOpaque = nothing }: XmlOptions): XmlReader {
  // The tokenizer resolves namespaces in time quadratic in depth; that is done here instead.
  const parser = new SaxesParser<{ xmlns: false }>({ xmlns: false });
  const open: OpenElement[] = [];
  let root: XmlElement | undefined;
  parser.on('error', (error) => {
    throw new XmlError(`not well-formed: ${error.message}`);
  });
  parser.on('doctype', () => {
    throw new XmlError('document types are refused');
  });
  parser.on('xmldecl', ({ version, encoding }) => {
    // Line ends and control characters are other ones in 1.1, and there is no canonical form of it.
    if (version !== '1.0') throw new XmlError(`XML ${version} is not read here, 1.0 is expected`);
    if (encoding !== undefined && !/^utf-?8$|^us-ascii$/i.test(encoding) && !isDecoded) {
      throw new XmlError(`encoding ${encoding} is not read here, UTF-8 is expected`);
    }
  });
  parser.on('opentag', (tag) => {
    const parent = open.at(-1);
    if (open.length >= maxDepth) throw new XmlError(`elements nest deeper than ${maxDepth}`);
    if (parent?.isOpaque === true && !hasAttributes(tag)) {
      // Nothing of it is kept and nothing is declared on it: only its name has to mean something.
      namespaceOf(split(tag.name)[0], parent.scope);
      open.push(parent);
      return;
    }
    // Attribute values hold no '<': the last one before the end of the tag begins it.
    const element = resolve(tag, parent, text.lastIndexOf('<', parser.position - 1), isOpaque);
    if (parent !== undefined && !parent.isOpaque) parent.children.push(element);
    root ??= element;
    open.push(element);
  });
  parser.on('closetag', () => {
    const closed = open.pop();
    if (closed !== undefined) closed.end = parser.position;
  });
  const onInterruption = () => {
    const around = open.at(-1);
    if (around !== undefined) around.isInterrupted = true;
  };
  parser.on('comment', onInterruption);
  parser.on('processinginstruction', onInterruption);
  const onText = (chunk: string) => {
    const around = open.at(-1);
    if (around !== undefined && !around.isOpaque) around.children.push(chunk);
  };
  parser.on('text', onText);
  parser.on('cdata', onText);
  return {
    take: (piece) => {
      parser.write(piece);
    },
    end: () => {
      parser.close();
      if (root === undefined) throw new XmlError('the document is empty');
      return root;
    },
  };
}

function decode(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new XmlError('the document is not UTF-8', { cause });
  }
}

const rootScope: Scope = {
  declarations: new Map([
    ['', ''],
    ['xml', xmlNamespace],
  ]),
  outer: undefined,
};

const none: ReadonlyMap<string, string> = new Map();

const nothing = () => false;

function hasAttributes({ attributes }: SaxesTagPlain): boolean {
  for (const _ in attributes) return true;
  return false;
}

function resolve(
  tag: SaxesTagPlain,
  parent: OpenElement | undefined,
  start: number,
  isOpaque: (element: XmlElement) => boolean,
): OpenElement {
  const names = Object.keys(tag.attributes);
  const declarations = names.some(isDeclaration) ? readDeclarations(tag.attributes) : none;
  const outer = parent?.scope ?? rootScope;
  const scope = declarations.size === 0 ? outer : { declarations, outer };
  const [prefix, localName] = split(tag.name);
  const attributes: XmlAttribute[] = [];
  let prefixed = 0;
  for (const name of names) {
    if (declarations !== none && isDeclaration(name)) continue;
    const attribute = resolveAttribute(name, tag.attributes[name] ?? '', scope);
    if (attribute.prefix !== '') prefixed += 1;
    attributes.push(attribute);
  }
  // The tokenizer refuses a name twice; two prefixes may still mean one namespace.
  if (prefixed > 1 && new Set(attributes.map(expandedName)).size < attributes.length) {
    throw new XmlError(`<${tag.name}> has an attribute twice`);
  }
  const namespace = namespaceOf(prefix, scope);
  const element = {
    name: tag.name,
    prefix,
    localName,
    namespace,
    attributes,
    declarations,
    children: [],
    parent,
    isInterrupted: false,
    start,
    end: start,
    scope,
  };
  return { ...element, isOpaque: parent?.isOpaque === true || isOpaque(element) };
}

function isDeclaration(name: string): boolean {
  return name.startsWith('xmlns') && (name.length === 5 || name[5] === ':');
}

function readDeclarations(attributes: SaxesTagPlain['attributes']): ReadonlyMap<string, string> {
  const declarations = new Map<string, string>();
  for (const [name, value] of Object.entries(attributes)) {
    if (isDeclaration(name)) declare(declarations, name.slice(6), value);
  }
  return declarations;
}

function expandedName({ namespace, localName }: XmlAttribute): string {
  return `${namespace}\u0000${localName}`;
}

function declare(declarations: Map<string, string>, prefix: string, namespace: string): void {
  const isReserved =
    prefix === 'xmlns' ||
    namespace === xmlnsNamespace ||
    (prefix === 'xml') !== (namespace === xmlNamespace) ||
    (prefix !== '' && namespace === '') ||
    prefix.includes(':');
  if (isReserved) throw new XmlError(`namespace prefix '${prefix}' cannot be bound to '${namespace}'`);
  declarations.set(prefix, namespace);
}

function resolveAttribute(name: string, value: string, scope: Scope): XmlAttribute {
  const [prefix, localName] = split(name);
  return { name, prefix, localName, namespace: prefix === '' ? '' : namespaceOf(prefix, scope), value };
}

function namespaceOf(prefix: string, scope: Scope): string {
  for (let at: Scope | undefined = scope; at !== undefined; at = at.outer) {
    const namespace = at.declarations.get(prefix);
    if (namespace !== undefined) return namespace;
  }
  throw new XmlError(`namespace prefix '${prefix}' is not bound`);
}

function split(name: string): readonly [string, string] {
  const colon = name.indexOf(':');
  if (colon === -1) return ['', name];
  const localName = name.slice(colon + 1);
  if (colon === 0 || localName === '' || localName.includes(':')) {
    throw new XmlError(`'${name}' is not a qualified name`);
  }
  return [name.slice(0, colon), localName];
}
