export { type Caller, callerOf, checkClient } from './caller.ts';
export type { ClientSide } from './exchange.ts';
export { findPeer } from './find-peer.ts';
export { createClientListener, type PlainHandler } from './listener.ts';
