export { listClients } from './list-clients.ts';
export { DescriptionError, endpointsOf, fetchDescription } from './open-api.ts';
export { createProviderServices } from './provider-services.ts';
export { createSoapServices } from './soap-services.ts';
