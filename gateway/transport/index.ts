export { letGo } from './let-go.ts';
export type { AuthenticationIdentity, PeerAddress, PeerConnection } from './peer-pool.ts';
export { PeerPools } from './peer-pools.ts';
export { receiveMessage } from './receive.ts';
export type { ReceivedMessage } from './received-message.ts';
export { openSealedFile as openHeldFile } from './sealed-file.ts';
export { faultPart, sendMessage } from './send.ts';
export { type BodySink, createBodySink, type HeldBody, prepareSpool } from './spool.ts';
export { peerChain, serveTls } from './tls-listener.ts';
