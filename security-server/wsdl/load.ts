import { pathToFileURL } from 'node:url';
import { attribute, childrenNamed } from '../../gateway/xml/index.ts';
import { WsdlError } from './error.ts';
import { type Allowance, type DocumentReader, folderReader, requireRoom, shown, webReader } from './fetch.ts';
import { readDocument, type WsdlDocument, wsdlNamespace } from './source.ts';

/** Where a WSDL is taken from. */
export type WsdlSource =
  | {
      readonly kind: 'url';
      readonly url: string;
      /** DER, taken from HTTPS servers instead of those of public authorities; none: public ones. */
      readonly certificates: readonly Buffer[];
    }
  | { readonly kind: 'file'; readonly path: string }
  /** Uploaded: it has no place of its own, so that relative imports lead nowhere. */
  | { readonly kind: 'bytes'; readonly bytes: Buffer };

/** A WSDL and what it imports, the document that was asked for first. */
export type WsdlDocuments = readonly [WsdlDocument, ...WsdlDocument[]];

const maxDocuments = 32;
const maxBytes = 10 * 1024 * 1024;
const defaultTimeoutMs = 10_000;

/**
 * Reads a WSDL with its `wsdl:import`s and theirs; each document once, so that cycles end. Schemas are not followed:
 * nothing in them matters to the road.
 * @param timeoutMs for each document, redirects included
 * @throws WsdlError unreachable, forbidden-location, too-large, too-many-documents, malformed, not-a-wsdl
 */
export async function loadWsdl(source: WsdlSource, timeoutMs = defaultTimeoutMs): Promise<WsdlDocuments> {
  const allowance: Allowance = { bytesLeft: maxBytes, timeoutMs };
  const reader = await readerOf(source);
  try {
    const first = await readFirst(source, reader, allowance);
    const documents: [WsdlDocument, ...WsdlDocument[]] = [readDocument(first.bytes, first.name)];
    const seen = new Set(first.base === undefined ? [] : [keyOf(first.base)]);
    const waiting = importsOf(documents[0], first.base);
    for (let location = waiting.shift(); location !== undefined; location = waiting.shift()) {
      if (seen.has(keyOf(location))) continue;
      seen.add(keyOf(location));
      if (documents.length >= maxDocuments) {
        throw new WsdlError(
          'too-many-documents',
          `The description imports more than ${maxDocuments - 1} documents; join some of them`,
        );
      }
      const { bytes, base } = await reader.read(location, allowance);
      const document = readDocument(bytes, shown(location));
      seen.add(keyOf(base));
      documents.push(document);
      waiting.push(...importsOf(document, base));
    }
    return documents;
  } finally {
    await reader.close();
  }
}

async function readerOf(source: WsdlSource): Promise<DocumentReader> {
  if (source.kind === 'file') return folderReader(pathToFileURL(source.path));
  return webReader(source.kind === 'url' ? source.certificates : []);
}

interface First {
  readonly bytes: Buffer;
  readonly base?: URL;
  /** How the document is called in refusals. */
  readonly name: string;
}

async function readFirst(source: WsdlSource, reader: DocumentReader, allowance: Allowance): Promise<First> {
  if (source.kind === 'bytes') {
    allowance.bytesLeft -= source.bytes.length;
    requireRoom(allowance);
    return { bytes: source.bytes, name: 'The uploaded document' };
  }
  const location = source.kind === 'file' ? pathToFileURL(source.path) : parseLocation(source.url, undefined);
  return { name: shown(location), ...(await reader.read(location, allowance)) };
}

function importsOf({ root }: WsdlDocument, base: URL | undefined): URL[] {
  return childrenNamed(root, 'import', wsdlNamespace).flatMap((element) => {
    const location = attribute(element, 'location');
    // Without a location an import only names a namespace.
    return location === undefined ? [] : [parseLocation(location, base)];
  });
}

function parseLocation(location: string, base: URL | undefined): URL {
  try {
    return new URL(location, base);
  } catch (cause) {
    const remedy =
      base === undefined
        ? 'an http or https address is expected, for an uploaded document has no place of its own'
        : 'an address is expected';
    throw new WsdlError('forbidden-location', `'${location.slice(0, 300)}' is not read: ${remedy}`, {
      cause,
    });
  }
}

/** A fragment does not change which document it is. */
function keyOf(location: URL): string {
  return location.href.replace(/#.*$/, '');
}
