export { HardwareToken, type HardwareTokenOptions, type PinState } from './hardware-token.ts';
export { Pkcs11Module } from './module.ts';
export type { FoundToken } from './wire.ts';
