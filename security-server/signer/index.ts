export type { OwnCertificate } from './own-certificates.ts';
export { ServerSigner, type SignerOptions } from './signer.ts';
export { type CertificateStatus, fetchStatus } from './status-fetcher.ts';
