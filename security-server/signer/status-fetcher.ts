import { request } from 'undici';
import { checkOcsp, createOcspRequest, OcspError } from '../../certs/ocsp/index.ts';
import type { Certificate } from '../../certs/x509/index.ts';
import type { GlobalConfiguration } from '../../gateway/configuration/index.ts';
import { issuersOf } from '../../gateway/trust/index.ts';
import { dateOf, HttpStatusError, type NoteAsked } from '../asked/index.ts';

/** A status response that was good when it was fetched. */
export interface CertificateStatus {
  readonly response: Buffer;
  /** Last instant at which peers will still take it. */
  readonly validUntil: Date;
}

const maxResponseBytes = 64 * 1024;

/**
 * Asks the responders of the authority that issued `certificate`, in configured order, until one gives a response
 * that is good now.
 * @param instance whose authorities are asked
 * @throws OcspError revoked as soon as one of them says so: none asked after it makes that good again
 * @throws Error naming what each responder answered
 * @see RFC 6960 appendix A.1
 */
export async function fetchStatus(
  certificate: Certificate,
  instance: string,
  configuration: GlobalConfiguration,
  now: () => Date,
  onAsked: NoteAsked = () => undefined,
): Promise<CertificateStatus> {
  const authorities = issuersOf(certificate, instance, configuration);
  if (authorities.length === 0) {
    throw new Error(
      `no approved certification authority of ${instance} is named ${certificate.issuer.toString()}`,
    );
  }
  const failures: string[] = [];
  for (const { certificate: issuer, ocspResponders } of authorities) {
    for (const { url } of ocspResponders) {
      const asked = {
        ...({ kind: 'ocsp', url, certificate: certificate.sha256.toString('hex') } as const),
        askedAt: now().getTime(),
      };
      let date: { readonly date?: number } = {};
      try {
        const { body: response, ...seen } = await post(url, createOcspRequest(certificate, issuer));
        date = seen;
        const { validUntil, thisUpdate } = checkOcsp({
          response,
          certificate,
          issuer,
          responders: ocspResponders.flatMap((responder) => responder.certificate ?? []),
          at: now(),
          freshnessMs: configuration.ocspFreshnessMs,
          verifyNextUpdate: configuration.verifyNextUpdate,
        });
        onAsked({ ...asked, ...date, answeredAt: now().getTime(), madeAt: thisUpdate.getTime() });
        return { response, validUntil };
      } catch (error) {
        onAsked({ ...asked, ...date, answeredAt: now().getTime(), error });
        if (error instanceof OcspError && error.code === 'revoked') throw error;
        failures.push(`${url}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  }
  throw new Error(failures.length === 0 ? 'the authority has no OCSP responder' : failures.join('; '));
}

async function post(url: string, body: Buffer): Promise<{ readonly body: Buffer; readonly date?: number }> {
  const response = await request(url, {
    method: 'POST',
    headers: { 'content-type': 'application/ocsp-request', accept: 'application/ocsp-response' },
    body,
    headersTimeout: 20_000,
    bodyTimeout: 20_000,
  });
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response.body) {
    size += chunk.length;
    if (size > maxResponseBytes) throw new Error('the response is larger than 64 KiB');
    chunks.push(chunk);
  }
  if (response.statusCode !== 200) throw new HttpStatusError(response.statusCode);
  return { body: Buffer.concat(chunks), ...dateOf(response.headers) };
}
