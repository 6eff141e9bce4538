import { verifySignature } from '../../../certs/key/index.ts';
import { type Certificate, parseCertificate } from '../../../certs/x509/index.ts';
import type { GlobalConfiguration } from '../../../gateway/configuration/index.ts';
import {
  equal,
  identifierKey,
  type MemberId,
  memberOf,
  printEncoded,
} from '../../../gateway/identifier/index.ts';
import type { Signer } from '../../../gateway/road/index.ts';
import type { SentRequest } from '../../management/index.ts';
import type { Renewal } from '../../renewal/index.ts';
import type { SettingsSnapshot } from '../../settings/index.ts';
import type { CertificateStatus, OwnCertificate } from '../../signer/index.ts';
import type { CauseCode } from '../causes/index.ts';
import { type Found, messageOf } from '../found.ts';

/** How it stands with one who is told of what ends. */
export interface DeliveryState {
  /** The way, a space, and to whom. */
  readonly channel: string;
  readonly failure?: { readonly code: string; readonly text: string; readonly remedy: string };
}

export interface CertificateSources {
  readonly certificates: readonly OwnCertificate[];
  readonly settings: SettingsSnapshot;
  /** Undefined while none is in force. */
  readonly configuration: GlobalConfiguration | undefined;
  readonly signer: Pick<Signer, 'signingIdentity'>;
  readonly statusOf: (own: OwnCertificate) => CertificateStatus | undefined;
  readonly isTokenActive: (tokenId: string) => boolean;
  /** Management requests of this server, newest first. */
  readonly requests: readonly SentRequest[];
  readonly renewals: readonly Renewal[];
  /** How it stands with those who are told of what ends. */
  readonly notices: readonly DeliveryState[];
  readonly now: Date;
}

/** An active certificate that ends so soon is told of, unless another stands ready. */
const soonMs = 30 * 86_400_000;

/** Whether the server and each of its members has what it signs and authenticates with. */
export async function checkCertificates(sources: CertificateSources): Promise<Found[]> {
  const { certificates, settings, now } = sources;
  const found: Found[] = [];
  for (const member of membersOf(settings)) {
    const subject = printEncoded(member);
    const own = certificates.filter((one) => one.use === 'signing' && isOf(one, member));
    const lacking = lackOf('signing', own, now);
    if (lacking !== undefined) found.push({ ...lacking, subject });
    else found.push(...(await trySigning(member, own, sources)), ...endsSoon(subject, own, now));
  }
  const subject = printEncoded(settings.serverId);
  const own = certificates.filter(({ use }) => use === 'authentication');
  const lacking = lackOf('authentication', own, now);
  if (lacking !== undefined) found.push({ ...lacking, subject });
  else found.push(...checkRegistration(subject, own, sources), ...endsSoon(subject, own, now));
  return [...found, ...checkRenewals(sources), ...checkNotices(sources), ...checkOthers(settings, now)];
}

/** Members whose messages this server signs; the owner is one by sending management requests. */
function membersOf({ content, serverId }: SettingsSnapshot): MemberId[] {
  const wanted = content.clients.filter(({ status }) => status !== 'disabled').map(({ id }) => memberOf(id));
  const all = [memberOf(serverId), ...wanted];
  return [...new Map(all.map((member) => [identifierKey(member), member])).values()];
}

function isOf({ member }: OwnCertificate, wanted: MemberId): boolean {
  return member !== undefined && equal(member, wanted);
}

/** @returns undefined when there is one that is switched on and in date */
function lackOf(
  use: OwnCertificate['use'],
  own: readonly OwnCertificate[],
  now: Date,
): Omit<Found, 'subject'> | undefined {
  const active = own.filter(({ isActive }) => isActive);
  if (active.some((one) => isInDate(one.certificate, now))) return undefined;
  if (own.length === 0) return { code: `${use}-certificate-missing` };
  if (own.some(({ certificate, isActive }) => !isActive && isInDate(certificate, now))) {
    return { code: `${use}-certificate-inactive` };
  }
  const coming = active.find(({ certificate }) => certificate.notBefore > now)?.certificate;
  if (coming !== undefined) {
    const detail = `from ${coming.notBefore.toISOString()}`;
    return { code: `${use}-certificate-not-yet-valid`, detail };
  }
  const ends = own.map(({ certificate }) => certificate.notAfter.getTime());
  const since = new Date(Math.max(...ends));
  return { code: `${use}-certificate-expired`, since, detail: `at ${since.toISOString()}` };
}

function isInDate({ notBefore, notAfter }: Certificate, now: Date): boolean {
  return notBefore <= now && now <= notAfter;
}

const trial = Buffer.from('trial of a signing key');

/** Where token and status are good, nothing but the key itself can be in the way: that is tried. */
async function trySigning(
  member: MemberId,
  own: readonly OwnCertificate[],
  { signer, statusOf, isTokenActive, now }: CertificateSources,
): Promise<Found[]> {
  const isTried = own.some((one) => {
    const until = statusOf(one)?.validUntil;
    return one.isActive && until !== undefined && now <= until && isTokenActive(one.tokenId);
  });
  if (!isTried) return [];
  const subject = printEncoded(member);
  try {
    const { key, certificate } = await signer.signingIdentity(member);
    if (verifySignature(key.algorithm, certificate.publicKey, trial, await key.sign(trial))) return [];
    return [{ code: 'signing-fails', subject, detail: 'the key does not fit its certificate' }];
  } catch (error) {
    return [{ code: 'signing-fails', subject, detail: messageOf(error) }];
  }
}

function checkRegistration(
  subject: string,
  own: readonly OwnCertificate[],
  { configuration, settings, requests, now }: CertificateSources,
): Found[] {
  const usable = own.filter(({ isActive, certificate }) => isActive && isInDate(certificate, now));
  const isRegistered = ({ certificate }: OwnCertificate) => {
    const server = configuration?.serverByAuthCertificate(certificate, settings.serverId.instance);
    return server !== undefined && equal(server.id, settings.serverId);
  };
  // Without a configuration nobody can tell; that there is none is said elsewhere.
  if (configuration === undefined || usable.some(isRegistered)) return [];
  const isAbout = ({ request }: SentRequest) =>
    request.kind === 'authCertReg' &&
    request.dryRun !== true &&
    usable.some(({ certificate }) => certificate.der.equals(request.authCert));
  const last = requests.find(isAbout);
  const states: Partial<Record<SentRequest['status'], CauseCode>> = {
    sending: 'authentication-certificate-registration-waiting',
    waiting: 'authentication-certificate-registration-waiting',
    approved: 'authentication-certificate-registration-waiting',
    declined: 'authentication-certificate-registration-declined',
  };
  const code = (last && states[last.status]) ?? 'authentication-certificate-not-registered';
  return [
    {
      ...{ code, subject },
      ...(last !== undefined && { since: last.changedAt }),
      ...(last?.reason !== undefined && { detail: last.reason }),
    },
  ];
}

function endsSoon(subject: string, own: readonly OwnCertificate[], now: Date): Found[] {
  const good = own.filter(({ isActive, certificate }) => isActive && isInDate(certificate, now));
  const until = Math.max(...good.map(({ certificate }) => certificate.notAfter.getTime()));
  if (until - now.getTime() > soonMs) return [];
  return [{ code: 'certificate-expires-soon', subject, detail: `at ${new Date(until).toISOString()}` }];
}

function checkRenewals({ renewals, certificates }: CertificateSources): Found[] {
  return renewals.flatMap(({ certificate: sha256, trouble, stage }) => {
    if (trouble === undefined) return [];
    const own = certificates.find(({ certificate }) => certificate.sha256.toString('hex') === sha256);
    const detail = [`${stage}: ${trouble.text} (${trouble.code})`, trouble.remedy ?? []].flat().join('; ');
    const subject = own?.certificate.subject.toString() ?? sha256;
    return [
      { code: 'certificate-renewal-fails' as const, subject: `${subject} (${sha256.slice(0, 16)})`, detail },
    ];
  });
}

/** By the way that fails, not by who is told: that is a person. */
function checkNotices({ notices }: CertificateSources): Found[] {
  return notices.flatMap(({ channel, failure }) => {
    if (failure === undefined) return [];
    const [subject = channel] = channel.split(' ');
    const detail = `${failure.text} (${failure.code}); ${failure.remedy}`;
    return [{ code: 'notices-not-delivered' as const, subject, detail }];
  });
}

/** What the server is known by to information systems, and they to it. */
function checkOthers({ content }: SettingsSnapshot, now: Date): Found[] {
  const found: Found[] = [];
  if (content.internalCertificate !== undefined) {
    const { notAfter, subject } = parseCertificate(content.internalCertificate);
    const detail = `at ${notAfter.toISOString()}`;
    const about = { subject: subject.toString(), detail };
    if (notAfter < now) found.push({ code: 'internal-certificate-expired', ...about, since: notAfter });
    else if (notAfter.getTime() - now.getTime() <= soonMs) {
      found.push({ code: 'internal-certificate-expires-soon', ...about });
    }
  }
  const known = [
    ...content.clients.map(({ id, certificates }) => ({ id, certificates })),
    ...content.services.map(({ provider, certificates }) => ({ id: provider, certificates })),
  ];
  for (const { id, certificates } of known) {
    for (const { notAfter, subject } of certificates.map(parseCertificate)) {
      if (notAfter >= now) continue;
      const detail = `${subject}, at ${notAfter.toISOString()}`;
      const about = { subject: printEncoded(id), detail, since: notAfter };
      found.push({ code: 'information-system-certificate-expired', ...about });
    }
  }
  return found;
}
