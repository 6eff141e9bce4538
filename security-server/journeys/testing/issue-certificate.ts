import { request } from 'undici';
import { loadOrMakeSecrets } from '../../../pilot/index.ts';

export type CertificateKind = 'signing' | 'authentication';

/** Whom a certificate is for; of the pilot's instance. */
export interface Applicant {
  readonly memberClass: string;
  readonly memberCode: string;
  readonly memberName: string;
  readonly serverCode: string;
  readonly dnsName: string;
}

/**
 * Takes a request to the authority of the pilot.
 * @param authority its address
 * @param data folder of the pilot
 * @param pem PKCS#10
 * @returns PEM of what it issues
 * @throws Error with what it refuses
 */
export async function issueCertificate(
  authority: string,
  data: string,
  pem: string,
  kind: CertificateKind,
  applicant: Applicant,
): Promise<string> {
  const { issue: secret } = await loadOrMakeSecrets(data);
  const { statusCode, body } = await request(`${authority}/issue`, {
    method: 'POST',
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      ...{ request: pem, kind, profile: 'basic' },
      applicant: { instance: 'PILOT', ...applicant },
    }),
  });
  const text = await body.text();
  if (statusCode >= 300) throw new Error(`the authority refuses: ${statusCode} ${text}`);
  return text;
}
