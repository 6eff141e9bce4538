import type { Todo, Visit } from '../../gateway/console/index.ts';
import type { Ending } from './answers.ts';
import { textsOf } from './texts.ts';
import {
  type CertificationService,
  certificationPath,
  readCertificate,
  type TimestampingService,
  timestampingPath,
} from './trust-services/index.ts';

/** Certificates that end sooner are told of. */
const soonMs = 30 * 24 * 3_600_000;

interface Known {
  readonly certification: readonly CertificationService[];
  readonly timestamping: readonly TimestampingService[];
  /** PEM; of the registry's registration service. */
  readonly registration: string | undefined;
}

/** Certificates of the register, and of the registry itself, that end soon or have ended; the next one first. */
export async function expiring(visit: Visit, known: Known): Promise<readonly Todo[]> {
  const t = textsOf(visit);
  const limit = visit.now.getTime() + soonMs;
  const endsSoon = (pem: string) => readCertificate(pem).notAfter.getTime() < limit;
  const todo = (pem: string, text: string, href: string) => ({
    ...{ text, href, act: t.look },
    at: readCertificate(pem).notAfter.toISOString(),
  });
  const ofServices = known.certification.flatMap(({ entryId, name, top, intermediates }) => {
    const authorities = [top, ...intermediates];
    const responders = authorities
      .flatMap(({ ocspResponders }) => ocspResponders)
      .flatMap(({ certificate }) => certificate ?? []);
    const href = certificationPath(entryId);
    return [
      ...authorities
        .filter(({ certificate }) => endsSoon(certificate))
        .map(({ certificate }) => todo(certificate, t.expiresAuthority(name), href)),
      ...responders.filter(endsSoon).map((pem) => todo(pem, t.expiresResponder(name), href)),
    ];
  });
  const ofTimestamping = known.timestamping
    .filter(({ certificate }) => endsSoon(certificate))
    .map(({ entryId, name, certificate }) =>
      todo(certificate, t.expiresTimestamping(name), timestampingPath(entryId)),
    );
  const { registration } = known;
  const own =
    registration !== undefined && endsSoon(registration)
      ? [todo(registration, t.expiresRegistration, '/settings')]
      : [];
  const all = [...(await ofServers(visit, new Date(limit))), ...ofServices, ...ofTimestamping, ...own];
  return all.sort((one, other) => one.at.localeCompare(other.at));
}

async function ofServers(visit: Visit, before: Date) {
  const t = textsOf(visit);
  const path = `/api/v1/expiring-certificates?before=${before.toISOString()}`;
  return (await visit.api.get<readonly Ending[]>(path)).map(({ server, notAfter }) => ({
    ...{ text: t.expiresSoon(server), href: `/servers/${encodeURIComponent(server)}`, act: t.look },
    at: notAfter,
  }));
}
