import { type DigestAlgorithm, digestByXmlUri } from '../../certs/key/index.ts';
import { Fault, type FaultCode } from '../fault/index.ts';
import { attribute, elements, parseXml, textOf, type XmlElement, XmlError } from '../xml/index.ts';
import { decodeBase64 } from './base64.ts';
import { dsNamespace, hashChainNamespace } from './names.ts';
import { shorten } from './shape.ts';

/** X-Road writes one step per halving of a batch; this is far more than any batch needs. */
const maxSteps = 32;
/** As many attachments as a server takes need a fifth of this. */
const maxDocumentBytes = 256 * 1024;

/** Every fault of a hash chain is one of the signature it belongs to. */
export function refuse(code: FaultCode, message: string, cause?: unknown): never {
  throw new Fault(code, shorten(message), {
    within: ['MalformedSignature'],
    ...(cause !== undefined && { cause }),
  });
}

/** One line of a step. */
export type Entry =
  | { readonly kind: 'HashValue'; readonly algorithm: DigestAlgorithm; readonly digest: Buffer }
  | { readonly kind: 'StepRef'; readonly algorithm: DigestAlgorithm; readonly step: string }
  | {
      readonly kind: 'DataRef';
      readonly algorithm: DigestAlgorithm;
      readonly digest: Buffer;
      readonly name: string;
    };

/** Steps by id. */
export type Steps = ReadonlyMap<string, readonly Entry[]>;

/**
 * @param chainName the only document the result may name
 * @throws Fault MalformedHashChain
 */
export function readResult(
  document: Uint8Array,
  chainName: string,
): { readonly step: string; readonly algorithm: DigestAlgorithm; readonly digest: Buffer } {
  const root = readDocument(document, 'HashChainResult');
  const [method, value, ...more] = elementsIn(root, ['URI']);
  const uri = attribute(root, 'URI') ?? '';
  const { file, step } = splitUri(uri);
  if (file !== chainName)
    refuse('MalformedHashChain', `The hash chain result names '${uri}'; '${chainName}' is read`);
  if (more.length > 0) refuse('MalformedHashChain', 'The hash chain result has too many elements');
  return { step, algorithm: readMethod(method), digest: readDigest(value) };
}

/** @throws Fault MalformedHashChain */
export function readChain(document: Uint8Array): Steps {
  const [defaultMethod, ...stepElements] = elementsIn(readDocument(document, 'HashChain'), []);
  const algorithm = readMethod(defaultMethod, 'DefaultDigestMethod');
  if (stepElements.length === 0 || stepElements.length > maxSteps) {
    refuse(
      'MalformedHashChain',
      `The hash chain has ${stepElements.length} steps, expected 1 to ${maxSteps}`,
    );
  }
  const steps = new Map<string, readonly Entry[]>();
  for (const element of stepElements) {
    const id = attribute(element, 'id') ?? '';
    if (!isNamed(element, 'HashStep', hashChainNamespace) || id === '' || steps.has(id)) {
      refuse('MalformedHashChain', 'The hash chain has something other than steps with ids of their own');
    }
    steps.set(id, readStep(element, algorithm));
  }
  return steps;
}

function readStep(element: XmlElement, byDefault: DigestAlgorithm): readonly Entry[] {
  const entries = elementsIn(element, ['id']).map((one) => readEntry(one, byDefault));
  if (entries.length === 0) refuse('MalformedHashChain', 'A step of the hash chain is empty');
  // A file beside other nodes is one half of a pair. Were more allowed, one attachment of several could be
  // turned into a bare digest and withheld.
  const isMixed =
    entries.some(({ kind }) => kind === 'DataRef') && entries.some(({ kind }) => kind !== 'DataRef');
  if (isMixed && entries.length !== 2) {
    refuse('MalformedHashChain', 'A step of the hash chain lists files and other digests together');
  }
  return entries;
}

function readEntry(element: XmlElement, byDefault: DigestAlgorithm): Entry {
  const inner = elementsIn(element, ['URI']);
  const ownMethod = inner.find((one) => isNamed(one, 'DigestMethod', dsNamespace));
  const algorithm = ownMethod === undefined ? byDefault : readMethod(ownMethod);
  const rest = ownMethod === undefined ? inner : inner.slice(1);
  // Also refuses transforms, which X-Road never writes: they would let a part be read as something else.
  if (inner[0] !== ownMethod && ownMethod !== undefined) unreadable(element);
  if (element.namespace !== hashChainNamespace) unreadable(element);
  if (element.localName === 'StepRef') {
    const { file, step } = splitUri(attribute(element, 'URI') ?? '');
    if (file !== '' || rest.length > 0) unreadable(element);
    return { kind: 'StepRef', algorithm, step };
  }
  if (rest.length !== 1) unreadable(element);
  const digest = readDigest(rest[0]);
  if (element.localName === 'HashValue') return { kind: 'HashValue', algorithm, digest };
  if (element.localName !== 'DataRef') unreadable(element);
  return { kind: 'DataRef', algorithm, digest, name: attribute(element, 'URI') ?? '' };
}

function unreadable(element: XmlElement): never {
  refuse('MalformedHashChain', `<${element.name}> in the hash chain is not what X-Road writes`);
}

function splitUri(uri: string): { readonly file: string; readonly step: string } {
  const at = uri.indexOf('#');
  const step = at === -1 ? '' : uri.slice(at + 1);
  if (step === '') refuse('MalformedHashChain', `'${uri}' names no step of the hash chain`);
  return { file: uri.slice(0, at), step };
}

function readDocument(document: Uint8Array, name: string): XmlElement {
  try {
    const root = parseXml(document, { maxBytes: maxDocumentBytes });
    if (isNamed(root, name, hashChainNamespace)) return root;
  } catch (error) {
    if (!(error instanceof XmlError)) throw error;
    refuse('MalformedHashChain', `${name} cannot be read: ${error.message}`, error);
  }
  refuse('MalformedHashChain', `${name} is missing`);
}

function readMethod(element: XmlElement | undefined, name = 'DigestMethod'): DigestAlgorithm {
  const namespace = name === 'DigestMethod' ? dsNamespace : hashChainNamespace;
  if (element === undefined || !isNamed(element, name, namespace)) {
    refuse('MalformedHashChain', `The hash chain has no ${name} where one is expected`);
  }
  const uri = attribute(element, 'Algorithm') ?? '';
  const algorithm = digestByXmlUri(uri);
  if (algorithm === undefined) refuse('MalformedHashChain', `Digest algorithm '${uri}' is not accepted`);
  return algorithm;
}

function readDigest(element: XmlElement | undefined): Buffer {
  if (element === undefined || !isNamed(element, 'DigestValue', dsNamespace)) {
    refuse('MalformedHashChain', 'The hash chain has no DigestValue where one is expected');
  }
  try {
    return decodeBase64(textOf(element), 'DigestValue');
  } catch (error) {
    if (error instanceof Fault || error instanceof XmlError) {
      refuse('MalformedHashChain', 'A digest of the hash chain cannot be read', error);
    }
    throw error;
  }
}

/** Elements in one that holds nothing else and has no other attributes, as its schema has it. */
function elementsIn(element: XmlElement, attributes: readonly string[]): XmlElement[] {
  const isStrange =
    element.children.some((node) => typeof node === 'string' && /[^ \t\r\n]/.test(node)) ||
    element.attributes.some(({ name }) => !attributes.includes(name));
  return isStrange ? unreadable(element) : elements(element);
}

function isNamed(element: XmlElement, localName: string, namespace: string): boolean {
  return element.localName === localName && element.namespace === namespace;
}
