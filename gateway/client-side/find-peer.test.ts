import { describe, expect, it } from 'vitest';
import { buildConfiguration, type SecurityServer } from '../configuration/index.ts';
import { Fault } from '../fault/index.ts';
import type { ServerId } from '../identifier/index.ts';
import { findPeer } from './find-peer.ts';

const member = { kind: 'MEMBER', instance: 'DEV', memberClass: 'GOV', memberCode: '1' } as const;
const subsystem = { ...member, kind: 'SUBSYSTEM', subsystemCode: 'population' } as const;
const idOf = (serverCode: string): ServerId => ({ ...member, kind: 'SERVER', serverCode });

function server(code: string, more: Partial<SecurityServer> = {}): SecurityServer {
  return { id: idOf(code), address: `${code}.example`, authCertHashes: [], clients: [subsystem], ...more };
}

function find(servers: readonly SecurityServer[], pinned?: ServerId, random = () => 0) {
  const shared = {
    instance: 'DEV',
    sources: [],
    approvedCas: [],
    approvedTsas: [],
    members: [],
    securityServers: servers,
    globalGroups: [],
    memberClasses: [],
    ocspFreshnessSeconds: 3600,
  };
  const expiresAt = new Date('2040-01-01T00:00:00Z');
  const configuration = buildConfiguration({
    instance: 'DEV',
    instances: [{ shared, expiresAt }],
    optional: {},
    id: 'test',
  });
  return findPeer(subsystem, pinned, configuration, 5500, random);
}

function refusal(act: () => unknown): string {
  try {
    act();
    return 'none';
  } catch (error) {
    if (error instanceof Fault) return error.code;
    throw error;
  }
}

describe('the servers a provider is sought at', () => {
  const inMaintenance = { inMaintenanceMode: { message: 'back at noon' } };

  it('are all of its own, each as likely to come first', () => {
    const servers = [server('a'), server('b'), server('c', { clients: [] })];
    expect(find(servers)).toEqual([
      { host: 'a.example', port: 5500 },
      { host: 'b.example', port: 5500 },
    ]);
    const weights = [0.9, 0.1];
    expect(find(servers, undefined, () => weights.shift() ?? 0).map(({ host }) => host)).toEqual([
      'b.example',
      'a.example',
    ]);
  });

  it('are the pinned one alone, and none other when that one is not of the provider', () => {
    const servers = [server('a'), server('b'), server('c', { clients: [] })];
    expect(find(servers, idOf('b')).map(({ host }) => host)).toEqual(['b.example']);
    for (const code of ['c', 'd']) {
      expect(refusal(() => find(servers, idOf(code)))).toBe('InvalidSecurityServer');
    }
  });

  it('are none in maintenance, whether it is pinned or the last', () => {
    const servers = [server('a', inMaintenance), server('b')];
    expect(find(servers).map(({ host }) => host)).toEqual(['b.example']);
    expect(refusal(() => find(servers, idOf('a')))).toBe('MaintenanceMode');
    expect(refusal(() => find([server('a', inMaintenance)]))).toBe('MaintenanceMode');
  });

  it('must exist, and have an address', () => {
    expect(refusal(() => find([]))).toBe('UnknownMember');
    const { id, authCertHashes, clients } = server('a');
    expect(refusal(() => find([{ id, authCertHashes, clients }]))).toBe('UnknownMember');
  });
});
