import type { Certificate } from '../../certs/x509/index.ts';
import type { MemberId } from '../../gateway/identifier/index.ts';

/** A certificate of this server whose private key lies in one of its tokens. */
export interface OwnCertificate {
  readonly use: 'signing' | 'authentication';
  readonly tokenId: string;
  readonly keyId: string;
  readonly certificate: Certificate;
  /** CA certificates to be sent along, issuer first, without the trusted root. */
  readonly intermediates: readonly Certificate[];
  /** Whose messages it signs: signing certificates only. */
  readonly member?: MemberId;
  /** A certificate that is switched off is kept, but neither signs nor authenticates. */
  readonly isActive: boolean;
}
