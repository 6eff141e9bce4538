export { type KnownToken, ServerTokens } from './server-tokens.ts';
export { type TokenSettings, tokenSettingsSchema } from './settings.ts';
