export { ConfigurationClient, type ConfigurationClientOptions } from './client.ts';
export { downloadConfiguration } from './download.ts';
