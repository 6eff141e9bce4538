import { algorithmByXmlUri, type SignatureAlgorithm } from '../../certs/key/index.ts';
import {
  attribute,
  canonicalize,
  descendants,
  parseXml,
  textOf,
  type XmlAttribute,
  type XmlElement,
  XmlError,
} from '../xml/index.ts';
import {
  asicNamespace,
  exclusiveC14n,
  inclusiveC14n,
  olderAsicNamespace,
  signedPropertiesType,
} from './names.ts';
import { type QualifyingProperties, readQualifyingProperties } from './read-properties.ts';
import {
  bytesOf,
  checkAttributes,
  type Digested,
  isNamed,
  isPrefixTrue,
  malformed,
  one,
  onlyChild,
  readDigested,
  required,
  takeChildren,
} from './shape.ts';

/** A reference to a file of the message. */
export interface FileReference extends Digested {
  /** e.g. `/message.xml`. */
  readonly uri: string;
}

/** A signature document taken apart; nothing in it has been verified. */
export interface SignaturePieces extends Omit<QualifyingProperties, 'element'> {
  /** Canonical form, what the signature value is of. */
  readonly signedInfo: Buffer;
  /** Canonical form, what `propertiesReference` is the digest of. */
  readonly signedProperties: Buffer;
  readonly algorithm: SignatureAlgorithm;
  /** As they stand in the document, without that to the signed properties. */
  readonly references: readonly FileReference[];
  readonly propertiesReference: Digested;
  /** How many references stand before that to the signed properties. */
  readonly propertiesReferenceAt: number;
  /** Octets of `ds:SignatureValue`; ECDSA as r and s side by side. */
  readonly signatureValue: Buffer;
  readonly certificateDer: Buffer;
}

/** A signature with a few certificates and OCSP responses is a twentieth of this. */
const maxBytes = 512 * 1024;
/** A signature that refers to each of as many attachments as a server takes has a third of this. */
const maxElements = 3_000;

/**
 * Takes a signature document apart and checks that it has the one form that X-Road 7 servers read: one
 * `ds:Signature` with one `ds:Object`, elements in the order of their schemas, ids unique, one reference to the
 * signed properties of that very object, no other transforms than canonical XML of these.
 * @param mode older containers may have white space around the signature; servers refuse it in a message
 * @throws Fault MalformedSignature
 * @see W3C XML Signature; ETSI TS 101 903 1.3.2
 */
export function readSignature(
  document: Uint8Array,
  mode: 'message' | 'container' = 'message',
): SignaturePieces {
  try {
    return readParsed(parseXml(document, { maxBytes }), mode);
  } catch (error) {
    if (error instanceof XmlError) throw malformed(`The signature cannot be read: ${error.message}`, error);
    throw error;
  }
}

function readParsed(root: XmlElement, mode: 'message' | 'container'): SignaturePieces {
  const signature = findSignature(root, mode);
  const take = takeChildren(signature, ['ds:SignedInfo', 'ds:SignatureValue', 'ds:KeyInfo', 'ds:Object']);
  const [signedInfo, value, keyInfo, object] = [
    one(take('ds:SignedInfo'), 'ds:SignedInfo'),
    one(take('ds:SignatureValue'), 'ds:SignatureValue'),
    one(take('ds:KeyInfo'), 'ds:KeyInfo'),
    one(take('ds:Object'), 'ds:Object'),
  ];
  checkDocument(root);
  // None of these elements is signed; what their schemas do not have might mean something to someone.
  for (const element of [signature, value, keyInfo, object]) checkAttributes(element, ['Id']);
  const { element, ...properties } = readQualifyingProperties(
    onlyChild(object, 'xades:QualifyingProperties'),
    signature,
  );
  const certificate = onlyChild(onlyChild(keyInfo, 'ds:X509Data'), 'ds:X509Certificate');
  const { isExclusive, isPropertiesExclusive, ...read } = readSignedInfo(signedInfo, element);
  return {
    ...read,
    ...properties,
    signedInfo: canonicalize(signedInfo, { exclusive: isExclusive }),
    signedProperties: canonicalize(element, { exclusive: isPropertiesExclusive }),
    signatureValue: bytesOf(value),
    certificateDer: bytesOf(certificate),
  };
}

/** The root itself, or the only node in it; servers look nowhere else. */
function findSignature(root: XmlElement, mode: 'message' | 'container'): XmlElement {
  if (isNamed(root, 'ds:Signature')) return root;
  const isContainer =
    root.name === 'asic:XAdESSignatures' &&
    (root.namespace === asicNamespace || root.namespace === olderAsicNamespace);
  if (!isContainer) throw malformed(`<${root.name}> is not a signature document`);
  const signature = onlyChild(root, 'ds:Signature');
  if (mode === 'message' && root.children[0] !== signature) {
    throw malformed('The signature document does not begin with its signature');
  }
  return signature;
}

/** What other programs look for in the whole document. */
const singular: ReadonlySet<string> = new Set([
  'ds:Signature',
  'ds:SignedInfo',
  'ds:SignatureValue',
  'ds:KeyInfo',
  'ds:X509Data',
  'ds:X509Certificate',
  'ds:Object',
  'xades:QualifyingProperties',
  'xades:SignedProperties',
  'xades:SignedSignatureProperties',
  'xades:UnsignedProperties',
  'xades:UnsignedSignatureProperties',
]);

/**
 * Other programs find things by name or by id anywhere in the document: some by the name as it is written, some by
 * namespace, some with comments and some without. With one of each, and one way to read it, there is nothing they
 * could find instead of what is verified here.
 */
function checkDocument(root: XmlElement): void {
  const ids = new Set<string>();
  const met = new Set<string>();
  let count = 0;
  for (const element of descendants(root)) {
    count += 1;
    if (count > maxElements) throw malformed(`The document has more than ${maxElements} elements`);
    if (element.isInterrupted) {
      throw malformed(`A comment or processing instruction stands in <${element.name}>`);
    }
    const { name, prefix, namespace } = element;
    if (!isPrefixTrue(prefix, namespace)) {
      throw malformed(`<${name}> is in namespace '${namespace}', which the prefix does not stand for`);
    }
    if (met.has(name)) throw malformed(`The document has more than one <${name}>`);
    if (singular.has(name)) met.add(name);
    for (const one of element.attributes) checkAttribute(one, ids);
  }
}

/** An id is one in any spelling: XML's own, that of SOAP, or none's. */
function checkAttribute({ name, prefix, localName, value }: XmlAttribute, ids: Set<string>): void {
  if (localName.length === 2 && localName.toLowerCase() === 'id') {
    if (!/^[A-Za-z_][\w.-]*$/.test(value)) throw malformed(`'${value}' is not an id`);
    if (ids.has(value)) throw malformed(`Two elements have the id '${value}'`);
    ids.add(value);
  } else if (prefix === 'xml') {
    // `xml:base` changes what addresses mean, and canonical forms differ in what they make of the others.
    throw malformed(`An attribute ${name} has no place in a signature`);
  }
}

type SignedInfo = Pick<
  SignaturePieces,
  'algorithm' | 'references' | 'propertiesReference' | 'propertiesReferenceAt'
> & {
  /** Which form of canonical XML is signed. */
  readonly isExclusive: boolean;
  /** Which form of canonical XML the signed properties are digested in. */
  readonly isPropertiesExclusive: boolean;
};

function readSignedInfo(signedInfo: XmlElement, signedProperties: XmlElement): SignedInfo {
  const take = takeChildren(signedInfo, ['ds:CanonicalizationMethod', 'ds:SignatureMethod', 'ds:Reference+']);
  const method = one(take('ds:SignatureMethod'), 'ds:SignatureMethod');
  takeChildren(method, []);
  checkAttributes(signedInfo, ['Id']);
  checkAttributes(method, ['Algorithm']);
  const methodUri = required(method, 'Algorithm');
  const algorithm = algorithmByXmlUri(methodUri);
  if (algorithm === undefined) throw malformed(`Signature algorithm '${methodUri}' is not accepted`);
  const propertiesUri = `#${required(signedProperties, 'Id')}`;
  const references: FileReference[] = [];
  let found: { readonly reference: ReturnType<typeof readReference>; readonly at: number } | undefined;
  for (const element of take('ds:Reference')) {
    const uri = required(element, 'URI');
    const isProperties = attribute(element, 'Type') === signedPropertiesType;
    if (isProperties !== (uri === propertiesUri) || (isProperties && found !== undefined)) {
      throw malformed('The signed properties of the signature must be referred to once, and nothing instead');
    }
    const reference = readReference(element, isProperties);
    if (isProperties) found = { reference, at: references.length };
    else references.push({ ...reference, uri });
  }
  if (found === undefined) throw malformed('The signed properties are not signed');
  const { isExclusive: isPropertiesExclusive, ...propertiesReference } = found.reference;
  const isExclusive = isExclusiveForm(one(take('ds:CanonicalizationMethod'), 'ds:CanonicalizationMethod'));
  return {
    isExclusive,
    isPropertiesExclusive,
    algorithm,
    references,
    propertiesReference,
    propertiesReferenceAt: found.at,
  };
}

function readReference(
  element: XmlElement,
  isProperties: boolean,
): Digested & { readonly isExclusive: boolean } {
  checkAttributes(element, ['Id', 'Type', 'URI']);
  // Files are digested byte for byte; a transform could make of them whatever was once signed.
  const shape = isProperties ? ['ds:Transforms?'] : [];
  const take = takeChildren(element, [...shape, 'ds:DigestMethod', 'ds:DigestValue']);
  const digested = readDigested(
    one(take('ds:DigestMethod'), 'ds:DigestMethod'),
    one(take('ds:DigestValue'), 'ds:DigestValue'),
  );
  const [transforms] = take('ds:Transforms');
  if (transforms !== undefined) checkAttributes(transforms, []);
  const isExclusive = transforms !== undefined && isExclusiveForm(onlyChild(transforms, 'ds:Transform'));
  return { ...digested, isExclusive };
}

/** Which canonical XML a method or transform asks for; neither may have parameters. */
function isExclusiveForm(element: XmlElement): boolean {
  if (textOf(element).trim() !== '') throw malformed(`<${element.name}> has parameters`);
  checkAttributes(element, ['Algorithm']);
  const uri = required(element, 'Algorithm');
  if (uri !== inclusiveC14n && uri !== exclusiveC14n) throw malformed(`Transform '${uri}' is not accepted`);
  return uri === exclusiveC14n;
}
