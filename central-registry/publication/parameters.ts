import { createHash } from 'node:crypto';
import { parseCertificate } from '../../certs/x509/index.ts';
import type {
  CertificationAuthority,
  Member,
  OptionalParameters,
  OwnProfiles,
  PrivateParameters,
  SecurityServer,
  SharedParameters,
} from '../../gateway/configuration/index.ts';
import { type ClientId, identifierKey, memberOf } from '../../gateway/identifier/index.ts';
import type {
  Authority,
  ConfigurationSource,
  RegisterContent,
  ServerEntry,
  Subsystem,
} from '../register/index.ts';

/** What a register says to readers of its configuration, before it takes the form of one version. */
export interface Parameters {
  readonly shared: SharedParameters;
  readonly private: PrivateParameters;
  readonly optional: OptionalParameters;
  /** Absent when the instance has no certificate profiles of its own. */
  readonly ownProfiles?: OwnProfiles;
}

export function buildParameters(content: RegisterContent): Parameters {
  return {
    shared: buildShared(content),
    private: buildPrivate(content),
    optional: content.settings,
    ...(content.certificateProfiles.length > 0 && { ownProfiles: buildProfiles(content) }),
  };
}

function buildShared(content: RegisterContent): SharedParameters {
  const { instance, settings, keys, memberClasses, certificationServices, timestampingServices } = content;
  const { certificateProfiles } = content;
  const published = new Map(certificateProfiles.map(({ name, publishedAs }) => [name, publishedAs]));
  const certificatesOf = (source: ConfigurationSource) =>
    keys.filter((key) => key.source === source).map(({ certificate }) => certificate);
  return {
    instance,
    sources: [
      {
        address: settings.address,
        internalVerificationCerts: certificatesOf('internal'),
        externalVerificationCerts: certificatesOf('external'),
      },
    ],
    approvedCas: certificationServices.map(({ entryId: _, top, intermediates, profile, ...service }) => ({
      ...service,
      profile: published.get(profile) ?? profile,
      top: authorityOf(top),
      intermediates: intermediates.map(authorityOf),
    })),
    approvedTsas: timestampingServices.map(({ entryId: _, certificate, ...service }) => ({
      ...service,
      certificate: parseCertificate(certificate),
    })),
    members: membersOf(content),
    securityServers: content.servers.map(serverOf),
    globalGroups: content.groups.map(({ code, description, members }) => ({
      groupCode: code,
      description,
      members,
    })),
    memberClasses,
    ocspFreshnessSeconds: settings.ocspFreshnessSeconds,
  };
}

/** The definitions, and the authorities of the services that name one. */
function buildProfiles({ certificateProfiles, certificationServices }: RegisterContent): OwnProfiles {
  const names = new Set(certificateProfiles.map(({ name }) => name));
  return {
    profiles: certificateProfiles.map(({ publishedAs: _, ...profile }) => profile),
    authorities: certificationServices
      .filter(({ profile }) => names.has(profile))
      .flatMap(({ profile, top, intermediates }) =>
        [top, ...intermediates].map(({ certificate }) => ({
          sha256: createHash('sha256').update(certificate).digest('hex'),
          profile,
        })),
      ),
  };
}

function membersOf({ memberClasses, members, subsystems }: RegisterContent): Member[] {
  const descriptions = new Map(memberClasses.map(({ code, description }) => [code, description]));
  const byOwner = new Map<string, Subsystem[]>();
  for (const subsystem of subsystems) {
    const owner = identifierKey(memberOf(subsystem.id));
    const siblings = byOwner.get(owner);
    if (siblings === undefined) byOwner.set(owner, [subsystem]);
    else siblings.push(subsystem);
  }
  return members.map(({ id, name }) => ({
    id,
    name,
    memberClassDescription: descriptions.get(id.memberClass) ?? id.memberClass,
    subsystems: (byOwner.get(identifierKey(id)) ?? []).map((subsystem) => ({
      subsystemCode: subsystem.id.subsystemCode,
      ...(subsystem.name !== undefined && { name: subsystem.name }),
    })),
  }));
}

function serverOf({
  id,
  address,
  maintenance,
  authenticationCertificates,
  clients,
}: ServerEntry): SecurityServer {
  return {
    id,
    address,
    // Version 2 names certificates by SHA-1, every later one by SHA-256; the writer picks by length.
    authCertHashes: authenticationCertificates.flatMap((der) => [
      createHash('sha1').update(der).digest(),
      createHash('sha256').update(der).digest(),
    ]),
    clients,
    ...(maintenance !== undefined && { inMaintenanceMode: maintenance }),
  };
}

function authorityOf({ certificate, ocspResponders }: Authority): CertificationAuthority {
  return {
    certificate: parseCertificate(certificate),
    ocsp: ocspResponders.map(({ certificate: own, ...responder }) => ({
      ...responder,
      ...(own !== undefined && { certificate: parseCertificate(own) }),
    })),
  };
}

function buildPrivate(content: RegisterContent): PrivateParameters {
  const { instance, settings, trustedAnchors, registrationCertificate } = content;
  const { address, managementServiceAddress, managementServiceProvider } = settings;
  return {
    instance,
    federatedAnchors: trustedAnchors,
    managementService: {
      authCertRegServiceAddress: managementServiceAddress ?? `https://${address}:4001/managementservice/`,
      ...(registrationCertificate !== undefined && { authCertRegServiceCert: registrationCertificate }),
      providerId: managementServiceProvider ?? nobody(instance),
    },
    timeStampingIntervalSeconds: settings.timeStampingIntervalSeconds,
  };
}

/** Readers demand a provider of management requests. Until one is set, name one that can never be registered. */
function nobody(instance: string): ClientId {
  return { kind: 'SUBSYSTEM', instance, memberClass: '_', memberCode: '_', subsystemCode: '_' };
}
