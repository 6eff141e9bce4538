export { internalContext } from './context.ts';
export { createInternalCertificate } from './create.ts';
