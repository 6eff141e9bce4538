export { listClients } from './list-clients.ts';
export { createProviderServices } from './provider-services.ts';
export { createSoapServices } from './soap-services.ts';
