export { type AcmeListener, type RunningAcme, startAcme } from './acme/serve.ts';
export {
  type Authority,
  type AuthorityOptions,
  type CertificateOrder,
  createAuthority,
  openAuthority,
} from './authority.ts';
export { foundAuthority, isAuthority, issueSecretFile } from './found.ts';
export { type Applicant, type CertificateKind, type ProfileName, profileClasses } from './profiles.ts';
export { authorityAddresses, type RunningAuthority, startAuthority } from './serve.ts';
