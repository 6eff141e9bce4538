export { WsdlError, type WsdlErrorCode } from './error.ts';
export { loadWsdl, type WsdlSource } from './load.ts';
export { readServices, type WsdlService } from './read.ts';
export { hideAddresses } from './rewrite.ts';
