export { listClients } from './list-clients.ts';
export { createProviderServices } from './provider-services.ts';
