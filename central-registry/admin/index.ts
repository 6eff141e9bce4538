export { createRegistryApi } from './admin-api.ts';
