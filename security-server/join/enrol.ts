import { request } from 'undici';
import type { InvitationClaims } from '../../gateway/joining/index.ts';
import { JoinError, messageOf } from './error.ts';

export type CertificateUse = 'signing' | 'authentication';

const timeoutMs = 30_000;
const maxAnswerBytes = 64 * 1024;

/**
 * Fetches a certificate with the token of the invitation. The authority answers the same request as before.
 * @param pem certificate request
 * @param dnsName of this server, for its authentication certificate
 * @returns PEM
 * @throws JoinError refused, failed
 */
export async function fetchCertificate(
  { url, token }: NonNullable<InvitationClaims['enrolment']>,
  kind: CertificateUse,
  pem: string,
  dnsName: string,
): Promise<string> {
  let status: number;
  let text = '';
  try {
    const response = await request(url, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ request: pem, kind, dnsName }),
      signal: AbortSignal.timeout(timeoutMs),
    });
    status = response.statusCode;
    for await (const chunk of response.body) {
      text += String(chunk);
      if (text.length > maxAnswerBytes) throw new RangeError(`more than ${maxAnswerBytes} octets came`);
    }
  } catch (cause) {
    throw new JoinError('failed', `the authority at ${url} could not be asked: ${messageOf(cause)}`, {
      cause,
    });
  }
  if (status === 200) return text;
  const message = `the authority refused a ${kind} certificate (${status}): ${text.trim().slice(0, 300)}`;
  throw new JoinError(status >= 500 ? 'failed' : 'refused', message);
}
