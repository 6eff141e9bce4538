import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  type ConfigurationVersion,
  parseAnchor,
  parsePrivateParameters,
  parseSharedParameters,
  type SharedParameters,
  versions,
  writeAnchor,
  writePrivateParameters,
  writeSharedParameters,
} from './index.ts';
import { optionalParts } from './optional-parts.ts';
import {
  anchorOf,
  codeOf,
  createKey,
  fullParameters,
  type KeyAndCertificate,
  privateParameters,
  subsystem,
} from './testing/samples.ts';

const vectors = '../shared/vectors/globalconf-signed';

let signer: KeyAndCertificate;
let full: SharedParameters;
beforeAll(async () => {
  signer = await createKey('registry');
  full = fullParameters(signer);
});

/** Comparable without the keys that certificates read on demand. */
const plain = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (key, inner) =>
      key === 'certificate' && inner?.sha256 !== undefined ? inner.sha256 : inner,
    ),
  );

/** What a version can say of the parameters. */
function asOf(version: ConfigurationVersion): SharedParameters {
  const withoutCost = <Entry extends { readonly costType?: unknown }>({ costType: _, ...rest }: Entry) =>
    rest;
  const hashLength = version === 2 ? 20 : 32;
  return {
    ...full,
    sources: version >= 3 ? full.sources : [],
    approvedCas: full.approvedCas.map((ca) => {
      if (version >= 6) return ca;
      const { defaultCsrFormat: _, acmeServer, ...rest } = ca;
      const { directoryUrl = '', ipAddress = '' } = acmeServer ?? {};
      const known = version >= 4 ? acmeServer : { directoryUrl, ipAddress };
      return {
        ...rest,
        ...(version >= 3 && known !== undefined && { acmeServer: known }),
        top: { ...ca.top, ocsp: ca.top.ocsp.map(withoutCost) },
      };
    }),
    approvedTsas: version >= 6 ? full.approvedTsas : full.approvedTsas.map(withoutCost),
    members: full.members.map((member) => ({
      ...member,
      subsystems:
        version >= 5 ? member.subsystems : member.subsystems.map(({ subsystemCode }) => ({ subsystemCode })),
    })),
    securityServers: full.securityServers.map((server) => {
      const { inMaintenanceMode, ...rest } = server;
      const authCertHashes = server.authCertHashes.filter(({ length }) => length === hashLength);
      if (version >= 5) return { ...server, authCertHashes };
      const clients = inMaintenanceMode
        ? server.clients.filter(({ kind }) => kind === 'MEMBER')
        : server.clients;
      return { ...rest, authCertHashes, clients };
    }),
  };
}

describe('shared parameters', () => {
  it.each(versions)('are read back as they were written, as far as version %i can say', (version) => {
    const xml = writeSharedParameters(full, version);
    const read = parseSharedParameters(xml, version);
    expect(plain(read)).toEqual(plain(asOf(version)));
    expect(writeSharedParameters(read, version)).toEqual(xml);
  });

  it.each([2, 3, 4] as const)('of version %i do not lead to a server in maintenance', (version) => {
    const [first, second] = parseSharedParameters(
      writeSharedParameters(full, version),
      version,
    ).securityServers;
    expect(first?.clients).toContainEqual(subsystem);
    expect(second?.clients).not.toContainEqual(subsystem);
    expect(second?.inMaintenanceMode).toBeUndefined();
  });

  it('name authentication certificates by SHA-1 in version 2, by SHA-256 later', () => {
    for (const version of versions) {
      const [server] = parseSharedParameters(writeSharedParameters(full, version), version).securityServers;
      const { sha1, sha256 } = signer.certificate;
      expect(server?.authCertHashes).toEqual([version === 2 ? sha1 : sha256]);
    }
  });

  it('are refused when they say what their version cannot say', () => {
    const ofSix = writeSharedParameters(full, 6);
    for (const version of [2, 3, 4, 5] as const) {
      expect(codeOf(() => parseSharedParameters(ofSix, version))).toBe('MalformedGlobalConf');
    }
    const ofFive = writeSharedParameters(full, 5);
    for (const version of [2, 3, 4] as const) {
      expect(codeOf(() => parseSharedParameters(ofFive, version))).toBe('MalformedGlobalConf');
    }
  });

  it('are read whether certificates are DER or PEM, on one line or on many', () => {
    const { der, pem } = signer.certificate;
    const base64 = der.toString('base64');
    const xml = writeSharedParameters(full, 6).toString('utf8');
    const folded = xml.replaceAll(base64, base64.replace(/(.{64})/g, '\n    $1'));
    const fromPem = xml.replaceAll(
      new RegExp(`<cert>${base64.replace(/[+/]/g, '\\$&')}</cert>`, 'g'),
      `<cert>${Buffer.from(pem).toString('base64')}</cert>`,
    );
    expect(fromPem).not.toBe(xml);
    for (const same of [folded, fromPem]) {
      expect(plain(parseSharedParameters(Buffer.from(same), 6))).toEqual(plain(asOf(6)));
    }
  });

  it.each([
    ['another root', (xml: string) => xml.replaceAll('ns3:conf', 'ns3:config')],
    [
      'a root in another namespace',
      (xml: string) => xml.replaceAll('http://x-road.eu/xsd/xroad.xsd', 'http://example.com/'),
    ],
    ['a document type', (xml: string) => xml.replace('?>', '?><!DOCTYPE conf [<!ENTITY a "b">]>')],
    ['no instance', (xml: string) => xml.replace(/<instanceIdentifier>.*?<\/instanceIdentifier>/, '')],
    ['an empty instance', (xml: string) => xml.replace('<instanceIdentifier>DEV', '<instanceIdentifier> ')],
    ['no settings', (xml: string) => xml.replace(/<globalSettings>.*<\/globalSettings>/, '')],
    ['a freshness that is no number', (xml: string) => xml.replace('>3600<', '>-1<')],
    ['a client that is nobody', (xml: string) => xml.replace('<client>id1<', '<client>id77<')],
    ['a server owned by a subsystem', (xml: string) => xml.replace('<owner>id0<', '<owner>id1<')],
    ['two parties of one id', (xml: string) => xml.replace('<subsystem id="id1"', '<subsystem id="id0"')],
    ['a member without id', (xml: string) => xml.replace('<member id="id0"', '<member')],
    ['a certificate that is none', (xml: string) => xml.replace(/<cert>[^<]*/, '<cert>AAAA')],
    ['a certificate that is not base64', (xml: string) => xml.replace(/<cert>[^<]*/, '<cert>*')],
    ['a hash that is not base64', (xml: string) => xml.replace(/<authCertHash>[^<]*/, '<authCertHash>A')],
    [
      'an unclear restriction',
      (xml: string) => xml.replace('<authenticationOnly>true', '<authenticationOnly>TRUE'),
    ],
    [
      'a group member of no kind',
      (xml: string) => xml.replace('id:objectType="SUBSYSTEM"', 'id:objectType="SERVER"'),
    ],
    [
      'a group member outside the namespace',
      (xml: string) => xml.replace('id:objectType="MEMBER"', 'objectType="MEMBER"'),
    ],
    [
      'a group member without class',
      (xml: string) => xml.replace(/<id:memberClass>.*?<\/id:memberClass>/, ''),
    ],
  ])('are refused with %s', (_, edit) => {
    const xml = writeSharedParameters(full, 6).toString('utf8');
    expect(edit(xml)).not.toBe(xml);
    expect(codeOf(() => parseSharedParameters(Buffer.from(edit(xml)), 6))).toBe('MalformedGlobalConf');
  });

  it('are not written for a server whose owner is not a member', () => {
    expect(codeOf(() => writeSharedParameters({ ...full, members: [] }, 6))).toBe('MalformedGlobalConf');
  });
});

describe('private parameters', () => {
  it('are read back as they were written', () => {
    const parameters = privateParameters(signer);
    expect(parsePrivateParameters(writePrivateParameters(parameters))).toEqual(parameters);
    const { authCertRegServiceCert: _, ...managementService } = parameters.managementService;
    const bare = { ...parameters, managementService, federatedAnchors: [] };
    expect(parsePrivateParameters(writePrivateParameters(bare))).toEqual(bare);
  });

  it('are refused without management service or interval', () => {
    const xml = writePrivateParameters(privateParameters(signer)).toString('utf8');
    for (const element of [
      'managementService',
      'timeStampingIntervalSeconds',
      'managementRequestServiceProviderId',
    ]) {
      const changed = Buffer.from(xml.replace(new RegExp(`<${element}.*</${element}>`), ''));
      expect(codeOf(() => parsePrivateParameters(changed))).toBe('MalformedGlobalConf');
    }
  });
});

describe('an anchor', () => {
  it('is read back as it was written', () => {
    const anchor = anchorOf(signer);
    expect(parseAnchor(writeAnchor(anchor))).toEqual(anchor);
    const { generatedAt: _, ...undated } = anchor;
    expect(parseAnchor(writeAnchor(undated))).toEqual(undated);
  });

  it('has its root in the namespace and everything else outside', () => {
    const xml = writeAnchor({ instance: 'DEV', sources: [] }).toString('utf8');
    const root = '<ns2:configurationAnchor xmlns:ns2="http://x-road.eu/xsd/xroad.xsd">';
    expect(xml).toContain(`${root}<instanceIdentifier>DEV</instanceIdentifier>`);
  });

  it.each([
    ['no source', (xml: string) => xml.replace(/<source>.*<\/source>/, '')],
    ['no address', (xml: string) => xml.replace(/<downloadURL>.*<\/downloadURL>/, '')],
    ['no certificate', (xml: string) => xml.replace(/<verificationCert>.*<\/verificationCert>/, '')],
    ['a date that is none', (xml: string) => xml.replace('2026-01-02T', '2026-01-42T')],
    ['the root of another file', (xml: string) => xml.replaceAll('ns2:configurationAnchor', 'ns2:conf')],
  ])('is refused with %s', (_, edit) => {
    const xml = writeAnchor(anchorOf(signer)).toString('utf8');
    expect(edit(xml)).not.toBe(xml);
    expect(codeOf(() => parseAnchor(Buffer.from(edit(xml))))).toBe('MalformedGlobalConf');
  });
});

describe('an optional part', () => {
  const conf = (inner: string) =>
    Buffer.from(
      `<x:conf xmlns:x="http://x-road.eu/xsd/xroad.xsd" xmlns:id="http://x-road.eu/xsd/identifiers">${inner}</x:conf>`,
    );
  const read = (name: string, xml: Buffer) => optionalParts.get(name)?.(xml);
  const client = `<monitoringClientId id:objectType="SUBSYSTEM"><id:xRoadInstance>DEV</id:xRoadInstance><id:memberClass>GOV</id:memberClass><id:memberCode>1</id:memberCode><id:subsystemCode>population</id:subsystemCode></monitoringClientId>`;

  it('says what it is there for', () => {
    expect(read('MONITORING', conf(`<monitoringClient>${client}</monitoringClient>`))).toEqual({
      monitoringClient: subsystem,
    });
    expect(read('MONITORING', conf('<monitoringClient/>'))).toEqual({});
    expect(read('FETCHINTERVAL', conf('<ocspFetchInterval>300</ocspFetchInterval>'))).toEqual({
      ocspFetchIntervalSeconds: 300,
    });
    expect(read('NEXTUPDATE', conf('<verifyNextUpdate>false</verifyNextUpdate>'))).toEqual({
      verifyNextUpdate: false,
    });
    expect(optionalParts.has('FOO')).toBe(false);
  });

  it.each(['MONITORING', 'FETCHINTERVAL', 'NEXTUPDATE'])('%s is refused when it cannot be read', (name) => {
    expect(codeOf(() => read(name, Buffer.from('xxx')))).toBe('MalformedGlobalConf');
  });

  it('is refused when it is unclear or empty', () => {
    expect(codeOf(() => read('NEXTUPDATE', conf('<verifyNextUpdate>maybe</verifyNextUpdate>')))).toBe(
      'MalformedGlobalConf',
    );
    expect(codeOf(() => read('NEXTUPDATE', conf('')))).toBe('MalformedGlobalConf');
    expect(codeOf(() => read('FETCHINTERVAL', conf('<ocspFetchInterval>often</ocspFetchInterval>')))).toBe(
      'MalformedGlobalConf',
    );
  });
});

describe('whatever the bytes are', () => {
  const kinds = [
    {
      name: 'shared parameters',
      read: (xml: Buffer): unknown => parseSharedParameters(xml, 6),
      write: () => writeSharedParameters(full, 6),
    },
    {
      name: 'private parameters',
      read: (xml: Buffer): unknown => parsePrivateParameters(xml),
      write: () => writePrivateParameters(privateParameters(signer)),
    },
    {
      name: 'anchors',
      read: (xml: Buffer): unknown => parseAnchor(xml),
      write: () => writeAnchor(anchorOf(signer)),
    },
  ];

  it.each(kinds)('the reader of $name gives a value or a fault', ({ read, write }) => {
    const good = write();
    const cut = fc
      .tuple(fc.nat(good.length), fc.nat(40), fc.uint8Array({ maxLength: 8 }))
      .map(([at, length, put]) => Buffer.concat([good.subarray(0, at), put, good.subarray(at + length)]));
    const any = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array));
    fc.assert(
      fc.property(fc.oneof(cut, any), (bytes) => {
        expect(['accepted', 'MalformedGlobalConf']).toContain(codeOf(() => read(bytes)));
      }),
      { numRuns: 400 },
    );
  });
});

describe.skipIf(!existsSync(vectors))('parameters of other software (needs ../shared/vectors)', () => {
  it('are read in versions 4 and 6', () => {
    for (const [folder, version] of [
      ['V4/20240529203822880997000', 4],
      ['V6/20251110170000548026000', 6],
    ] as const) {
      const shared = parseSharedParameters(readFileSync(join(vectors, folder, 'shared-params.xml')), version);
      expect(shared.instance).toBe('DEV');
      expect(shared.securityServers.length).toBeGreaterThan(0);
      expect(plain(parseSharedParameters(writeSharedParameters(shared, version), version))).toEqual(
        plain(shared),
      );
      const own = parsePrivateParameters(readFileSync(join(vectors, folder, 'private-params.xml')));
      expect(parsePrivateParameters(writePrivateParameters(own))).toEqual(own);
    }
  });

  it('name members, servers and groups', () => {
    const xml = readFileSync(join(vectors, 'V6/20251110170000548026000/shared-params.xml'));
    const { members, securityServers, globalGroups, ocspFreshnessSeconds } = parseSharedParameters(xml, 6);
    expect(members.map(({ id, subsystems }) => [id.memberCode, subsystems.length])).toEqual([
      ['1234', 4],
      ['4321', 1],
    ]);
    expect(securityServers.map(({ id, clients }) => [id.serverCode, clients.length])).toEqual([
      ['SS0', 4],
      ['SS1', 2],
    ]);
    expect(globalGroups.map(({ groupCode, members: all }) => [groupCode, all.length])).toEqual([
      ['security-server-owners', 2],
    ]);
    expect(ocspFreshnessSeconds).toBe(3600);
  });

  it('are anchored', () => {
    const names = readdirSync(vectors).filter((name) => name.includes('anchor'));
    const anchors = names.map((name) => parseAnchor(readFileSync(join(vectors, name))));
    expect(anchors.map(({ instance, sources }) => [instance, sources.length]).sort()).toEqual([
      ['DEV', 2],
      ['EE', 3],
    ]);
  });
});
