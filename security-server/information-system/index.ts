export { createPlainHandlers, type PlainHandlerSources } from './plain-handlers.ts';
