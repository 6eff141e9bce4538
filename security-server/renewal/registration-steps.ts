import type { Certificate } from '../../certs/x509/index.ts';
import type { SentRequest } from '../management/index.ts';
import { RenewalError } from './error.ts';
import { isRegistered, type RenewalParts } from './parts.ts';

/**
 * Asks the registry, once, for a certificate to become this server's, or no longer to be.
 * @param requestedAt when somebody asked for the renewal: what was declined before is asked again
 * @returns whether the configuration shows it so
 * @throws RenewalError registration-declined; Fault when the registry does not take the request
 */
export async function settleRegistration(
  parts: RenewalParts,
  kind: 'authCertReg' | 'authCertDeletion',
  certificate: Certificate,
  requestedAt: Date | undefined,
): Promise<boolean> {
  const isThere = isRegistered(parts, certificate);
  if (isThere === (kind === 'authCertReg')) return true;
  const { management, settings } = parts;
  const latest = (await management.list()).find(
    ({ request }) => request.kind === kind && request.authCert.equals(certificate.der),
  );
  if (latest !== undefined && isUnderWay(latest)) return false;
  const isRefused = latest?.status === 'declined' || latest?.status === 'revoked';
  if (isRefused && !(requestedAt !== undefined && requestedAt > latest.changedAt)) {
    const why = latest.reason === undefined ? '' : `: ${latest.reason}`;
    throw new RenewalError('registration-declined', `the registry declined ${kind}${why}`, {
      remedy: 'settle it with the operator of the registry, then have this certificate renewed now',
    });
  }
  await management.send({ kind, server: settings.serverId, authCert: certificate.der });
  return false;
}

function isUnderWay({ status }: SentRequest): boolean {
  return status === 'sending' || status === 'waiting' || status === 'approved';
}
