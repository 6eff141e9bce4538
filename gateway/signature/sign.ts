import { type DigestName, digestAlgorithms, digestOf, type SigningKey } from '../../certs/key/index.ts';
import type { Certificate } from '../../certs/x509/index.ts';
import { Fault } from '../fault/index.ts';
import type { MessagePart } from '../message/index.ts';
import { buildHashChains } from './hash-chain-build.ts';
import { hashChainResultName, messageName } from './names.ts';
import { writeSignature, writeSignedInfo, writeSignedProperties } from './write.ts';

/** What proves who signed: all of one signing certificate. */
export interface SigningMaterial {
  readonly key: SigningKey;
  readonly certificate: Certificate;
  /** Between the signing certificate and the topmost approved CA, without either. */
  readonly intermediates: readonly Certificate[];
  /** DER: the signing certificate's first, then one per intermediate. */
  readonly ocspResponses: readonly Uint8Array[];
}

/** How a signature is made, whatever it is over. */
export interface SigningTerms extends SigningMaterial {
  /** Of every part that is signed, too. */
  readonly digest: DigestName;
  readonly signedAt: Date;
}

export interface MessageToSign extends SigningTerms {
  /** In order, head first, digested with `digest`. */
  readonly parts: readonly MessagePart[];
}

/** The documents that travel after a message, or lie beside it in a container. */
export interface SignatureDocuments {
  readonly signature: Buffer;
  /** Both or neither of the following two. */
  readonly hashChainResult?: Buffer;
  readonly hashChain?: Buffer;
}

/**
 * Signs a message in the form that every X-Road 7 server reads: over its head alone when it has no other part,
 * else over the result of a hash chain of all parts.
 * @throws Fault CannotCreateSignature without an OCSP response, for no peer would accept it
 */
export async function signMessage({ parts, ...terms }: MessageToSign): Promise<SignatureDocuments> {
  const [documents] = await signBatch([parts], terms);
  if (documents === undefined) throw new Fault('CannotCreateSignature', 'The message was not signed');
  return documents;
}

/**
 * Signs several messages of one member with one signature, so that a slow key works once for all of them. Every
 * message gets documents it can be verified with alone: the signature and the result of the hash chains are the
 * same bytes for all, the hash chain is its own and shows of the others nothing but digests.
 *
 * One message is signed as `signMessage` does it; of several, each has a hash chain, with one part or with more.
 * @param messages parts of each message in order, head first, digested with `terms.digest`
 * @returns documents in the order of the messages
 * @throws Fault CannotCreateSignature, as `signMessage`
 */
export async function signBatch(
  messages: readonly (readonly MessagePart[])[],
  terms: SigningTerms,
): Promise<readonly SignatureDocuments[]> {
  const [first, ...others] = messages;
  if (first === undefined) return [];
  if (messages.some(([head]) => head?.name !== messageName)) {
    throw new Fault('CannotCreateSignature', 'A message begins with its head');
  }
  const [head, ...attachments] = first;
  if (head !== undefined && attachments.length === 0 && others.length === 0) {
    return [{ signature: await signFile({ ...terms, name: messageName, fileDigest: head.digest }) }];
  }
  const { result, chains } = buildHashChains(messages, terms.digest);
  const fileDigest = digestOf(terms.digest, result);
  const signature = await signFile({ ...terms, name: hashChainResultName, fileDigest });
  return chains.map((hashChain) => ({ signature, hashChainResult: result, hashChain }));
}

interface FileToSign extends SigningTerms {
  /** What the signature refers to. */
  readonly name: typeof messageName | typeof hashChainResultName;
  readonly fileDigest: Buffer;
}

async function signFile(file: FileToSign): Promise<Buffer> {
  if (file.ocspResponses.length === 0) {
    throw new Fault('CannotCreateSignature', 'There is no OCSP response for the signing certificate');
  }
  const digestUri = digestAlgorithms[file.digest].xmlUri;
  const properties = writeSignedProperties({
    signedAt: file.signedAt,
    certificate: file.certificate,
    digest: file.digest,
    mimeType: file.name === messageName ? 'text/xml' : 'application/hash-chain-result',
  });
  const info = writeSignedInfo({
    signatureMethod: file.key.algorithm.xmlUri,
    digestUri,
    name: file.name,
    fileDigest: file.fileDigest,
    propertiesDigest: digestOf(file.digest, properties.canonical),
  });
  const value = await file.key.sign(info.canonical, 'ieee-p1363');
  return writeSignature({ ...file, info: info.text, properties: properties.text, value });
}
