export { collectExpiries, type Expiries, type Expiry, type ExpirySources } from './collect.ts';
export { type ExpiryKind, expiryKinds, expiryWords } from './words.ts';
