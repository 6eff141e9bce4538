import { createHash, type Hash } from 'node:crypto';

export type DigestName = 'sha256' | 'sha384' | 'sha512';

/** All that is known of one digest algorithm. SHA-1 and MD5 are not here: nothing that is signed may use them. */
export interface DigestAlgorithm {
  /** As `node:crypto` calls it. */
  readonly name: DigestName;
  /** As `x-hash-algorithm` and `linkinginfo` spell it. */
  readonly headerName: string;
  /** W3C identifier used in XML signatures, hash chains and configuration directories. */
  readonly xmlUri: string;
  readonly oid: string;
  readonly byteLength: number;
}

export const digestAlgorithms: Readonly<Record<DigestName, DigestAlgorithm>> = {
  sha256: {
    name: 'sha256',
    headerName: 'SHA-256',
    xmlUri: 'http://www.w3.org/2001/04/xmlenc#sha256',
    oid: '2.16.840.1.101.3.4.2.1',
    byteLength: 32,
  },
  sha384: {
    name: 'sha384',
    headerName: 'SHA-384',
    xmlUri: 'http://www.w3.org/2001/04/xmldsig-more#sha384',
    oid: '2.16.840.1.101.3.4.2.2',
    byteLength: 48,
  },
  sha512: {
    name: 'sha512',
    headerName: 'SHA-512',
    xmlUri: 'http://www.w3.org/2001/04/xmlenc#sha512',
    oid: '2.16.840.1.101.3.4.2.3',
    byteLength: 64,
  },
};

const rows = Object.values(digestAlgorithms);

/** @returns undefined when unknown, as SHA-1 and MD5 are */
export function digestByXmlUri(xmlUri: string): DigestAlgorithm | undefined {
  return rows.find((row) => row.xmlUri === xmlUri);
}

/** @param headerName compared ignoring case */
export function digestByHeaderName(headerName: string): DigestAlgorithm | undefined {
  const wanted = headerName.toUpperCase();
  return rows.find((row) => row.headerName === wanted);
}

export function digestByOid(oid: string): DigestAlgorithm | undefined {
  return rows.find((row) => row.oid === oid);
}

/** Digest of the chunks joined. */
export function digestOf(name: DigestName, ...chunks: readonly Uint8Array[]): Buffer {
  const hash: Hash = createHash(name);
  for (const chunk of chunks) hash.update(chunk);
  return hash.digest();
}
