export { type AcmeListener, type RunningAcme, startAcme } from './acme/serve.ts';
export {
  type Authority,
  type AuthorityOptions,
  type CertificateOrder,
  createAuthority,
  openAuthority,
} from './authority.ts';
export { type Applicant, type CertificateKind, type ProfileName, profileClasses } from './profiles.ts';
export { type RunningAuthority, startAuthority } from './serve.ts';
