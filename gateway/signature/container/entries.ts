/** What a container holds, by the names its entries have. */

export const containerType = 'application/vnd.etsi.asic-e+zip';
export const manifestNamespace = 'urn:oasis:names:tc:opendocument:xmlns:manifest:1.0';
/** As X-Road writes it; the standard has 02918. */
export const timestampManifestNamespace = 'http://uri.etsi.org/2918/v1.2.1#';

export const entryNames = {
  mimetype: 'mimetype',
  message: 'message.xml',
  signatures: 'META-INF/signatures.xml',
  hashChainResult: 'sig-hashchainresult.xml',
  hashChain: 'sig-hashchain.xml',
  timestampHashChainResult: 'ts-hashchainresult.xml',
  timestampHashChain: 'ts-hashchain.xml',
  manifest: 'META-INF/manifest.xml',
  timestampManifest: 'META-INF/ASiCManifest.xml',
  timestamp: 'META-INF/timestamp.tst',
} as const;
