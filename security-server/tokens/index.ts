export { type KnownToken, ServerTokens } from './server-tokens.ts';
export { nameOfDevice, type TokenSettings, tokenSettingsSchema } from './settings.ts';
