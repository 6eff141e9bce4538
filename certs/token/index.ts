export { TokenError, type TokenErrorCode } from './error.ts';
export { checkPin } from './pin-policy.ts';
export { createSoftwareToken, openSoftwareToken, type SoftwareTokenOptions } from './software-token.ts';
export type { KeyInfo, Token } from './token.ts';
