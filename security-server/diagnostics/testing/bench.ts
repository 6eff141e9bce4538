import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  buildConfiguration,
  type GlobalConfiguration,
  type SharedParameters,
} from '../../../gateway/configuration/index.ts';
import type { ClientId, MemberId, ServerId } from '../../../gateway/identifier/index.ts';
import { AskedBook } from '../../asked/index.ts';
import type { DiskStatus } from '../../disk/index.ts';
import type { SentRequest } from '../../management/index.ts';
import { type ServiceRecord, SettingsStore } from '../../settings/index.ts';
import { type CertificateStatus, type OwnCertificate, ServerSigner } from '../../signer/index.ts';
import { member, pin, startTrustServices, type TrustServices } from '../../testing/trust-services.ts';
import { type CauseCode, type Diagnosis, type DiagnosticSources, Diagnostics, Outcomes } from '../index.ts';
import { Servers } from './servers.ts';

export const serverId: ServerId = { ...member, kind: 'SERVER', serverCode: 'ss1' };
export const client: ClientId = { ...member, kind: 'SUBSYSTEM', subsystemCode: 'population' };
export const service: ServiceRecord = {
  ...{ provider: client, serviceCode: 'register', kind: 'REST', url: 'http://127.0.0.1:1/' },
  ...{ timeoutMs: 60_000, verifyTls: true, certificates: [], endpoints: [] },
};

/**
 * A server with nothing wrong, of real parts: an authority, a token, certificates, settings, a signer. Each test makes
 * one condition real and asks what is diagnosed.
 */
export class DiagnosticBench {
  readonly services: TrustServices;
  readonly servers = new Servers();
  readonly root: string;
  #settings: SettingsStore | undefined;
  #signer: ServerSigner | undefined;
  asked = new AskedBook();
  peers: Outcomes;
  called: Outcomes;
  certificates: OwnCertificate[] = [];
  requests: SentRequest[] = [];
  /** Statuses that were good when they were fetched. */
  statuses = new Map<string, CertificateStatus>();
  /** What the instance says otherwise than usual. */
  shared: Partial<SharedParameters> = {};

  private constructor(root: string, services: TrustServices) {
    this.root = root;
    this.services = services;
    this.peers = new Outcomes(services.now);
    this.called = new Outcomes(services.now);
  }

  static async start(): Promise<DiagnosticBench> {
    const root = mkdtempSync(join(tmpdir(), 'waygate-diagnostics-'));
    return new DiagnosticBench(root, await startTrustServices(root));
  }

  get settings(): SettingsStore {
    if (this.#settings === undefined) throw new Error('reset first');
    return this.#settings;
  }

  /** All is well again. */
  async reset(): Promise<void> {
    this.services.isDown = false;
    this.services.at = Date.now();
    if (!this.services.token.isActive()) await this.services.token.activate(pin);
    this.#settings?.close();
    const path = join(mkdtempSync(join(this.root, 'settings-')), 'settings.sqlite');
    await SettingsStore.create(path, serverId);
    this.#settings = await SettingsStore.open(path);
    await this.putClient('registered');
    this.asked = new AskedBook();
    this.peers = new Outcomes(this.services.now);
    this.called = new Outcomes(this.services.now);
    this.requests = [];
    this.statuses = new Map();
    this.shared = {};
    this.certificates = [await this.issue('signing'), await this.issue('authentication')];
  }

  /** A new key with a certificate of the authority. */
  async issue(use: OwnCertificate['use'], days?: number, owner: MemberId = member): Promise<OwnCertificate> {
    const { keyId, certificate } = await this.services.issue(owner, use, days);
    const { id: tokenId } = this.services.token;
    const common = { use, tokenId, keyId, certificate, intermediates: [], isActive: true };
    return use === 'signing' ? { ...common, member: owner } : common;
  }

  putClient(status: 'saved' | 'registered' | 'disabled', certificates: Buffer[] = []): Promise<void> {
    return this.settings.putClient({ id: client, status, connectionType: 'NOSSL', certificates });
  }

  /** The instance, with this server and its client registered. */
  configuration(): GlobalConfiguration {
    const shared = this.services.configuration.shared('DEV');
    if (shared === undefined) throw new Error('the services have one instance');
    const hashes = this.certificates
      .filter(({ use }) => use === 'authentication')
      .map(({ certificate }) => certificate.sha256);
    const securityServers = [
      { id: serverId, authCertHashes: hashes, clients: [client], address: '127.0.0.1' },
    ];
    return buildConfiguration({
      ...{ id: 'test', instance: 'DEV', optional: {} },
      instances: [
        {
          shared: { ...shared, securityServers, ...this.shared },
          expiresAt: new Date('2040-01-01T00:00:00Z'),
        },
      ],
    });
  }

  /** A signer that asked for the statuses of all certificates. */
  async signer(): Promise<ServerSigner> {
    this.#signer?.close();
    const signer = new ServerSigner({
      ...{ serverId, tls: {}, now: this.services.now, signingModes: new Map() },
      savedStatuses: this.statuses,
      tokens: new Map([[this.services.token.id, this.services.token]]),
      configuration: { current: () => this.configuration() },
      saveStatus: async (sha256, status) => void this.statuses.set(sha256, status),
      removeStatus: async (sha256) => void this.statuses.delete(sha256),
      onFailure: () => undefined,
      onAsked: (asked) => this.asked.note(asked),
    });
    this.#signer = signer;
    await signer.use(this.certificates);
    return signer;
  }

  /** What is diagnosed. @param changes parts that are not as the bench has them */
  async diagnose(changes: Partial<DiagnosticSources> = {}): Promise<readonly Diagnosis[]> {
    return (await (await this.diagnostics(changes)).report()).diagnoses;
  }

  async diagnostics(changes: Partial<DiagnosticSources> = {}): Promise<Diagnostics> {
    const signer = await this.signer();
    const configuration = this.configuration();
    const { token, now } = this.services;
    const disk: DiskStatus = {
      level: 'ample',
      free: 2 ** 40,
      forecast: { kind: 'not-filling' },
      months: [],
      usage: { open: 0, promised: 0, waiting: 0 },
    };
    return new Diagnostics({
      ...{ signer, now, asked: this.asked, peers: this.peers, services: this.called, timestampUrls: [] },
      tokens: () => [{ token, kind: 'software', name: 'software', isAway: false, trouble: undefined }],
      settings: () => this.settings.current(),
      certificates: async () => this.certificates,
      statusOf: (own) => signer.statusOf(own),
      configuration: {
        ...{ latest: () => configuration, failure: () => undefined },
        ...{ fetchedAt: () => now(), sources: () => [] },
      },
      history: () => undefined,
      log: {
        health: () => ({ isAccepting: true, withoutTimestamp: 0 }),
        checkWritable: async () => undefined,
      },
      disk: () => disk,
      archiveFailure: () => undefined,
      backups: () => ({ isGood: true, code: 'good', detail: '' }),
      requests: async () => this.requests,
      renewals: () => [],
      notices: async () => [],
      ...changes,
    });
  }

  async codes(changes: Partial<DiagnosticSources> = {}): Promise<CauseCode[]> {
    return (await this.diagnose(changes)).map(({ code }) => code);
  }

  async close(): Promise<void> {
    this.#signer?.close();
    this.#settings?.close();
    this.servers.close();
    await this.services.close();
    rmSync(this.root, { recursive: true, force: true });
  }
}
