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

export interface MessageToSign extends SigningMaterial {
  /** In order, head first, digested with `digest`. */
  readonly parts: readonly MessagePart[];
  readonly digest: DigestName;
  readonly signedAt: Date;
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
export async function signMessage(message: MessageToSign): Promise<SignatureDocuments> {
  const [head, ...others] = message.parts;
  if (head?.name !== messageName) throw new Fault('CannotCreateSignature', 'A message begins with its head');
  if (others.length === 0) {
    return { signature: await signFile({ ...message, name: messageName, fileDigest: head.digest }) };
  }
  const { result, chains } = buildHashChains([message.parts], message.digest);
  const [hashChain] = chains;
  if (hashChain === undefined) throw new Fault('CannotCreateSignature', 'The message has no hash chain');
  const fileDigest = digestOf(message.digest, result);
  const signature = await signFile({ ...message, name: hashChainResultName, fileDigest });
  return { signature, hashChainResult: result, hashChain };
}

interface FileToSign extends SigningMaterial {
  /** What the signature refers to. */
  readonly name: typeof messageName | typeof hashChainResultName;
  readonly fileDigest: Buffer;
  readonly digest: DigestName;
  readonly signedAt: Date;
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
