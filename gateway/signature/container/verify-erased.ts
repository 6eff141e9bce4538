import { digestOf } from '../../../certs/key/index.ts';
import type { Certificate } from '../../../certs/x509/index.ts';
import type { GlobalConfiguration } from '../../configuration/index.ts';
import type { MemberId } from '../../identifier/index.ts';
import type { MessagePart } from '../../message/index.ts';
import { messageName } from '../names.ts';
import { readSignature, type SignaturePieces } from '../read.ts';
import type { SignatureVerifier, VerifiedSignature } from '../verify.ts';
import type { ErasedContainer } from './read.ts';
import { type VerifiedContainer, verifyContainerTimestamp } from './verify.ts';

export interface ErasedContainerQuestion {
  readonly container: ErasedContainer;
  /** Who should have signed: the head that says so may be among what was erased. */
  readonly signer: MemberId;
  /** As it was when the message passed. */
  readonly configuration: GlobalConfiguration;
  /** Whose timestamps count: those of the configuration unless told. */
  readonly authorities?: readonly Certificate[] | undefined;
  readonly verifier: SignatureVerifier;
}

export interface VerifiedErasure {
  readonly signature: VerifiedSignature;
  readonly timestamp: VerifiedContainer['timestamp'];
  /** What the signature says of parts that are not here: SHA-512 by name, e.g. `/attachment1`. */
  readonly erased: ReadonlyMap<string, Buffer>;
  readonly warnings: readonly string[];
}

const sha512Bytes = 64;

/**
 * Verifies a container of which parts were erased: that the member signed parts with these digests, and when. What
 * the digests are of, only somebody who has the parts, or bound their digests elsewhere, can tell.
 * @throws Fault as `verifyContainer`; MalformedSignature when an erased part is signed by another digest than SHA-512
 */
export function verifyErasedContainer(question: ErasedContainerQuestion): VerifiedErasure {
  const { container, signer, configuration, verifier } = question;
  const { authorities = configuration.tsaCertificates() } = question;
  const pieces = readSignature(container.documents.signature, 'container');
  const timestamp = verifyContainerTimestamp(container, pieces, authorities);
  const bytesOf = (name: string) => (name === messageName ? container.head : container.attachments.get(name));
  const named = digestsNamed(pieces);
  const erased = new Map([...named].filter(([name]) => bytesOf(name) === undefined));
  const signature = verifier.verify({
    documents: container.documents,
    head: container.head,
    parts: partsOf(container, erased),
    signer,
    configuration,
    at: timestamp.at,
    mode: 'container',
    digestOfPart: (name, digest) => {
      const bytes = bytesOf(name);
      return bytes === undefined ? undefined : digestOf(digest, bytes);
    },
  });
  for (const { name, digest } of signature.missing) {
    if (digest.length === sha512Bytes) erased.set(name, digest);
  }
  const unsigned = container.others.map((name) => `${name} is in the container and not signed`);
  return { signature, timestamp, erased, warnings: [...signature.warnings, ...unsigned] };
}

/** Parts a signature refers to one by one; those of a hash chain are told by its verification. */
function digestsNamed({ references }: SignaturePieces): ReadonlyMap<string, Buffer> {
  return new Map(
    references
      .filter(({ uri, algorithm }) => isPart(uri) && algorithm.name === 'sha512')
      .map(({ uri, digest }) => [uri, digest]),
  );
}

function partsOf({ head, attachments }: ErasedContainer, erased: ReadonlyMap<string, Buffer>): MessagePart[] {
  const digests = new Map(erased);
  if (head !== undefined) digests.set(messageName, digestOf('sha512', head));
  for (const [name, bytes] of attachments) digests.set(name, digestOf('sha512', bytes));
  return [...digests]
    .flatMap(([name, digest]) => (isPart(name) ? [{ name, digest }] : []))
    .sort((a, b) => placeOf(a.name) - placeOf(b.name));
}

function isPart(name: string): name is MessagePart['name'] {
  return name === messageName || /^\/attachment[1-9]\d{0,4}$/.test(name);
}

function placeOf(name: string): number {
  return name === messageName ? 0 : Number(name.slice('/attachment'.length));
}
