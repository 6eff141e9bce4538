export { type Anchor, readAnchor } from './anchor.ts';
export { Holding, type HoldingLimits } from './holding.ts';
export { createPublicationServer } from './listener.ts';
export { Polls, type SeenConfiguration } from './polls.ts';
export { type PublicationState, Publisher } from './publisher.ts';
export { createConfigurationKey, deleteConfigurationKey } from './signing-keys.ts';
