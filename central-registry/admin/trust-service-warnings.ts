import { type Certificate, isIssuedBy, parseCertificate } from '../../certs/x509/index.ts';
import { type Book, type CertificationService, listServers } from '../register/index.ts';

/**
 * What the end of a certification service, or of authorities of it, breaks at once, for whoever ends it to confirm.
 * @param service as it was
 * @param after as it will be, taken by the register already; undefined when it ends
 * @returns nothing when nothing is in use
 */
export async function warnOfUse(
  book: Book,
  service: CertificationService,
  after?: CertificationService,
): Promise<{ readonly code: string; readonly text: string }[]> {
  const kept = after === undefined ? [] : authoritiesOf(after);
  const ended = authoritiesOf(service).filter(({ der }) => !kept.some((one) => one.der.equals(der)));
  const servers = await listServers(book);
  const inUse = servers
    .flatMap(({ authenticationCertificates }) => authenticationCertificates)
    .map((der) => parseCertificate(der))
    .filter((certificate) => ended.some((authority) => isIssuedBy(certificate, authority)))
    // The same key may have been certified anew.
    .filter((certificate) => !kept.some((authority) => isIssuedBy(certificate, authority)));
  if (inUse.length === 0) return [];
  const text = `${inUse.length} registered certificates of security servers come from ${service.name}: those servers take part in no exchange any more.`;
  return [{ code: 'certificates-in-use', text }];
}

function authoritiesOf({ top, intermediates }: CertificationService): readonly Certificate[] {
  return [top, ...intermediates].map(({ certificate }) => parseCertificate(certificate));
}
