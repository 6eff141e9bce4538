import { type Certificate, CertificateError, parseCertificate } from '../../certs/x509/index.ts';
import type { Anchor, GlobalConfiguration } from '../../gateway/configuration/index.ts';
import { printEncoded } from '../../gateway/identifier/index.ts';
import type { Renewal } from '../renewal/index.ts';
import { type ServiceRecord, type SettingsSnapshot, serviceIdOf } from '../settings/index.ts';
import type { OwnCertificate } from '../signer/index.ts';
import type { ExpiryKind } from './words.ts';

export interface ExpirySources {
  readonly settings: () => SettingsSnapshot;
  readonly certificates: () => Promise<readonly OwnCertificate[]>;
  /** Fetched last, in force or not: who is told must not depend on whether the registry answers. */
  readonly configuration: () => GlobalConfiguration | undefined;
  /** What this server began with. */
  readonly anchor: Anchor;
  readonly renewals: () => readonly Renewal[];
  readonly now: () => Date;
}

/** A certificate that this server depends on, in one of its parts: the same one may have several. */
export interface Expiry {
  /** Kind, owner and fingerprint: the same as long as it is depended on. */
  readonly id: string;
  readonly kind: ExpiryKind;
  /** Whose it is, or what it is for: an identifier, a name. */
  readonly owner: string;
  /** Hex. */
  readonly sha256: string;
  readonly subject: string;
  readonly issuer: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** SHA-256 of one that does the same and lasts longer, hex. */
  readonly replacedBy?: string;
  /** When it renews itself. */
  readonly renewsAt?: Date;
  /** Why the last attempt at that failed. */
  readonly renewalTrouble?: string;
}

/** One that cannot be read, so that nobody knows when it ends. */
export interface Unreadable {
  readonly kind: ExpiryKind;
  readonly owner: string;
  readonly reason: string;
}

export interface Expiries {
  readonly at: Date;
  /** What ends first comes first. */
  readonly all: readonly Expiry[];
  readonly unreadable: readonly Unreadable[];
  /** Whether the configuration was at hand: without it nothing is known of authorities. */
  readonly isComplete: boolean;
}

interface Source {
  readonly kind: ExpiryKind;
  readonly owner: string;
  readonly certificate: Certificate | Buffer;
}

/** Everything that ends, of all that this server depends on. */
export async function collectExpiries(sources: ExpirySources): Promise<Expiries> {
  const now = sources.now();
  const configuration = sources.configuration();
  const found = [
    ...ofServer(await sources.certificates()),
    ...ofSettings(sources.settings()),
    ...ofAnchor(sources.anchor),
    ...(configuration === undefined ? [] : ofConfiguration(configuration)),
  ];
  const all = new Map<string, Expiry>();
  const unreadable: Unreadable[] = [];
  for (const { kind, owner, certificate } of found) {
    const read = Buffer.isBuffer(certificate) ? readOnce(certificate) : certificate;
    if (read instanceof CertificateError) {
      unreadable.push({ kind, owner, reason: read.message });
      continue;
    }
    const one = expiryOf(kind, owner, read);
    all.set(one.id, one);
  }
  const byPlace = new Map<string, Expiry[]>();
  for (const one of all.values()) {
    const place = `${one.kind} ${one.owner}`;
    byPlace.set(place, [...(byPlace.get(place) ?? []), one]);
  }
  const renewals = new Map(sources.renewals().map((renewal) => [renewal.certificate, renewal]));
  const told = [...byPlace.values()].flatMap((place) =>
    place.map((one) => ({
      ...one,
      ...successorOf(one, place, now),
      ...(isOwn(one.kind) && renewalOf(renewals.get(one.sha256))),
    })),
  );
  const inOrder = told.sort((a, b) => a.notAfter.getTime() - b.notAfter.getTime() || (a.id < b.id ? -1 : 1));
  return { at: now, all: inOrder, unreadable, isComplete: configuration !== undefined };
}

const isOwn = (kind: ExpiryKind) => kind === 'signing' || kind === 'authentication';

function expiryOf(kind: ExpiryKind, owner: string, certificate: Certificate): Expiry {
  const { subject, issuer, notBefore, notAfter } = certificate;
  const sha256 = certificate.sha256.toString('hex');
  return {
    ...{ id: `${kind} ${sha256} ${owner}`, kind, owner, sha256, notBefore, notAfter },
    ...{ subject: subject.describe(), issuer: issuer.describe() },
  };
}

/** Of this server's own, any other in use that lasts longer; of others, one that bears the same name. */
function successorOf(one: Expiry, place: readonly Expiry[], now: Date): Pick<Expiry, 'replacedBy'> {
  const successor = place.find(
    (other) =>
      other.notAfter > one.notAfter &&
      other.notBefore <= now &&
      (isOwn(one.kind) || other.subject === one.subject),
  );
  return successor === undefined ? {} : { replacedBy: successor.sha256 };
}

function renewalOf(renewal: Renewal | undefined): Pick<Expiry, 'renewsAt' | 'renewalTrouble'> {
  if (renewal === undefined || renewal.stage === 'done') return {};
  const { dueAt, trouble } = renewal;
  const why = trouble && [trouble.text, trouble.remedy ?? []].flat().join('; ');
  return { renewsAt: dueAt, ...(why !== undefined && { renewalTrouble: why }) };
}

function ofServer(certificates: readonly OwnCertificate[]): Source[] {
  return certificates
    .filter(({ isActive }) => isActive)
    .map(({ use, member, certificate }) => ({
      ...{ kind: use, certificate },
      owner: member === undefined ? '' : printEncoded(member),
    }));
}

function ofSettings({ content, serverId }: SettingsSnapshot): Source[] {
  const { internalCertificate, clients, services, descriptions, openApiDescriptions } = content;
  const each = (kind: ExpiryKind, owner: string, certificates: readonly Buffer[]): Source[] =>
    certificates.map((certificate) => ({ kind, owner, certificate }));
  return [
    ...(internalCertificate === undefined
      ? []
      : each('internal-tls', printEncoded(serverId), [internalCertificate])),
    ...clients.flatMap(({ id, certificates }) => each('information-system', printEncoded(id), certificates)),
    ...services.flatMap((service) => each('service', serviceName(service), service.certificates)),
    ...descriptions.flatMap(({ provider, id, certificates }) =>
      each('description', `${printEncoded(provider)} (${id})`, certificates),
    ),
    ...openApiDescriptions.flatMap(({ provider, serviceCode, certificates }) =>
      each('description', `${printEncoded(provider)}:${serviceCode}`, certificates),
    ),
  ];
}

function serviceName({ provider, serviceCode, serviceVersion }: ServiceRecord): string {
  return printEncoded(serviceIdOf(provider, serviceCode, serviceVersion));
}

function ofAnchor({ instance, sources }: Anchor): Source[] {
  return sources.flatMap(({ verificationCerts }) =>
    verificationCerts.map((certificate) => ({
      kind: 'configuration-key' as const,
      owner: instance,
      certificate,
    })),
  );
}

function ofConfiguration(configuration: GlobalConfiguration): Source[] {
  const { private: own, instances, instance } = configuration;
  const found: Source[] = instances.flatMap((name) => {
    const shared = configuration.shared(name);
    if (shared === undefined) return [];
    const authorities = shared.approvedCas.flatMap(({ name: service, top, intermediates }) =>
      [top, ...intermediates].flatMap(({ certificate, ocsp }) => [
        { kind: 'authority' as const, owner: `${name}: ${service}`, certificate },
        ...ocsp.flatMap(({ url, certificate: responder }) =>
          responder === undefined
            ? []
            : [{ kind: 'ocsp-responder' as const, owner: `${name}: ${url}`, certificate: responder }],
        ),
      ]),
    );
    const stamps = shared.approvedTsas.map(({ name: tsa, certificate }) => ({
      ...{ kind: 'timestamping' as const, owner: `${name}: ${tsa}`, certificate },
    }));
    // Of others it is their servers' to follow, by anchors that come anew with each configuration.
    const keys = name !== instance ? [] : shared.sources.flatMap((one) => one.internalVerificationCerts);
    return [
      ...authorities,
      ...stamps,
      ...keys.map((certificate) => ({ kind: 'configuration-key' as const, owner: name, certificate })),
    ];
  });
  if (own === undefined) return found;
  const { authCertRegServiceAddress: address, authCertRegServiceCert } = own.managementService;
  return [
    ...found,
    ...own.federatedAnchors.flatMap(ofAnchor),
    ...(authCertRegServiceCert === undefined
      ? []
      : [{ kind: 'registration-service' as const, owner: address, certificate: authCertRegServiceCert }]),
  ];
}

/** Settings and configuration hold on to their octets, so that each is read once however often it is asked for. */
const readBefore = new WeakMap<Buffer, Certificate | CertificateError>();

function readOnce(der: Buffer): Certificate | CertificateError {
  const known = readBefore.get(der);
  if (known !== undefined) return known;
  const read = tryReading(der);
  readBefore.set(der, read);
  return read;
}

/** Of keys of a configuration only the key is ever used, so that a certificate around it may be anything. */
function tryReading(der: Buffer): Certificate | CertificateError {
  try {
    return parseCertificate(der);
  } catch (error) {
    if (error instanceof CertificateError) return error;
    throw error;
  }
}
