import { attribute, descendants, type XmlElement } from '../../gateway/xml/index.ts';
import { WsdlError } from './error.ts';
import { readDocument, wsdlNamespace } from './source.ts';

/** Where X-Road says a service is, in descriptions given to strangers. */
const roadAddress = 'http://example.org/xroad-endpoint';

/** Elements that tell an address: SOAP 1.1, SOAP 1.2 and plain HTTP. */
const addressNamespaces = new Set([
  'http://schemas.xmlsoap.org/wsdl/soap/',
  'http://schemas.xmlsoap.org/wsdl/soap12/',
  'http://schemas.xmlsoap.org/wsdl/http/',
]);

/**
 * The document with the address of every port replaced by `http://example.org/xroad-endpoint`: where a service really
 * is concerns its provider alone. Every other octet stays.
 * @throws WsdlError malformed, not-a-wsdl
 */
export function hideAddresses(bytes: Buffer): Buffer {
  const { root, text, bytesOf } = readDocument(bytes, 'The description');
  const pieces: Buffer[] = [];
  let kept = 0;
  for (const element of descendants(root)) {
    if (!isPortAddress(element) || attribute(element, 'location') === undefined) continue;
    const place = locationIn(text, element);
    pieces.push(bytesOf(kept, place.start), Buffer.from(roadAddress));
    kept = place.end;
  }
  return Buffer.concat([...pieces, bytesOf(kept, text.length)]);
}

function isPortAddress({ localName, namespace, parent }: XmlElement): boolean {
  return (
    localName === 'address' &&
    addressNamespaces.has(namespace) &&
    parent?.localName === 'port' &&
    parent.namespace === wsdlNamespace
  );
}

/** Where the value of `location` stands in the text, between its quotes. */
function locationIn(
  text: string,
  { name, start }: XmlElement,
): { readonly start: number; readonly end: number } {
  const attributePattern = /\s+([^\s=<>/"']+)\s*=\s*("[^"]*"|'[^']*')/y;
  attributePattern.lastIndex = start + 1 + name.length;
  for (let match = attributePattern.exec(text); match !== null; match = attributePattern.exec(text)) {
    const [, attributeName, quoted = ''] = match;
    const end = attributePattern.lastIndex - 1;
    if (attributeName === 'location') return { start: end - (quoted.length - 2), end };
  }
  // Passing over it would show the address.
  throw new WsdlError('malformed', `The location of <${name}> was not found in the text of the description`);
}
