export { verifyAuthenticationCertificate } from './authentication-certificate.ts';
export {
  certificatesWithoutStatus,
  isKnownAuthenticationCertificate,
  type PeerQuestion,
  verifyAuthenticationPeer,
} from './authentication-peer.ts';
export { issuersOf, verifyByOneOf } from './issuing-authorities.ts';
export { purposeOf } from './purpose.ts';
export { verifySigningCertificate } from './signing-certificate.ts';
export { memberOfSigningCertificate } from './signing-member.ts';
