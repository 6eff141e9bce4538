export { BatchSigner, type SigningMode, signingModes } from './batch-signer.ts';
export {
  type CertificateRequestRecord,
  certificateRequests,
  putCertificateRequest,
  removeCertificateRequest,
} from './certificate-requests.ts';
export {
  ownCertificates,
  putOwnCertificate,
  removeOwnCertificate,
  removeStatus,
  savedStatuses,
  saveStatus,
} from './certificate-store.ts';
export type { OwnCertificate } from './own-certificates.ts';
export { type Reason, reasonCodes } from './reasons.ts';
export { ServerSigner } from './signer.ts';
export { savedSigningModes, saveSigningMode } from './signing-modes.ts';
export type { CertificateStatus } from './status-fetcher.ts';
