import type { Certificate } from '../../certs/x509/index.ts';
import type { CertificateProfile } from '../certificate-profile/index.ts';
import { Fault } from '../fault/index.ts';
import {
  type ClientId,
  equal,
  type GlobalGroupId,
  identifierKey,
  memberOf,
  type ServerId,
} from '../identifier/index.ts';
import type { OwnProfiles } from './certificate-profiles.ts';
import type {
  ApprovedTsa,
  OcspResponder,
  PrivateParameters,
  SecurityServer,
  SharedParameters,
} from './model.ts';
import type { OptionalParameters } from './optional-parts.ts';

/** A certification authority that may issue, found by its name. */
export interface IssuingCa {
  readonly certificate: Certificate;
  readonly ocspResponders: readonly OcspResponder[];
  /** Class name that says how a subject names a member, or a profile of the instance's own, which says it itself. */
  readonly profile: string | CertificateProfile;
  readonly authenticationOnly: boolean;
  readonly isTop: boolean;
  /** Name of the certification service. */
  readonly caName: string;
}

/** One instance of a configuration, with the time until which it counts. */
export interface InstanceContent {
  readonly shared: SharedParameters;
  readonly expiresAt: Date;
  /** CERTIFICATE-PROFILES, when it has any. */
  readonly ownProfiles?: OwnProfiles;
}

export interface ConfigurationContent {
  /** Own instance. */
  readonly instance: string;
  readonly instances: readonly InstanceContent[];
  readonly private?: PrivateParameters;
  /** Of the own private parameters. */
  readonly privateExpiresAt?: Date;
  readonly optional: OptionalParameters;
  /** Changes when anything that matters for a verdict changes, expiry apart. */
  readonly id: string;
}

/** An immutable snapshot of all that is known of members, servers and trust. */
export interface GlobalConfiguration {
  readonly id: string;
  readonly instance: string;
  /** Known instances, the own one first. */
  readonly instances: readonly string[];
  /** When the own instance's parameters expire. */
  readonly expiresAt: Date;
  readonly private: PrivateParameters | undefined;
  readonly optional: OptionalParameters;
  readonly ocspFreshnessMs: number;
  readonly verifyNextUpdate: boolean;
  readonly ocspFetchIntervalMs: number;
  readonly timestampIntervalMs: number;
  /**
   * The configuration as it counts at an instant: itself, or without other instances that expired by then.
   * @throws Fault OutdatedGlobalConf when the own instance's parameters have expired
   */
  inForceAt(now: Date): GlobalConfiguration;
  shared(instance: string): SharedParameters | undefined;
  /** Security servers that serve a client: those it is registered on, or that it owns as a member. */
  serversOf(client: ClientId): readonly SecurityServer[];
  /** @param instance whose servers are looked at; those of every instance unless told, the own one first */
  serverByAuthCertificate(certificate: Certificate, instance?: string): SecurityServer | undefined;
  /** Whether `client` is the owner member of a server, or registered on it. */
  serverHasClient(server: ServerId, client: ClientId): boolean;
  /**
   * Authorities of one instance that bear a name: several, when one of them renewed its key.
   * @param issuerDer name of the authority as it stands in a certificate it issued
   * @returns in the order of the configuration
   */
  approvedCas(instance: string, issuerDer: Buffer): readonly IssuingCa[];
  /** Timestamping authorities of one instance, in the order of the configuration. */
  tsas(instance: string): readonly ApprovedTsa[];
  /** Certificates of the timestamping authorities of every known instance. */
  tsaCertificates(): readonly Certificate[];
  isInGlobalGroup(group: GlobalGroupId, client: ClientId): boolean;
}

const defaultOcspFetchSeconds = 1200;
const minOcspFetchSeconds = 60;

/** Indexes a configuration, so that each question costs the same however large it is. */
export function buildConfiguration(content: ConfigurationContent): GlobalConfiguration {
  const own = content.instances.find(({ shared }) => shared.instance === content.instance);
  if (own === undefined)
    throw new Fault('MalformedGlobalConf', `Instance ${content.instance} has no shared parameters`);
  const byInstance = new Map(content.instances.map(({ shared }) => [shared.instance, shared]));
  const servers = indexServers(content.instances);
  const authorities = indexAuthorities(content.instances);
  const groups = indexGroups(content.instances);
  const tsaCertificates = content.instances.flatMap(({ shared }) =>
    shared.approvedTsas.map(({ certificate }) => certificate),
  );
  const { optional, privateExpiresAt } = content;
  const expiresAt =
    privateExpiresAt === undefined || own.expiresAt < privateExpiresAt ? own.expiresAt : privateExpiresAt;
  const fetchSeconds = Math.max(
    optional.ocspFetchIntervalSeconds ?? defaultOcspFetchSeconds,
    minOcspFetchSeconds,
  );
  const firstForeignExpiry = Math.min(
    ...content.instances.filter((one) => one !== own).map((one) => one.expiresAt.getTime()),
  );
  let reduced: { readonly count: number; readonly configuration: GlobalConfiguration } | undefined;

  const configuration: GlobalConfiguration = {
    id: content.id,
    instance: content.instance,
    instances: [content.instance, ...[...byInstance.keys()].filter((name) => name !== content.instance)],
    expiresAt,
    private: content.private,
    optional,
    ocspFreshnessMs: own.shared.ocspFreshnessSeconds * 1000,
    verifyNextUpdate: optional.verifyNextUpdate ?? true,
    ocspFetchIntervalMs: fetchSeconds * 1000,
    timestampIntervalMs: (content.private?.timeStampingIntervalSeconds ?? 60) * 1000,
    inForceAt: (now) => {
      if (now >= expiresAt) {
        const detail = `The global configuration of ${content.instance} expired at ${expiresAt.toISOString()}`;
        throw new Fault(
          'OutdatedGlobalConf',
          `${detail}; nothing is processed until it can be fetched again`,
        );
      }
      if (now.getTime() < firstForeignExpiry) return configuration;
      const left = content.instances.filter((one) => one === own || now < one.expiresAt);
      if (reduced?.count !== left.length) {
        const names = left.map(({ shared }) => shared.instance).join(',');
        const smaller = buildConfiguration({ ...content, instances: left, id: `${content.id}:${names}` });
        reduced = { count: left.length, configuration: smaller };
      }
      return reduced.configuration;
    },
    shared: (instance) => byInstance.get(instance),
    serversOf: (client) => servers.byClient.get(identifierKey(client)) ?? [],
    serverByAuthCertificate: (certificate, instance) => {
      const wanted = instance === undefined ? configuration.instances : [instance];
      for (const name of wanted) {
        const hashes = servers.byHash.get(name);
        const server =
          hashes?.get(certificate.sha256.toString('hex')) ?? hashes?.get(certificate.sha1.toString('hex'));
        if (server !== undefined) return server;
      }
      return undefined;
    },
    serverHasClient: (server, client) =>
      (servers.byClient.get(identifierKey(client)) ?? []).some(({ id }) => equal(id, server)),
    approvedCas: (instance, issuerDer) => authorities.get(authorityKey(instance, issuerDer)) ?? [],
    tsas: (instance) => byInstance.get(instance)?.approvedTsas ?? [],
    tsaCertificates: () => tsaCertificates,
    isInGlobalGroup: (group, client) => groups.get(identifierKey(group))?.has(identifierKey(client)) ?? false,
  };
  return configuration;
}

function indexServers(instances: readonly InstanceContent[]) {
  const byClient = new Map<string, SecurityServer[]>();
  // Kept apart per instance: an instance that lists another's certificate must not take the server's name away.
  const byHash = new Map<string, Map<string, SecurityServer>>();
  const add = (client: ClientId, server: SecurityServer) => {
    const key = identifierKey(client);
    const known = byClient.get(key);
    if (known === undefined) byClient.set(key, [server]);
    else if (!known.includes(server)) known.push(server);
  };
  for (const { shared } of instances) {
    const hashes = new Map<string, SecurityServer>();
    byHash.set(shared.instance, hashes);
    for (const server of shared.securityServers) {
      add(memberOf(server.id), server);
      for (const client of server.clients) add(client, server);
      // By length, not by version: instances of a federation may differ in version.
      for (const hash of server.authCertHashes) {
        if (hash.length === 32 || hash.length === 20) hashes.set(hash.toString('hex'), server);
      }
    }
  }
  return { byClient, byHash };
}

/** Kept apart per instance: one instance's authorities never vouch for another's members. */
function indexAuthorities(instances: readonly InstanceContent[]): Map<string, IssuingCa[]> {
  const found = new Map<string, IssuingCa[]>();
  for (const { shared, ownProfiles } of instances) {
    const own = indexProfiles(ownProfiles);
    for (const { name, profile, authenticationOnly, top, intermediates } of shared.approvedCas) {
      for (const authority of [top, ...intermediates]) {
        const key = authorityKey(shared.instance, authority.certificate.subject.der);
        const namesakes = found.get(key) ?? [];
        found.set(key, namesakes);
        namesakes.push({
          certificate: authority.certificate,
          ocspResponders: authority.ocsp,
          profile: own.get(authority.certificate.sha256.toString('hex')) ?? profile,
          authenticationOnly,
          isTop: authority === top,
          caName: name,
        });
      }
    }
  }
  return found;
}

/** Profiles of an instance's own, by the certificates of the authorities that go by them. */
function indexProfiles({ profiles, authorities }: OwnProfiles = { profiles: [], authorities: [] }) {
  const byName = new Map(profiles.map((profile) => [profile.name, profile]));
  return new Map(authorities.map(({ sha256, profile }) => [sha256, byName.get(profile)]));
}

function authorityKey(instance: string, nameDer: Buffer): string {
  return `${instance}\u0000${nameDer.toString('latin1')}`;
}

function indexGroups(instances: readonly InstanceContent[]): Map<string, Set<string>> {
  const groups = new Map<string, Set<string>>();
  for (const { shared } of instances) {
    for (const { groupCode, members } of shared.globalGroups) {
      const key = identifierKey({ kind: 'GLOBALGROUP', instance: shared.instance, groupCode });
      groups.set(key, new Set(members.map(identifierKey)));
    }
  }
  return groups;
}
