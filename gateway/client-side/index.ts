export { type Caller, callerOf, checkClient } from './caller.ts';
export { createClientListener, type PlainHandler } from './listener.ts';
export type { ClientSide } from './rest-exchange.ts';
