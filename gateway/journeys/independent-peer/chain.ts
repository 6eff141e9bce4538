import { createHash } from 'node:crypto';
import { der } from './ocsp.ts';

/** Digests by their name in node:crypto, with the URI that documents write (WIRE §5.1). */
export const digestUris = {
  sha1: 'http://www.w3.org/2000/09/xmldsig#sha1',
  sha256: 'http://www.w3.org/2001/04/xmlenc#sha256',
  sha384: 'http://www.w3.org/2001/04/xmldsig-more#sha384',
  sha512: 'http://www.w3.org/2001/04/xmlenc#sha512',
} as const;

export type Digest = keyof typeof digestUris;

export function digestOf(bytes: Buffer | string, digest: Digest = 'sha512'): Buffer {
  return createHash(digest).update(bytes).digest();
}

/** A part that is signed: its name and its bytes. */
export interface SignedPart {
  readonly uri: string;
  readonly bytes: Buffer;
}

/** One line of a step. `digest` is what the peer computes with; `written` is what stands in the document. */
export interface StepEntry {
  readonly kind: 'DataRef' | 'StepRef' | 'HashValue';
  readonly uri?: string;
  readonly digest: Buffer;
  readonly written?: Buffer;
  /** Markup before the value, such as transforms. */
  readonly before?: string;
}

/** H(DER(SEQUENCE OF {OCTET STRING, UTF8String, SEQUENCE {}})) of WIRE §5.6. */
export function stepDigest(digests: readonly Buffer[], digest: Digest = 'sha512'): Buffer {
  const method = der(0x0c, Buffer.from(digestUris[digest]));
  const entries = digests.map((value) => der(0x30, der(4, value), method, der(0x30)));
  return digestOf(der(0x30, ...entries), digest);
}

export function dataRefs(parts: readonly SignedPart[], digest: Digest = 'sha512'): StepEntry[] {
  return parts.map(({ uri, bytes }) => ({ kind: 'DataRef', uri, digest: digestOf(bytes, digest) }));
}

/** An entry that is a digest and nothing else. */
export const bare = (digest: Buffer): StepEntry => ({ kind: 'HashValue', digest });

/** Digest of a step's entries. */
export function entriesDigest(entries: readonly StepEntry[], digest: Digest = 'sha512'): Buffer {
  return stepDigest(
    entries.map((entry) => entry.digest),
    digest,
  );
}

export interface ChainWish {
  readonly digest?: Digest;
  /** Where the result says that the chain begins. */
  readonly start?: string;
  /** What the result says the chain comes to. */
  readonly root?: Buffer;
}

/** The two documents: the result, whose bytes are signed, and the chain. */
export interface ChainDocuments {
  readonly result: Buffer;
  readonly chain: Buffer;
}

/** Writes steps in order, STEP0 first, with prefixes and layout of the peer's own: readers go by schema. */
export function writeChain(steps: readonly (readonly StepEntry[])[], wish: ChainWish = {}): ChainDocuments {
  const { digest = 'sha512', start = '/sig-hashchain.xml#STEP0' } = wish;
  const root = wish.root ?? entriesDigest(steps[0] ?? [], digest);
  const namespaces = `xmlns:hc="http://cyber.ee/hashchain" xmlns:d="http://www.w3.org/2000/09/xmldsig#"`;
  const method = `Algorithm="${digestUris[digest]}"`;
  const value = (bytes: Buffer) => bytes.toString('base64');
  const written = steps.map((entries, index) => {
    const lines = entries.map((entry) => {
      const shown = value(entry.written ?? entry.digest);
      const uri = entry.uri === undefined ? '' : ` URI="${entry.uri}"`;
      // A step is named alone: its digest is for the reader to compute.
      const own = entry.kind === 'StepRef' ? '' : `<d:DigestValue>${shown}</d:DigestValue>`;
      const inner = `${entry.before ?? ''}${own}`;
      return `<hc:${entry.kind}${uri}>${inner}</hc:${entry.kind}>`;
    });
    return `<hc:HashStep id="STEP${index}">${lines.join('')}</hc:HashStep>`;
  });
  const result = `<hc:HashChainResult ${namespaces} URI="${start}"><d:DigestMethod ${method}/><d:DigestValue>${value(root)}</d:DigestValue></hc:HashChainResult>`;
  const chain = `<hc:HashChain ${namespaces}><hc:DefaultDigestMethod ${method}/>${written.join('')}</hc:HashChain>`;
  return { result: Buffer.from(result), chain: Buffer.from(chain) };
}
