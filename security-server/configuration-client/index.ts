export { ConfigurationClient, type ConfigurationClientOptions } from './client.ts';
