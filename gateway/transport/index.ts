export { boundaryOf, mediaTypeOf } from './content-type.ts';
export { letGo } from './let-go.ts';
export {
  type MultipartEvent,
  type MultipartLimits,
  MultipartScanner,
  type PartHeaders,
} from './multipart.ts';
export { type PeerAddress, shakeHands } from './peer-handshake.ts';
export type { AuthenticationIdentity, PeerConnection } from './peer-pool.ts';
export { PeerPools, type PeerPoolsOptions } from './peer-pools.ts';
export { receiveMessage } from './receive.ts';
export type { ReceivedMessage } from './received-message.ts';
export { openSealedFile as openHeldFile } from './sealed-file.ts';
export { MessageSender, type OutgoingAttachment, type OutgoingMessage, type Payload } from './send.ts';
export { type BodySink, createBodySink, type HeldBody, prepareSpool } from './spool.ts';
export { serveTls } from './tls-listener.ts';
export { type Posture, peerTlsOptions } from './tls-profile.ts';
export { writeChunk } from './write-chunk.ts';
