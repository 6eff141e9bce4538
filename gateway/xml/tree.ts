import { XmlError } from './error.ts';

export interface XmlAttribute {
  /** As written, with prefix. */
  readonly name: string;
  readonly prefix: string;
  readonly localName: string;
  /** '' without a prefix. */
  readonly namespace: string;
  readonly value: string;
}

export interface XmlElement {
  /** As written, with prefix. */
  readonly name: string;
  readonly prefix: string;
  readonly localName: string;
  /** '' when in none. */
  readonly namespace: string;
  readonly attributes: readonly XmlAttribute[];
  /** Declarations on this very element: prefix ('' for the default) to namespace. */
  readonly declarations: ReadonlyMap<string, string>;
  /** Elements and text in document order; comments and processing instructions are not kept. */
  readonly children: readonly (XmlElement | string)[];
  readonly parent: XmlElement | undefined;
  /** Whether a comment or processing instruction stands directly in it: two readers may then see two texts. */
  readonly isInterrupted: boolean;
  /** Where it begins and ends in the text of the document, in UTF-16 units; the end is behind its end tag. */
  readonly start: number;
  readonly end: number;
}

/** Element children in order. */
export function elements(element: XmlElement): XmlElement[] {
  return element.children.filter((node) => typeof node !== 'string');
}

/** First child element of that local name, in any namespace unless one is named. */
export function child(element: XmlElement, localName: string, namespace?: string): XmlElement | undefined {
  return element.children.find(
    (node): node is XmlElement =>
      typeof node !== 'string' &&
      node.localName === localName &&
      (namespace === undefined || node.namespace === namespace),
  );
}

export function childrenNamed(element: XmlElement, localName: string, namespace?: string): XmlElement[] {
  return elements(element).filter(
    (node) => node.localName === localName && (namespace === undefined || node.namespace === namespace),
  );
}

/**
 * Text of an element that holds nothing else.
 * @throws XmlError when it holds elements, comments or processing instructions
 */
export function textOf(element: XmlElement): string {
  if (element.isInterrupted) throw new XmlError(`a comment interrupts the text of <${element.name}>`);
  let text = '';
  for (const node of element.children) {
    if (typeof node !== 'string')
      throw new XmlError(`<${element.name}> holds elements where text is expected`);
    text += node;
  }
  return text;
}

/** Value of the attribute with that name as written; undefined when absent. */
export function attribute(element: XmlElement, name: string): string | undefined {
  return element.attributes.find((one) => one.name === name)?.value;
}

/** Value of the attribute with that local name and namespace. */
export function attributeNs(element: XmlElement, localName: string, namespace: string): string | undefined {
  return element.attributes.find((one) => one.localName === localName && one.namespace === namespace)?.value;
}

/** The element and all below it, in document order. */
export function* descendants(element: XmlElement): Generator<XmlElement> {
  const left: XmlElement[] = [element];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    yield next;
    for (let at = next.children.length - 1; at >= 0; at -= 1) {
      const node = next.children[at];
      if (node !== undefined && typeof node !== 'string') left.push(node);
    }
  }
}
