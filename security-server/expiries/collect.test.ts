import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Anchor, GlobalConfiguration } from '../../gateway/configuration/index.ts';
import type { Renewal } from '../renewal/index.ts';
import { ownCertificates, putOwnCertificate } from '../signer/index.ts';
import { type AdminWorld, openAdminWorld } from '../testing/admin-world.ts';
import { member } from '../testing/trust-services.ts';
import { collectExpiries, type Expiries } from './collect.ts';

const client = { ...member, kind: 'SUBSYSTEM', subsystemCode: 'portal' } as const;

describe('what ends', () => {
  let world: AdminWorld;
  let anchor: Anchor;
  let renewals: Renewal[];
  let configuration: GlobalConfiguration | undefined;

  beforeEach(async () => {
    world = await openAdminWorld();
    anchor = { instance: 'DEV', sources: [] };
    renewals = [];
    configuration = world.services.configuration;
  });
  afterEach(() => world.close());

  function collect(): Promise<Expiries> {
    return collectExpiries({
      ...{ settings: () => world.settings.current(), anchor, now: world.services.now },
      certificates: () => ownCertificates(world.settings.db),
      configuration: () => configuration,
      renewals: () => renewals,
    });
  }

  async function hold(use: 'signing' | 'authentication', days: number, isActive = true) {
    const { keyId, certificate } = await world.services.issue(member, use, days);
    await putOwnCertificate(world.settings.db, {
      ...{ use, tokenId: world.token.id, keyId, certificate, intermediates: [], isActive },
      ...(use === 'signing' && { member }),
    });
    return certificate;
  }

  it('is everything that the server, its settings and its configuration name, what ends first first', async () => {
    await hold('signing', 40);
    await hold('authentication', 10);
    const { certificate: system } = await world.services.issue(member, 'authentication', 20);
    const { certificate: service } = await world.services.issue(member, 'authentication', 5);
    const { certificate: key } = await world.services.issue(member, 'signing', 3);
    anchor = { instance: 'DEV', sources: [{ url: 'http://r/conf', verificationCerts: [key.der] }] };
    await world.settings.putClient({
      ...{ id: client, status: 'registered', connectionType: 'SSLAUTH', certificates: [system.der] },
    });
    await world.settings.putService({
      ...{ provider: client, serviceCode: 'register', kind: 'REST', url: 'https://r', timeoutMs: 1000 },
      ...{ verifyTls: true, certificates: [service.der], endpoints: [] },
    });
    const { all, unreadable, isComplete } = await collect();
    expect(all.map(({ kind, owner }) => `${kind} ${owner}`).slice(0, 5)).toEqual([
      'configuration-key DEV',
      'service DEV:GOV:1:portal:register',
      'authentication ',
      'information-system DEV:GOV:1:portal',
      'signing DEV:GOV:1',
    ]);
    expect(new Set(all.slice(5).map(({ kind }) => kind))).toEqual(
      new Set(['internal-tls', 'authority', 'ocsp-responder', 'timestamping']),
    );
    expect(unreadable).toEqual([]);
    expect(isComplete).toBe(true);
  });

  it('is not what is switched off, and says what takes whose place', async () => {
    const old = await hold('signing', 10);
    const next = await hold('signing', 400);
    const off = await hold('authentication', 5, false);
    const { all } = await collect();
    const bySha = new Map(all.map((one) => [one.sha256, one]));
    expect(bySha.get(old.sha256.toString('hex'))?.replacedBy).toBe(next.sha256.toString('hex'));
    expect(bySha.get(next.sha256.toString('hex'))?.replacedBy).toBeUndefined();
    expect(bySha.has(off.sha256.toString('hex'))).toBe(false);
  });

  it('says when it renews itself, and why that failed', async () => {
    const certificate = await hold('signing', 90);
    const dueAt = new Date('2026-12-24T00:00:00Z');
    renewals.push({
      ...{ certificate: certificate.sha256.toString('hex'), use: 'signing', stage: 'ordering', dueAt },
      ...{ dueBy: 'age', since: dueAt, failures: 1 },
      trouble: { code: 'x', text: 'no answer', remedy: 'ask', at: dueAt },
    });
    const { all } = await collect();
    expect(all.find(({ kind }) => kind === 'signing')).toMatchObject({
      ...{ renewsAt: dueAt, renewalTrouble: 'no answer; ask' },
    });
  });

  it('is known in part without a configuration, and says of what cannot be read that it cannot', async () => {
    configuration = undefined;
    anchor = {
      instance: 'DEV',
      sources: [{ url: 'http://r/conf', verificationCerts: [Buffer.from('3003020101', 'hex')] }],
    };
    const { all, unreadable, isComplete } = await collect();
    expect(all.map(({ kind }) => kind)).toEqual(['internal-tls']);
    expect(unreadable).toMatchObject([{ kind: 'configuration-key', owner: 'DEV' }]);
    expect(isComplete).toBe(false);
  });
});
