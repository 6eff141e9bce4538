import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Certificate } from '../../certs/x509/index.ts';
import type { ClientId, ServerId } from '../identifier/index.ts';
import {
  type ApprovedCa,
  buildConfiguration,
  type ConfigurationContent,
  type GlobalConfiguration,
  parseSharedParameters,
  type SharedParameters,
  writeSharedParameters,
} from './index.ts';
import {
  codeOf,
  createKey,
  fullParameters,
  type KeyAndCertificate,
  member,
  other,
  privateParameters,
  subsystem,
} from './testing/samples.ts';

const at = (time: string) => new Date(`2026-06-01T${time}Z`);
const hour = 3_600_000;

let signer: KeyAndCertificate;
let foreign: KeyAndCertificate;
let full: SharedParameters;
let abroad: SharedParameters;
beforeAll(async () => {
  signer = await createKey('registry');
  foreign = await createKey('foreign');
  full = fullParameters(signer);
  const id = { ...member, instance: 'ABROAD' };
  const server: ServerId = { ...id, kind: 'SERVER', serverCode: 'ss1' };
  abroad = {
    ...fullParameters(foreign),
    instance: 'ABROAD',
    members: [{ id, memberClassDescription: '', name: 'Abroad', subsystems: [] }],
    securityServers: [{ id: server, authCertHashes: [foreign.certificate.sha1], clients: [] }],
    globalGroups: [{ groupCode: 'everyone', description: '', members: [member] }],
    ocspFreshnessSeconds: 1,
  };
});

const build = (changes: Partial<ConfigurationContent> = {}): GlobalConfiguration =>
  buildConfiguration({
    instance: 'DEV',
    instances: [
      { shared: abroad, expiresAt: at('12:00:00') },
      { shared: full, expiresAt: at('13:00:00') },
    ],
    private: privateParameters(signer),
    privateExpiresAt: at('14:00:00'),
    optional: {},
    id: 'one',
    ...changes,
  });

const codes = (configuration: GlobalConfiguration, client: ClientId) =>
  configuration.serversOf(client).map(({ id }) => id.serverCode);

describe('a configuration', () => {
  it('knows the servers of a client: those that list it, and those that a member owns', () => {
    const configuration = build();
    expect(codes(configuration, subsystem)).toEqual(['ss1', 'ss2']);
    expect(codes(configuration, member)).toEqual(['ss1', 'ss2']);
    expect(codes(configuration, other)).toEqual(['ss1', 'ss2', 'ss3']);
    expect(codes(configuration, { ...subsystem, subsystemCode: 'unnamed' })).toEqual([]);
    expect(codes(configuration, { ...subsystem, instance: 'ABROAD' })).toEqual([]);
  });

  it('knows whose client a server serves, where a member does not stand for its subsystems', () => {
    const configuration = build();
    const ss1: ServerId = { ...member, kind: 'SERVER', serverCode: 'ss1' };
    expect(configuration.serverHasClient(ss1, member)).toBe(true);
    expect(configuration.serverHasClient(ss1, subsystem)).toBe(true);
    expect(configuration.serverHasClient(ss1, { ...subsystem, subsystemCode: 'unnamed' })).toBe(false);
    expect(configuration.serverHasClient({ ...ss1, serverCode: 'ss9' }, member)).toBe(false);
    expect(configuration.serverHasClient({ ...ss1, instance: 'ABROAD' }, member)).toBe(false);
  });

  it('knows servers by their certificates, of any instance, by the length of the hash', () => {
    const configuration = build();
    expect(configuration.serverByAuthCertificate(signer.certificate)?.id.instance).toBe('DEV');
    expect(configuration.serverByAuthCertificate(foreign.certificate)?.id.instance).toBe('ABROAD');
    const [first] = full.securityServers;
    const cut = first && {
      ...first,
      authCertHashes: [signer.certificate.sha256.subarray(0, 16), Buffer.alloc(0)],
    };
    const shared = { ...full, securityServers: cut ? [cut] : [] };
    const unknown = build({ instances: [{ shared, expiresAt: at('13:00:00') }] });
    expect(unknown.serverByAuthCertificate(signer.certificate)).toBeUndefined();
  });

  it('knows a server under the instance that is asked for, when two list one certificate', () => {
    const [theirs] = abroad.securityServers;
    const securityServers = theirs ? [{ ...theirs, authCertHashes: [signer.certificate.sha256] }] : [];
    const configuration = build({
      instances: [
        { shared: { ...abroad, securityServers }, expiresAt: at('12:00:00') },
        { shared: full, expiresAt: at('13:00:00') },
      ],
    });
    const instanceOf = (instance?: string) =>
      configuration.serverByAuthCertificate(signer.certificate, instance)?.id.instance;
    expect([instanceOf(), instanceOf('DEV'), instanceOf('ABROAD')]).toEqual(['DEV', 'DEV', 'ABROAD']);
    expect(instanceOf('NOWHERE')).toBeUndefined();
  });

  it('knows authorities of their own instance only', () => {
    const configuration = build();
    const name = signer.certificate.subject.der;
    expect(configuration.approvedCas('DEV', name)[0]).toMatchObject({
      isTop: true,
      authenticationOnly: true,
      caName: 'Test & Co',
      certificate: signer.certificate,
      profile: 'ee.ria.xroad.common.certificateprofile.impl.FiVRKCertificateProfileInfoProvider',
    });
    expect(configuration.approvedCas('ABROAD', name)).toEqual([]);
    expect(configuration.approvedCas('NOWHERE', name)).toEqual([]);
    expect(configuration.approvedCas('ABROAD', foreign.certificate.subject.der)[0]?.certificate).toBe(
      foreign.certificate,
    );
  });

  it('knows every authority of one name, in the order of the configuration', () => {
    const [ca] = full.approvedCas;
    const only = ca && { ...ca, intermediates: [] };
    const approvedCas = only ? [only, { ...only, name: 'Renewed' }] : [];
    const shared = { ...full, approvedCas };
    const found = build({ instances: [{ shared, expiresAt: at('13:00:00') }] }).approvedCas(
      'DEV',
      signer.certificate.subject.der,
    );
    expect(found.map(({ caName }) => caName)).toEqual(['Test & Co', 'Renewed']);
  });

  it('knows intermediate authorities with their own responders', () => {
    const [ca] = full.approvedCas;
    const intermediates: ApprovedCa['intermediates'] = [
      { certificate: foreign.certificate, ocsp: [{ url: 'http://own.example' }] },
    ];
    const shared = { ...full, approvedCas: ca ? [{ ...ca, intermediates }] : [] };
    const found = build({ instances: [{ shared, expiresAt: at('13:00:00') }] }).approvedCas(
      'DEV',
      foreign.certificate.subject.der,
    );
    expect(found).toMatchObject([{ isTop: false, ocspResponders: [{ url: 'http://own.example' }] }]);
  });

  it('knows timestamping authorities: addresses of one instance, certificates of all', () => {
    const configuration = build();
    expect(configuration.tsas('DEV').map(({ url }) => url)).toEqual(['http://tsa.example']);
    expect(configuration.tsas('NOWHERE')).toEqual([]);
    expect(new Set(configuration.tsaCertificates())).toEqual(
      new Set([signer.certificate, foreign.certificate]),
    );
  });

  it('knows who is in a group of which instance', () => {
    const configuration = build();
    const group = { kind: 'GLOBALGROUP', instance: 'DEV', groupCode: 'everyone' } as const;
    expect(configuration.isInGlobalGroup(group, subsystem)).toBe(true);
    expect(configuration.isInGlobalGroup(group, member)).toBe(false);
    expect(configuration.isInGlobalGroup({ ...group, instance: 'ABROAD' }, member)).toBe(true);
    expect(configuration.isInGlobalGroup({ ...group, groupCode: 'nobody' }, member)).toBe(false);
  });

  it('takes its times from the own instance and the optional parts', () => {
    expect(build()).toMatchObject({
      instance: 'DEV',
      instances: ['DEV', 'ABROAD'],
      ocspFreshnessMs: hour,
      verifyNextUpdate: true,
      ocspFetchIntervalMs: 1_200_000,
      timestampIntervalMs: 60_000,
    });
    const optional = { verifyNextUpdate: false, ocspFetchIntervalSeconds: 5 };
    expect(build({ optional })).toMatchObject({ verifyNextUpdate: false, ocspFetchIntervalMs: 60_000 });
  });

  it('is malformed without shared parameters of its own instance', () => {
    expect(codeOf(() => build({ instance: 'NOWHERE' }))).toBe('MalformedGlobalConf');
  });
});

describe('the expiry of a configuration', () => {
  it('ends everything when it is the own one', () => {
    expect(codeOf(() => build().inForceAt(at('12:59:59')))).toBe('accepted');
    expect(codeOf(() => build().inForceAt(at('13:00:00')))).toBe('OutdatedGlobalConf');
  });

  it('ends everything when it is that of the private parameters', () => {
    const configuration = build({ privateExpiresAt: at('11:00:00') });
    expect(configuration.expiresAt).toEqual(at('11:00:00'));
    expect(codeOf(() => configuration.inForceAt(at('11:00:00')))).toBe('OutdatedGlobalConf');
  });

  it('makes another instance unknown, and nothing else', () => {
    const configuration = build();
    expect(configuration.inForceAt(at('11:59:59'))).toBe(configuration);
    const later = configuration.inForceAt(at('12:00:00'));
    expect(later.instances).toEqual(['DEV']);
    expect(later.shared('ABROAD')).toBeUndefined();
    expect(later.serverByAuthCertificate(foreign.certificate)).toBeUndefined();
    expect(later.approvedCas('ABROAD', foreign.certificate.subject.der)).toEqual([]);
    expect(later.tsaCertificates()).toEqual([signer.certificate]);
    expect(codes(later, subsystem)).toEqual(['ss1', 'ss2']);
    // Verdicts remembered under the former id do not outlive the instance.
    expect(later.id).not.toBe(configuration.id);
    expect(configuration.inForceAt(at('12:30:00'))).toBe(later);
  });
});

describe('a configuration of 10,000 members and 50,000 subsystems', () => {
  const memberCount = 10_000;
  const large = (certificate: Certificate): SharedParameters => {
    const members = Array.from({ length: memberCount }, (_, index) => ({
      id: { ...member, memberCode: String(index) },
      memberClassDescription: 'Government',
      name: `Member ${index}`,
      subsystems: Array.from({ length: 5 }, (_unused, code) => ({ subsystemCode: `s${code}` })),
    }));
    return {
      ...fullParameters({ ...signer, certificate }),
      members,
      securityServers: members.map(({ id, subsystems }) => ({
        id: { ...id, kind: 'SERVER', serverCode: 'ss' },
        address: 'ss.example',
        authCertHashes: [createHash('sha256').update(id.memberCode).digest()],
        clients: subsystems.map(({ subsystemCode }) => ({ ...id, kind: 'SUBSYSTEM', subsystemCode })),
      })),
      globalGroups: [{ groupCode: 'everyone', description: '', members: members.map(({ id }) => id) }],
    };
  };

  /** Processor time, so that a busy machine does not decide. Milliseconds. */
  const spent = (run: () => unknown) => {
    const before = process.cpuUsage();
    run();
    const { user } = process.cpuUsage(before);
    return user / 1000;
  };

  it('is indexed in less than a second, and answers without searching', () => {
    const shared = large(signer.certificate);
    let configuration = build();
    const took = spent(() => {
      configuration = build({ instances: [{ shared, expiresAt: at('13:00:00') }] });
    });
    expect(took).toBeLessThan(1000);
    const group = { kind: 'GLOBALGROUP', instance: 'DEV', groupCode: 'everyone' } as const;
    const asked = spent(() => {
      for (let index = 0; index < 10_000; index += 1) {
        const client = { ...subsystem, memberCode: String(index), subsystemCode: 's4' };
        expect(configuration.serversOf(client).length).toBe(1);
        configuration.isInGlobalGroup(group, { ...member, memberCode: String(index) });
      }
    });
    // 10,000 questions of each kind: a search through 50,000 would take minutes.
    expect(asked).toBeLessThan(1000);
  });

  it('is read in a few seconds', () => {
    const xml = writeSharedParameters(large(signer.certificate), 6);
    expect(spent(() => parseSharedParameters(xml, 6))).toBeLessThan(8000);
  });
});
