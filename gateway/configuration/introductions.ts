import { digestOf } from '../../certs/key/index.ts';
import { verifyDirectory } from './directory-read.ts';
import type { Introduction } from './folder-layout.ts';
import { parseSharedParameters } from './shared-parameters-read.ts';
import { malformed } from './xml-fields.ts';

/**
 * Certificates that may sign for an instance: those of its anchor, and those that directories signed by them named in
 * their shared parameters, one after another. A registry replaces its keys that way without new anchors.
 * @param certificates DER, of the anchor
 * @returns all of them, the anchor's first
 * @throws Fault MalformedGlobalConf, CertNotFound, InvalidSignatureValue when an introduction is not good
 */
export function introducedCertificates(
  instance: string,
  certificates: readonly Buffer[],
  introductions: readonly Introduction[],
): Buffer[] {
  const trusted = [...certificates];
  for (const { directory, shared } of introductions) {
    // It counted when it was fetched; that it has expired since takes back nothing.
    const { parts, version } = verifyDirectory(directory, trusted, undefined);
    const part = parts.find(
      (one) => one.contentIdentifier === 'SHARED-PARAMETERS' && one.instance === instance,
    );
    if (part === undefined || !digestOf(part.digest.name, shared).equals(part.hash)) {
      throw malformed(
        'the shared parameters of an introduction are not those that its directory was signed for',
      );
    }
    const parameters = parseSharedParameters(shared, version);
    if (parameters.instance !== instance) {
      throw malformed(`an introduction for ${instance} is of instance ${parameters.instance}`);
    }
    trusted.push(...parameters.sources.flatMap((source) => source.internalVerificationCerts));
  }
  return trusted;
}
