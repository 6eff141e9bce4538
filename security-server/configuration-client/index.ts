export { ConfigurationClient, type ConfigurationClientOptions, type ConfigurationFailure } from './client.ts';
export { downloadConfiguration } from './download.ts';
export { NoVersionError, OtherFile, OtherInstance } from './errors.ts';
