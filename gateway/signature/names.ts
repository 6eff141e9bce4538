/** Namespaces, identifiers and file names of signed messages; every value is on the wire as it stands here. */

export const dsNamespace = 'http://www.w3.org/2000/09/xmldsig#';
export const xadesNamespace = 'http://uri.etsi.org/01903/v1.3.2#';
export const asicNamespace = 'http://uri.etsi.org/02918/v1.2.1#';
/** Written by releases before 6; still found in archives. */
export const olderAsicNamespace = 'http://uri.etsi.org/02918/v1.1.1#';
export const hashChainNamespace = 'http://cyber.ee/hashchain';

export const inclusiveC14n = 'http://www.w3.org/TR/2001/REC-xml-c14n-20010315';
export const exclusiveC14n = 'http://www.w3.org/2001/10/xml-exc-c14n#';
export const signedPropertiesType = 'http://uri.etsi.org/01903#SignedProperties';

/** The signature policy that every X-Road 7 signature names. */
export const policy = {
  identifier: 'urn:oid:1.3.6.1.4.1.3516.16.2',
  description: 'Profile for High Performance Digital Signatures (version 1.2)',
  sha512: 'BuO0EDNfkxSVlUbxCzmQPzX1AUF1/xx9ytWHk3/6SAOePxQiniEfDYk+90QeYb3lWpV3Izhuz9fKaYyE+lTcXw==',
  url: 'https://repo.cyber.ee/dsig-profile-1.2.pdf',
} as const;

export const messageName = '/message.xml';
export const hashChainResultName = '/sig-hashchainresult.xml';
export const hashChainName = '/sig-hashchain.xml';
export const timestampHashChainName = '/ts-hashchain.xml';
