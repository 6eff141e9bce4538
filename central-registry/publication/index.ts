export { type Anchor, readAnchor } from './anchor.ts';
export { createPublicationServer } from './listener.ts';
export { type PublicationState, Publisher } from './publisher.ts';
export { createConfigurationKey, deleteConfigurationKey } from './signing-keys.ts';
