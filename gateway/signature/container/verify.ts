import { digestOf } from '../../../certs/key/index.ts';
import { checkTimestamp, TimestampError } from '../../../certs/timestamp/index.ts';
import type { Certificate } from '../../../certs/x509/index.ts';
import type { GlobalConfiguration } from '../../configuration/index.ts';
import { Fault } from '../../fault/index.ts';
import type { MessagePart } from '../../message/index.ts';
import { verifyHashChain } from '../hash-chain-verify.ts';
import { hashChainResultName, messageName, timestampHashChainName } from '../names.ts';
import { readSignature, type SignaturePieces } from '../read.ts';
import { malformed } from '../shape.ts';
import type { SignatureVerifier, VerifiedSignature } from '../verify.ts';
import { type MessageParties, partiesOfMessage } from './parties.ts';
import { type Container, readContainer } from './read.ts';

export interface ContainerQuestion {
  readonly container: Container | Buffer;
  /** As it was when the message passed: CAs, their profiles, timestamping authorities. */
  readonly configuration: GlobalConfiguration;
  /** Whose timestamps count: those of the configuration unless told. */
  readonly authorities?: readonly Certificate[] | undefined;
  readonly verifier: SignatureVerifier;
}

export interface VerifiedContainer extends MessageParties {
  readonly container: Container;
  readonly signature: VerifiedSignature;
  /** When the signature existed, and whose word that is. */
  readonly timestamp: { readonly at: Date; readonly certificate: Certificate };
  /** Oddities that take nothing from the worth of the evidence. */
  readonly warnings: readonly string[];
}

/**
 * Verifies a container alone: that the member named in the message signed it, all of it, and that the signature
 * existed when its certificate was good.
 * @throws Fault as `readContainer`, AsicTimestampNotFound, InvalidMessage, and as `SignatureVerifier.verify`
 */
export async function verifyContainer(question: ContainerQuestion): Promise<VerifiedContainer> {
  const { configuration, verifier, authorities = configuration.tsaCertificates() } = question;
  const container = Buffer.isBuffer(question.container)
    ? await readContainer(question.container)
    : question.container;
  const message = partiesOfMessage(container.head);
  const pieces = readSignature(container.documents.signature, 'container');
  checkReferences(pieces);
  const timestamp = verifyContainerTimestamp(container, pieces, authorities);
  const signature = verifier.verify({
    documents: container.documents,
    head: container.head,
    parts: partsOf(container),
    signer: message.signer,
    configuration,
    at: timestamp.at,
    mode: 'container',
    digestOfPart: (name, digest) => {
      const bytes = container.attachments.get(name);
      return bytes === undefined ? undefined : digestOf(digest, bytes);
    },
  });
  const unsigned = container.others.map((name) => `${name} is in the container and not signed`);
  return { ...message, container, signature, timestamp, warnings: [...signature.warnings, ...unsigned] };
}

/** Told first, for a timestamp of something else is worth nothing. */
function checkReferences({ references }: SignaturePieces): void {
  if (!references.some(({ uri }) => uri === messageName || uri === hashChainResultName)) {
    throw malformed(`The signature refers neither to ${messageName} nor to ${hashChainResultName}`);
  }
}

/**
 * When a signature existed, by the timestamp of its batch or in itself.
 * @throws Fault AsicTimestampNotFound, MalformedSignature
 */
export function verifyContainerTimestamp(
  container: Omit<Container, 'head'>,
  pieces: SignaturePieces,
  certificates: readonly Certificate[],
): VerifiedContainer['timestamp'] {
  const { timestamp, documents, signatureName } = container;
  if (timestamp === undefined) {
    const [token, ...more] = pieces.timestampTokens;
    if (token === undefined) throw new Fault('AsicTimestampNotFound', 'The container has no timestamp');
    if (more.length > 0) throw malformed('The signature has more than one timestamp');
    return check({ token, stamped: pieces.signatureValue, certificates });
  }
  verifyHashChain({
    result: timestamp.hashChainResult,
    chain: timestamp.hashChain,
    chainName: timestampHashChainName,
    names: [signatureName],
    digestOfFile: (_name, digest) => digestOf(digest, documents.signature),
  });
  const stamped = Buffer.from(timestamp.hashChainResult);
  return check({ token: Buffer.from(timestamp.token), stamped, certificates });
}

function check(question: Parameters<typeof checkTimestamp>[0]): VerifiedContainer['timestamp'] {
  try {
    return checkTimestamp(question);
  } catch (error) {
    if (!(error instanceof TimestampError)) throw error;
    throw malformed(`The timestamp is not good: ${error.message}`, error);
  }
}

/** In the order of the message, whatever the order in the container. */
function partsOf({ head, attachments }: Container): MessagePart[] {
  const numbers = [...attachments.keys()].map((name) => Number(name.slice('/attachment'.length)));
  const parts: MessagePart[] = [{ name: messageName, digest: digestOf('sha512', head) }];
  for (const number of numbers.sort((a, b) => a - b)) {
    const name = `/attachment${number}` as const;
    const bytes = attachments.get(name);
    if (bytes !== undefined) parts.push({ name, digest: digestOf('sha512', bytes) });
  }
  return parts;
}
