import { isIssuedBy, parseCertificate } from '../../certs/x509/index.ts';
import { type Book, listCertificationServices, listServers } from '../register/index.ts';

/**
 * What the end of a certification service breaks at once, for whoever ends it to confirm.
 * @returns nothing when there is no such service, or nothing in use
 */
export async function warnOfUse(
  book: Book,
  entryId: string,
): Promise<{ readonly code: string; readonly text: string }[]> {
  const services = await listCertificationServices(book);
  const service = services.find((one) => one.entryId === entryId);
  if (service === undefined) return [];
  const authorities = [service.top, ...service.intermediates].map(({ certificate }) =>
    parseCertificate(certificate),
  );
  const servers = await listServers(book);
  const inUse = servers
    .flatMap(({ authenticationCertificates }) => authenticationCertificates)
    .map((der) => parseCertificate(der))
    .filter((certificate) => authorities.some((authority) => isIssuedBy(certificate, authority)));
  if (inUse.length === 0) return [];
  const text = `${inUse.length} registered certificates of security servers come from ${service.name}: those servers take part in no exchange any more.`;
  return [{ code: 'certificates-in-use', text }];
}
