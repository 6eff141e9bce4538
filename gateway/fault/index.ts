export { type FaultCode, type FaultOrigin, readCode } from './codes.ts';
export { asFault, Fault, type FaultOptions, RelayedFault, spellCode } from './fault.ts';
export { type RestRendering, readSoapFault, renderRest, renderSoap } from './render.ts';
