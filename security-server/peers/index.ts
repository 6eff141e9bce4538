export { createAskPeer } from './ask-peer.ts';
export { startOcspPort } from './ocsp-port.ts';
export { createPeerPools } from './peer-pools.ts';
export { type PeerPosture, type PeerSettings, postureOf } from './posture.ts';
