export { ServiceCaller } from './call-service.ts';
export { createPeerCheck } from './check-peer.ts';
export { createProviderListener } from './listener.ts';
export type { BuiltInServices, ProviderSide } from './rest-exchange.ts';
export type { UnsignedAnswer } from './send-answer.ts';
