import { createHash } from 'node:crypto';
import { loadWsdl, type WsdlSource } from './load.ts';
import { readServices, type WsdlService } from './read.ts';
import { hideAddresses } from './rewrite.ts';

/** All that a server takes from a WSDL. */
export interface ImportedWsdl {
  readonly services: readonly WsdlService[];
  /** The first document with its addresses hidden, as callers are given it. */
  readonly published: Buffer;
  /** SHA-256 over all its documents, hex: what was looked at is what is accepted. */
  readonly digest: string;
}

/**
 * Reads a WSDL with its imports.
 * @throws WsdlError
 */
export async function importWsdl(source: WsdlSource): Promise<ImportedWsdl> {
  const documents = await loadWsdl(source);
  const services = readServices(documents);
  const hash = createHash('sha256');
  for (const { bytes } of documents) hash.update(`${bytes.length}\n`).update(bytes);
  return { services, published: hideAddresses(documents[0].bytes), digest: hash.digest('hex') };
}
