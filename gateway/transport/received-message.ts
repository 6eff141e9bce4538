import type { DigestName } from '../../certs/key/index.ts';
import type { MessagePart } from '../message/index.ts';
import type { PartHeaders } from './multipart.ts';
import type { BodySink, HeldBody } from './spool.ts';

/** A message whose parts arrived whole and in order; its signature is still to be verified. */
export interface ReceivedMessage {
  readonly protocol: 'rest' | 'soap';
  /** Bytes of `/message.xml` exactly as sent. */
  readonly head: Buffer;
  /** Content type of the head part. Not signed: nothing that matters may be decided by it. */
  readonly headType: string;
  /** Further headers of the head part, as unsigned as its type. */
  readonly headHeaders: PartHeaders;
  /** DER, unchecked. */
  readonly ocspResponses: readonly Buffer[];
  /** SHA-512 digests of the signed parts, the head's first. */
  readonly parts: readonly MessagePart[];
  /** Bodies in order of their parts. The receiver must discard them. */
  readonly attachments: readonly HeldBody[];
  /** Headers of each attachment of a SOAP message, as unsigned as its type; none for a REST body. */
  readonly attachmentHeaders: readonly PartHeaders[];
  readonly hashChainResult?: Buffer;
  readonly hashChain?: Buffer;
  readonly signature: Buffer;
  /** The bodies' digests by the algorithm that was announced, when that is not SHA-512. */
  readonly digestOfPart?: (name: string, digest: DigestName) => Buffer | undefined;
}

/** What arrived first, shown before any body is taken. */
interface ReceivedHead {
  readonly protocol: 'rest' | 'soap';
  readonly head: Buffer;
  readonly headType: string;
  readonly ocspResponses: readonly Buffer[];
}

export interface ReceiveOptions {
  /** `Content-Type` of the HTTP message. */
  readonly contentType: string;
  /** From `x-hash-algorithm`: what the signature may have digested the bodies with, besides SHA-512. */
  readonly digest: DigestName;
  readonly direction: 'request' | 'response';
  /** Makes the place for one body; it must hash with SHA-512. */
  readonly newSink: () => BodySink;
  /** Called once, before any body is taken; what it throws ends the message. */
  readonly onHead?: (received: ReceivedHead) => Promise<void> | void;
}
