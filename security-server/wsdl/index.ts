export { WsdlError, type WsdlErrorCode } from './error.ts';
export { webReader } from './fetch.ts';
export { type ImportedWsdl, importWsdl } from './import.ts';
export type { WsdlSource } from './load.ts';
export { outlineWsdl, type WsdlOutline } from './outline.ts';
