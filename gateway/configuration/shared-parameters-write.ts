import {
  type ClientId,
  identifierKey,
  memberOf,
  printFull,
  writeXmlIdentifier,
} from '../identifier/index.ts';
import type {
  AcmeServer,
  ApprovedCa,
  CertificationAuthority,
  ConfigurationVersion,
  CostType,
  SecurityServer,
  SharedParameters,
} from './model.ts';
import { group, malformed, tag, writeDocument } from './xml-fields.ts';

/**
 * Shared parameters as one version has them: what the version does not know is left out, and servers in maintenance
 * lose their subsystems in versions that cannot say so, for older readers would go on routing there.
 * @param parameters authentication certificates with both their SHA-1 (version 2) and SHA-256 hashes
 * @throws Fault MalformedGlobalConf when a server's owner is not among the members
 */
export function writeSharedParameters(parameters: SharedParameters, version: ConfigurationVersion): Buffer {
  const { ids, plain, named } = writtenMembers(parameters);
  return writeDocument(
    tag('instanceIdentifier', parameters.instance),
    ...(version < 3
      ? []
      : parameters.sources.map((source) =>
          group(
            'source',
            tag('address', source.address),
            ...source.internalVerificationCerts.map((der) =>
              tag('internalVerificationCert', der.toString('base64')),
            ),
            ...source.externalVerificationCerts.map((der) =>
              tag('externalVerificationCert', der.toString('base64')),
            ),
          ),
        )),
    ...parameters.approvedCas.map((ca) => writeApprovedCa(ca, version)),
    ...parameters.approvedTsas.map(({ name, url, certificate, costType }) =>
      group(
        'approvedTSA',
        tag('name', name),
        tag('url', url),
        tag('cert', certificate.der.toString('base64')),
        writeCostType(costType, version),
      ),
    ),
    version < 5 ? plain : named,
    ...parameters.securityServers.map((server) => writeServer(server, ids, version)),
    ...parameters.globalGroups.map(({ groupCode, description, members }) =>
      group(
        'globalGroup',
        tag('groupCode', groupCode),
        tag('description', description),
        ...members.map((id) => writeXmlIdentifier('groupMember', id)),
      ),
    ),
    group(
      'globalSettings',
      ...parameters.memberClasses.map(({ code, description }) =>
        group('memberClass', tag('code', code), tag('description', description)),
      ),
      tag('ocspFreshnessSeconds', parameters.ocspFreshnessSeconds),
    ),
  );
}

function writeApprovedCa(ca: ApprovedCa, version: ConfigurationVersion): string {
  return group(
    'approvedCA',
    tag('name', ca.name),
    tag('authenticationOnly', ca.authenticationOnly),
    writeAuthority('topCA', ca.top, version),
    ...ca.intermediates.map((one) => writeAuthority('intermediateCA', one, version)),
    tag('certificateProfileInfo', ca.profile),
    version < 6 || ca.defaultCsrFormat === undefined ? '' : tag('defaultCsrFormat', ca.defaultCsrFormat),
    version < 3 || ca.acmeServer === undefined ? '' : writeAcmeServer(ca.acmeServer, version),
  );
}

function writeAcmeServer(server: AcmeServer, version: ConfigurationVersion): string {
  const { directoryUrl, ipAddress, authenticationCertificateProfileId, signingCertificateProfileId } = server;
  const optional = (name: string, text: string | undefined) => (text === undefined ? '' : tag(name, text));
  return group(
    'acmeServer',
    tag('directoryURL', directoryUrl),
    optional('ipAddress', ipAddress),
    ...(version < 4
      ? []
      : [
          optional('authenticationCertificateProfileId', authenticationCertificateProfileId),
          optional('signingCertificateProfileId', signingCertificateProfileId),
        ]),
  );
}

function writeAuthority(
  name: string,
  { certificate, ocsp }: CertificationAuthority,
  version: ConfigurationVersion,
): string {
  return group(
    name,
    tag('cert', certificate.der.toString('base64')),
    ...ocsp.map((responder) =>
      group(
        'ocsp',
        tag('url', responder.url),
        responder.certificate === undefined ? '' : tag('cert', responder.certificate.der.toString('base64')),
        writeCostType(responder.costType, version),
      ),
    ),
  );
}

function writeCostType(costType: CostType | undefined, version: ConfigurationVersion): string {
  return version < 6 || costType === undefined ? '' : tag('costType', costType);
}

/** The members, which are nearly all of a document, and of which versions know the names of subsystems or do not. */
interface WrittenMembers {
  /** XML ids by `identifierKey`. */
  readonly ids: ReadonlyMap<string, string>;
  readonly plain: string;
  readonly named: string;
}

/** One publication writes the same parameters in every version. */
const written = new WeakMap<SharedParameters, WrittenMembers>();

function writtenMembers(parameters: SharedParameters): WrittenMembers {
  const known = written.get(parameters);
  if (known !== undefined) return known;
  const ids = new Map<string, string>();
  const take = (id: ClientId): string => {
    const xmlId = `id${ids.size}`;
    ids.set(identifierKey(id), xmlId);
    return xmlId;
  };
  let [plain, named] = ['', ''];
  for (const { id, memberClassDescription, name, subsystems } of parameters.members) {
    const memberClass = tag('code', id.memberClass) + tag('description', memberClassDescription);
    const fields = `${group('memberClass', memberClass)}${tag('memberCode', id.memberCode)}${tag('name', name)}`;
    const begin = `<member id="${take(id)}">${fields}`;
    plain += begin;
    named += begin;
    for (const { subsystemCode, name: subsystemName } of subsystems) {
      const xmlId = take({ ...id, kind: 'SUBSYSTEM', subsystemCode });
      const opened = `<subsystem id="${xmlId}">${tag('subsystemCode', subsystemCode)}`;
      plain += `${opened}</subsystem>`;
      named += `${opened}${subsystemName === undefined ? '' : tag('subsystemName', subsystemName)}</subsystem>`;
    }
    plain += '</member>';
    named += '</member>';
  }
  const members = { ids, plain, named };
  written.set(parameters, members);
  return members;
}

function writeServer(
  server: SecurityServer,
  ids: ReadonlyMap<string, string>,
  version: ConfigurationVersion,
): string {
  const { id, address, authCertHashes, clients, inMaintenanceMode } = server;
  const owner = ids.get(identifierKey(memberOf(id)));
  if (owner === undefined) throw malformed(`the owner of ${printFull(id)} is not among the members`);
  const hashLength = version === 2 ? 20 : 32;
  const isHidden = version < 5 && inMaintenanceMode !== undefined;
  const shown = isHidden ? clients.filter(({ kind }) => kind === 'MEMBER') : clients;
  const message = inMaintenanceMode?.message;
  return group(
    'securityServer',
    tag('owner', owner),
    tag('serverCode', id.serverCode),
    address === undefined ? '' : tag('address', address),
    ...authCertHashes
      .filter(({ length }) => length === hashLength)
      .map((hash) => tag('authCertHash', hash.toString('base64'))),
    // A client that is not among the members has no id to refer to, and no reader could know it.
    ...shown.flatMap((client) => {
      const xmlId = ids.get(identifierKey(client));
      return xmlId === undefined ? [] : [tag('client', xmlId)];
    }),
    version < 5 || inMaintenanceMode === undefined
      ? ''
      : group('inMaintenanceMode', message === undefined ? '' : tag('message', message)),
  );
}
