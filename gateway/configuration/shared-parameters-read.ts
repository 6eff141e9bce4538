import type { ClientId, MemberId, ServerId } from '../identifier/index.ts';
import { attribute, child, childrenNamed, type XmlElement } from '../xml/index.ts';
import type {
  AcmeServer,
  ApprovedCa,
  ApprovedTsa,
  CertificationAuthority,
  ConfigurationVersion,
  CostType,
  GlobalGroup,
  Member,
  MemberClass,
  SecurityServer,
  SharedParameters,
} from './model.ts';
import {
  allowOnly,
  malformed,
  optionalBoolean,
  optionalText,
  readBase64,
  readCertificate,
  readClientId,
  readDocument,
  required,
  requiredNumber,
  requiredText,
} from './xml-fields.ts';

/**
 * What every server may know of an instance.
 * @param version of the directory the file came with: the file itself does not tell
 * @throws Fault MalformedGlobalConf
 */
export function parseSharedParameters(xml: Uint8Array, version: ConfigurationVersion): SharedParameters {
  return readDocument(xml, { name: 'conf', what: 'shared-params.xml' }, (root) => readShared(root, version));
}

function readShared(root: XmlElement, version: ConfigurationVersion): SharedParameters {
  const instance = requiredText(root, 'instanceIdentifier');
  const parties = new Map<string, ClientId>();
  const members = childrenNamed(root, 'member').map((element) =>
    readMember(element, instance, version, parties),
  );
  const settings = required(root, 'globalSettings');
  return {
    instance,
    sources: childrenNamed(root, 'source').map((source) => ({
      address: requiredText(source, 'address'),
      internalVerificationCerts: childrenNamed(source, 'internalVerificationCert').map(readBase64),
      externalVerificationCerts: childrenNamed(source, 'externalVerificationCert').map(readBase64),
    })),
    approvedCas: childrenNamed(root, 'approvedCA').map((element) => readApprovedCa(element, version)),
    approvedTsas: childrenNamed(root, 'approvedTSA').map((element) => readApprovedTsa(element, version)),
    members,
    securityServers: childrenNamed(root, 'securityServer').map((element) =>
      readServer(element, version, parties),
    ),
    globalGroups: childrenNamed(root, 'globalGroup').map(readGroup),
    memberClasses: childrenNamed(settings, 'memberClass').map(readMemberClass),
    ocspFreshnessSeconds: requiredNumber(settings, 'ocspFreshnessSeconds'),
  };
}

const caNames: ReadonlySet<string> = new Set([
  'name',
  'authenticationOnly',
  'topCA',
  'intermediateCA',
  'certificateProfileInfo',
]);
const laterCaNames = { 3: ['acmeServer'], 6: ['defaultCsrFormat'] } as const;

function readApprovedCa(element: XmlElement, version: ConfigurationVersion): ApprovedCa {
  const names = new Set([
    ...caNames,
    ...(version >= 3 ? laterCaNames[3] : []),
    ...(version >= 6 ? laterCaNames[6] : []),
  ]);
  allowOnly(element, names);
  const defaultCsrFormat = optionalText(element, 'defaultCsrFormat');
  if (defaultCsrFormat !== undefined && defaultCsrFormat !== 'PEM' && defaultCsrFormat !== 'DER') {
    throw malformed(`<defaultCsrFormat> is '${defaultCsrFormat}', expected PEM or DER`);
  }
  const acme = child(element, 'acmeServer');
  return {
    name: requiredText(element, 'name'),
    authenticationOnly: optionalBoolean(element, 'authenticationOnly') ?? false,
    top: readAuthority(required(element, 'topCA'), version),
    intermediates: childrenNamed(element, 'intermediateCA').map((one) => readAuthority(one, version)),
    profile: requiredText(element, 'certificateProfileInfo'),
    ...(defaultCsrFormat !== undefined && { defaultCsrFormat }),
    ...(acme !== undefined && { acmeServer: readAcmeServer(acme, version) }),
  };
}

const acmeNames = ['directoryURL', 'ipAddress'];
const acmeProfileNames = ['authenticationCertificateProfileId', 'signingCertificateProfileId'] as const;

function readAcmeServer(element: XmlElement, version: ConfigurationVersion): AcmeServer {
  allowOnly(element, new Set([...acmeNames, ...(version >= 4 ? acmeProfileNames : [])]));
  const ipAddress = optionalText(element, 'ipAddress');
  const profiles = acmeProfileNames.flatMap((name) => {
    const id = optionalText(element, name);
    return id === undefined || id === '' ? [] : [[name, id] as const];
  });
  return {
    directoryUrl: requiredText(element, 'directoryURL'),
    ...(ipAddress !== undefined && ipAddress !== '' && { ipAddress }),
    ...Object.fromEntries(profiles),
  };
}

function readAuthority(element: XmlElement, version: ConfigurationVersion): CertificationAuthority {
  return {
    certificate: readCertificate(required(element, 'cert')),
    ocsp: childrenNamed(element, 'ocsp').map((ocsp) => {
      const certificate = child(ocsp, 'cert');
      return {
        url: requiredText(ocsp, 'url'),
        ...(certificate !== undefined && { certificate: readCertificate(certificate) }),
        ...readCostType(ocsp, version),
      };
    }),
  };
}

function readApprovedTsa(element: XmlElement, version: ConfigurationVersion): ApprovedTsa {
  return {
    name: requiredText(element, 'name'),
    url: requiredText(element, 'url'),
    certificate: readCertificate(required(element, 'cert')),
    ...readCostType(element, version),
  };
}

function readCostType(element: XmlElement, version: ConfigurationVersion): { costType?: CostType } {
  const text = optionalText(element, 'costType');
  if (text === undefined) return {};
  if (version < 6) throw malformed(`<costType> is not part of version ${version}`);
  if (text !== 'FREE' && text !== 'PAID' && text !== 'UNDEFINED') throw malformed(`<costType> is '${text}'`);
  return { costType: text };
}

function readMember(
  element: XmlElement,
  instance: string,
  version: ConfigurationVersion,
  parties: Map<string, ClientId>,
): Member {
  const memberClass = readMemberClass(required(element, 'memberClass'));
  const id: MemberId = {
    kind: 'MEMBER',
    instance,
    memberClass: memberClass.code,
    memberCode: requiredText(element, 'memberCode'),
  };
  addParty(parties, element, id);
  return {
    id,
    memberClassDescription: memberClass.description,
    name: requiredText(element, 'name'),
    subsystems: childrenNamed(element, 'subsystem').map((subsystem) => {
      const subsystemCode = requiredText(subsystem, 'subsystemCode');
      addParty(parties, subsystem, { ...id, kind: 'SUBSYSTEM', subsystemCode });
      const name = optionalText(subsystem, 'subsystemName');
      if (name !== undefined && version < 5)
        throw malformed(`<subsystemName> is not part of version ${version}`);
      return { subsystemCode, ...(name !== undefined && name !== '' && { name }) };
    }),
  };
}

/** Remembers a party under its XML id, by which servers refer to it. */
function addParty(parties: Map<string, ClientId>, element: XmlElement, id: ClientId): void {
  const xmlId = attribute(element, 'id');
  if (xmlId === undefined) throw malformed(`<${element.name}> has no id`);
  if (parties.has(xmlId)) throw malformed(`id '${xmlId}' occurs twice`);
  parties.set(xmlId, id);
}

function readServer(
  element: XmlElement,
  version: ConfigurationVersion,
  parties: ReadonlyMap<string, ClientId>,
): SecurityServer {
  const party = (xmlId: string) => {
    const found = parties.get(xmlId);
    if (found === undefined) throw malformed(`a security server refers to '${xmlId}', which is nobody's id`);
    return found;
  };
  const owner = party(requiredText(element, 'owner'));
  if (owner.kind !== 'MEMBER') throw malformed('the owner of a security server is not a member');
  const id: ServerId = { ...owner, kind: 'SERVER', serverCode: requiredText(element, 'serverCode') };
  const address = optionalText(element, 'address');
  const maintenance = child(element, 'inMaintenanceMode');
  if (maintenance !== undefined && version < 5)
    throw malformed(`<inMaintenanceMode> is not part of version ${version}`);
  const message = maintenance && optionalText(maintenance, 'message');
  return {
    id,
    ...(address !== undefined && address !== '' && { address }),
    authCertHashes: childrenNamed(element, 'authCertHash').map(readBase64),
    clients: childrenNamed(element, 'client').map((client) => party(requiredTextOf(client))),
    ...(maintenance !== undefined && { inMaintenanceMode: message ? { message } : {} }),
  };
}

function requiredTextOf(element: XmlElement): string {
  return element.children
    .filter((node) => typeof node === 'string')
    .join('')
    .trim();
}

function readGroup(element: XmlElement): GlobalGroup {
  return {
    groupCode: requiredText(element, 'groupCode'),
    description: optionalText(element, 'description') ?? '',
    members: childrenNamed(element, 'groupMember').map(readClientId),
  };
}

function readMemberClass(element: XmlElement): MemberClass {
  return { code: requiredText(element, 'code'), description: optionalText(element, 'description') ?? '' };
}
