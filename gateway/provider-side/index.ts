export { ServiceCaller } from './call-service.ts';
export { createPeerCheck } from './check-peer.ts';
export { baseEndpoint, explainService } from './check-service.ts';
export { isPeerVersion } from './check-version.ts';
export { CircuitBreaker, type CircuitSettings, type CircuitState } from './circuit-breaker.ts';
export { createProviderListener } from './listener.ts';
export type {
  BuiltInServices,
  BuiltInSoapServices,
  ProviderSide,
  SoapCall,
  SoapServiceAnswer,
  UnsignedAnswer,
} from './provider-side.ts';
export { Quotas } from './quotas.ts';
export { admit } from './receive-request.ts';
