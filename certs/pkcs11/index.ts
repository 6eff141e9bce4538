export { HardwareToken, type HardwareTokenOptions } from './hardware-token.ts';
export { Pkcs11Module } from './module.ts';
export type { FoundToken } from './wire.ts';
