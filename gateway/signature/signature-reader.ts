import { decodeBase64 } from './base64.ts';
import { readSignature, type SignaturePieces } from './read.ts';
import { readTime } from './read-properties.ts';
import { Recent } from './recent.ts';
import { malformed } from './shape.ts';

/**
 * Values that differ from one signature of a signer to the next, found by their start tags. In a document without
 * comments, sections and processing instructions each such tag is an element's, and what stands behind it its text.
 */
const changing =
  /<(?:ds:DigestValue|ds:SignatureValue(?: Id="[\w.-]*")?|xades:SigningTime)>([A-Za-z0-9+/=:.-]+)(?=<)/g;

/** A document with its changing values taken out, and the values. */
interface Skeleton {
  /** What is left, and where in it each value stood. */
  readonly key: string;
  readonly values: readonly string[];
}

/** A document that was read whole, ready to be filled with other values. */
interface Template {
  readonly values: readonly string[];
  readonly pieces: SignaturePieces;
  /** Canonical forms in pieces, with places for values between them. */
  readonly signedInfo: Filling;
  readonly signedProperties: Filling;
  /** Which of the values is the signature value, and which the time. */
  readonly signatureValueAt: number;
  readonly signingTimeAt: number;
}

interface Filling {
  readonly segments: readonly string[];
  /** Which values of the document go between the segments. */
  readonly from: number;
}

/** As many signers' documents as stay in use; larger ones than X-Road writes are not worth the memory. */
const limit = 500;
const maxRemembered = 32 * 1024;

/**
 * Reads signature documents, remembering the shape of those it has read. A signer's documents differ in a few
 * values only; where all else is the same, byte for byte, the remembered reading holds with the new values put in.
 */
export class SignatureReader {
  readonly #templates = new Recent<Template>(limit);

  /** @throws Fault MalformedSignature, exactly as `readSignature` */
  read(document: Buffer, mode: 'message' | 'container'): SignaturePieces {
    const isWorthIt = mode === 'message' && document.length <= maxRemembered;
    const skeleton = isWorthIt ? skeletonOf(document) : undefined;
    if (skeleton === undefined) return readSignature(document, mode);
    const template = this.#templates.get(skeleton.key);
    const filled = template && fill(template, skeleton.values);
    if (filled !== undefined) return filled;
    const pieces = readSignature(document, mode);
    const made = templateOf(pieces, skeleton.values);
    if (made !== undefined) this.#templates.set(skeleton.key, made);
    return pieces;
  }
}

function skeletonOf(document: Buffer): Skeleton | undefined {
  const text = document.toString('latin1');
  // Comments, sections and processing instructions: in these a tag might not be what it seems.
  if (text.includes('<!') || text.includes('<?', 1)) return undefined;
  const values: string[] = [];
  const places: number[] = [];
  let rest = '';
  let from = 0;
  for (const match of text.matchAll(changing)) {
    const [whole, value = ''] = match;
    const at = match.index + whole.length - value.length;
    rest += text.slice(from, at);
    places.push(rest.length);
    values.push(value);
    from = at + value.length;
  }
  return { key: `${places.join(' ')}\n${rest}${text.slice(from)}`, values };
}

/** @returns undefined for documents whose values do not stand in the order this relies on */
function templateOf(pieces: SignaturePieces, values: readonly string[]): Template | undefined {
  // SignedInfo comes first, with one digest per reference; then the signature's value; then the properties, which
  // begin with the time. If the value and the time are found in these places, no digest before them is hidden
  // behind another spelling of its tag.
  const signatureValueAt = pieces.references.length + 1;
  const signedInfo = fillingOf(pieces.signedInfo, values, 0);
  const signedProperties = fillingOf(pieces.signedProperties, values, signatureValueAt + 1);
  if (signedInfo === undefined || signedProperties === undefined) return undefined;
  if (signedInfo.segments.length !== signatureValueAt + 1) return undefined;
  const signingTimeAt = signatureValueAt + 1;
  const time = values[signingTimeAt] ?? '';
  const isTime = /^\d{4}-\d\d-\d\dT/.test(time) && readTime(time).getTime() === pieces.signedAt?.getTime();
  const isValue = values[signatureValueAt] === pieces.signatureValue.toString('base64');
  if (!isTime || !isValue) return undefined;
  return { values, pieces, signedInfo, signedProperties, signatureValueAt, signingTimeAt };
}

/** Takes the values out of a canonical form; undefined unless they are those of the document, in its order. */
function fillingOf(canonical: Buffer, values: readonly string[], from: number): Filling | undefined {
  const text = canonical.toString('utf8');
  const segments: string[] = [];
  let count = 0;
  let end = 0;
  for (const match of text.matchAll(changing)) {
    const [whole, value = ''] = match;
    if (value !== values[from + count]) return undefined;
    const at = match.index + whole.length - value.length;
    segments.push(text.slice(end, at));
    end = at + value.length;
    count += 1;
  }
  segments.push(text.slice(end));
  return { segments, from };
}

function fill(template: Template, values: readonly string[]): SignaturePieces | undefined {
  const { pieces, signatureValueAt, signingTimeAt } = template;
  if (values.length !== template.values.length) return undefined;
  const isSame = (value: string, index: number) =>
    index <= signatureValueAt || index === signingTimeAt || value === template.values[index];
  // Digests of certificates and policy belong to what the remembered reading has judged.
  if (!values.every(isSame)) return undefined;
  const [signedInfo, signedProperties] = [template.signedInfo, template.signedProperties].map((filling) =>
    join(filling, values),
  );
  if (signedInfo === undefined || signedProperties === undefined) return undefined;
  const digests = values.slice(0, signatureValueAt).map((text) => decodeBase64(text, '<ds:DigestValue>'));
  return {
    ...pieces,
    ...withDigests(pieces, digests),
    signedInfo,
    signedProperties,
    signatureValue: decodeBase64(values[signatureValueAt] ?? '', '<ds:SignatureValue>'),
    signedAt: readTime(values[signingTimeAt] ?? ''),
  };
}

function join({ segments, from }: Filling, values: readonly string[]): Buffer {
  let text = segments[0] ?? '';
  for (let index = 1; index < segments.length; index += 1) {
    text += values[from + index - 1];
    text += segments[index];
  }
  return Buffer.from(text, 'utf8');
}

/** The references in document order, that to the signed properties among them. */
function withDigests(
  { references, propertiesReference, propertiesReferenceAt }: SignaturePieces,
  digests: readonly Buffer[],
): Pick<SignaturePieces, 'references' | 'propertiesReference'> {
  const withDigest = <
    Kind extends { readonly digest: Buffer; readonly algorithm: { readonly byteLength: number } },
  >(
    reference: Kind,
    digest: Buffer | undefined,
  ): Kind => {
    const { byteLength } = reference.algorithm;
    if (digest?.length !== byteLength) {
      throw malformed(`A digest has ${digest?.length} octets, expected ${byteLength}`);
    }
    return { ...reference, digest };
  };
  return {
    references: references.map((reference, index) =>
      withDigest(reference, digests[index < propertiesReferenceAt ? index : index + 1]),
    ),
    propertiesReference: withDigest(propertiesReference, digests[propertiesReferenceAt]),
  };
}
