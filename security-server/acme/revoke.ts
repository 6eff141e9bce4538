import type { Certificate } from '../../certs/x509/index.ts';
import { AcmeError } from './error.ts';
import type { AcmeSession } from './session.ts';

/** Reasons an owner may give. @see RFC 5280 §5.3.1 */
const reasons = { unspecified: 0, keyCompromise: 1, superseded: 4, cessationOfOperation: 5 } as const;
export type RevocationReason = keyof typeof reasons;

/**
 * Has the authority revoke a certificate that our account with it ordered; one that is revoked already is as good.
 * @throws AcmeError
 * @see RFC 8555 §7.6
 */
export async function revokeCertificate(
  session: AcmeSession,
  { der }: Certificate,
  reason: RevocationReason,
): Promise<void> {
  const { revokeCert: url } = session.directory;
  const asked = 'the revocation';
  if (url === undefined) throw new AcmeError('refused', 'the authority revokes nothing over ACME');
  try {
    await session.post({
      ...{ url, asked },
      payload: { certificate: der.toString('base64url'), reason: reasons[reason] },
    });
  } catch (error) {
    if (!(error instanceof AcmeError) || error.problem !== 'alreadyRevoked') throw error;
  }
}
