export {
  type Certificate,
  isIssuedBy,
  isSameCertificate,
  issuerAndSerial,
  parseCertificate,
} from './certificate.ts';
export { type CertificateToCreate, createCertificate } from './create.ts';
export { CertificateError, type CertificateErrorCode } from './error.ts';
export { type BasicConstraints, extendedKeyUsages, type KeyUsage } from './extensions.ts';
export { type AttributeName, buildName, type DistinguishedName } from './name.ts';
export { buildPath, type PathQuestion } from './path.ts';
export { toPem } from './pem.ts';
export { type CertificateRequest, createRequest, parseRequest } from './request.ts';
