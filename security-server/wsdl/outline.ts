import {
  attribute,
  child,
  childrenNamed,
  textOf,
  type XmlElement,
  XmlError,
} from '../../gateway/xml/index.ts';
import { readDocument, wsdlNamespace } from './source.ts';

/** What a WSDL of somebody else tells of one operation, in plain text. */
export interface WsdlOutline {
  readonly title: string;
  readonly description?: string;
  /** What the body of a request holds; absent where an imported document says it. */
  readonly element?: { readonly namespace: string; readonly localName: string };
}

const maxTextLength = 4_000;
const maxTitleLength = 300;

/**
 * Reads what a WSDL tells those who want to call an operation. It is a stranger's: none of its imports is followed.
 * @throws WsdlError malformed, not-a-wsdl
 */
export function outlineWsdl(bytes: Buffer, operationName: string): WsdlOutline {
  const { root } = readDocument(bytes, 'The WSDL');
  const operation = childrenNamed(root, 'portType', wsdlNamespace)
    .flatMap((portType) => childrenNamed(portType, 'operation', wsdlNamespace))
    .find((one) => attribute(one, 'name') === operationName);
  if (operation === undefined) return { title: '' };
  const documentation = child(operation, 'documentation', wsdlNamespace);
  const title = documentation && childrenNamed(documentation, 'title').find(isForeign);
  const notes = documentation && (childrenNamed(documentation, 'notes').find(isForeign) ?? documentation);
  const description = notes && plain(notes, maxTextLength);
  const element = requestElement(root, operation);
  return {
    title: (title && plain(title, maxTitleLength)) ?? '',
    ...(description !== undefined && { description }),
    ...(element !== undefined && { element }),
  };
}

function isForeign({ namespace }: XmlElement): boolean {
  return namespace !== wsdlNamespace;
}

/** Undefined for markup, or nothing to speak of. */
function plain(element: XmlElement, maxLength: number): string | undefined {
  try {
    const text = textOf(element)
      .slice(0, maxLength)
      .replace(/[\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]/g, '')
      .trim();
    return text === '' ? undefined : text;
  } catch (cause) {
    if (!(cause instanceof XmlError)) throw cause;
    return undefined;
  }
}

/** @see WSDL 1.1 §2.3, §2.4: the element of the first part of the input's message */
function requestElement(root: XmlElement, operation: XmlElement): WsdlOutline['element'] {
  const input = child(operation, 'input', wsdlNamespace);
  const [, messageName] = qualified(input, 'message') ?? [];
  const message = childrenNamed(root, 'message', wsdlNamespace).find(
    (one) => attribute(one, 'name') === messageName,
  );
  const parts = message === undefined ? [] : childrenNamed(message, 'part', wsdlNamespace);
  const [namespace, localName] = parts.map((part) => qualified(part, 'element')).find(Boolean) ?? [];
  const isName = localName !== undefined && /^[\p{L}_][\p{L}\p{N}._-]{0,254}$/u.test(localName);
  return namespace !== undefined && namespace.length <= 1_000 && isName
    ? { namespace, localName }
    : undefined;
}

/** Namespace and local name that an attribute names. */
function qualified(from: XmlElement | undefined, name: string): readonly [string, string] | undefined {
  const value = from && attribute(from, name)?.trim();
  if (from === undefined || value === undefined) return undefined;
  const [local = '', prefix = ''] = value.split(':').reverse();
  for (let at: XmlElement | undefined = from; at !== undefined; at = at.parent) {
    const namespace = at.declarations.get(prefix);
    if (namespace !== undefined) return [namespace, local];
  }
  return ['', local];
}
