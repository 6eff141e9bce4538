export { isKnownAuthenticationCertificate, verifyAuthenticationPeer } from './authentication-peer.ts';
export { purposeOf } from './purpose.ts';
export { verifySigningCertificate } from './signing-certificate.ts';
export { memberOfSigningCertificate } from './signing-member.ts';
