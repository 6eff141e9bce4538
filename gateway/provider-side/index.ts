export { type OnCalled, ServiceCaller } from './call-service.ts';
export { createPeerCheck } from './check-peer.ts';
export { isPeerVersion } from './check-version.ts';
export { createProviderListener } from './listener.ts';
export type {
  BuiltInServices,
  BuiltInSoapServices,
  ProviderSide,
  SoapCall,
  SoapServiceAnswer,
  UnsignedAnswer,
} from './provider-side.ts';
