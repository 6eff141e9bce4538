export { createServerAdmin, type ServerAdminOptions } from './api.ts';
export { type CertificateContext, takeInCertificate } from './certificate-import.ts';
export type { AdminContext } from './context.ts';
export { createUnfoundedAdmin } from './unfounded.ts';
