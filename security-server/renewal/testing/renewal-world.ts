import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseCertificate } from '../../../certs/x509/index.ts';
import { buildConfiguration, type GlobalConfiguration } from '../../../gateway/configuration/index.ts';
import type { ManagementRequest } from '../../../gateway/management/index.ts';
import type { CertificateOrders, OrderView } from '../../acme/index.ts';
import { type CertificateContext, takeInCertificate } from '../../admin/index.ts';
import type { SentRequest } from '../../management/index.ts';
import { SettingsStore } from '../../settings/index.ts';
import { type OwnCertificate, ownCertificates, putOwnCertificate, ServerSigner } from '../../signer/index.ts';
import { member, startTrustServices, type TrustServices } from '../../testing/trust-services.ts';
import { Renewals, type RenewalsOptions } from '../index.ts';

const serverId = { ...member, kind: 'SERVER', serverCode: 'ss1' } as const;
export const dayMs = 86_400_000;

/** The process ended here. */
export class Killed extends Error {}

type Wanted = Parameters<CertificateOrders['order']>[0];

/** A server of real parts whose authority and registry answer as each test says, and which can be killed. */
export class RenewalWorld {
  readonly services: TrustServices;
  readonly dir: string;
  settings!: SettingsStore;
  signer!: ServerSigner;
  renewals!: Renewals;
  /** SHA-256 hex of the certificates that the registry names for this server. */
  registered = new Set<string>();
  requests: SentRequest[] = [];
  ordered: Wanted[] = [];
  troubles: unknown[] = [];
  /** In place of what was ordered. */
  view: OrderView | undefined;
  window: { startAt: Date; endAt: Date } | undefined;
  isAutomatic = true;
  /** What the registry makes of a request. */
  decides: (request: ManagementRequest) => SentRequest['status'] = () => 'approved';
  /** Effects so far; the one of this number is the last of its process. */
  effects = 0;
  killAt = Number.POSITIVE_INFINITY;
  /** Looked at after every effect. */
  afterEffect: () => Promise<void> = async () => undefined;
  #path = '';
  #left = '';

  private constructor(dir: string, services: TrustServices) {
    this.dir = dir;
    this.services = services;
  }

  static async start(): Promise<RenewalWorld> {
    const dir = mkdtempSync(join(tmpdir(), 'waygate-renewal-'));
    return new RenewalWorld(dir, await startTrustServices(dir));
  }

  /** Another server, with a certificate for each purpose that lasts thirty days. */
  async reset(): Promise<void> {
    this.settings?.close();
    this.signer?.close();
    Object.assign(this, { registered: new Set(), requests: [], ordered: [], troubles: [] });
    Object.assign(this, { view: undefined, window: undefined, isAutomatic: true, effects: 0 });
    Object.assign(this, { killAt: Number.POSITIVE_INFINITY, decides: () => 'approved' });
    this.afterEffect = async () => undefined;
    this.services.at = Date.now();
    this.services.isDown = false;
    for (const { id } of this.services.token.listKeys()) await this.services.token.deleteKey(id);
    this.#path = mkdtempSync(join(this.dir, 'server-'));
    await SettingsStore.create(join(this.#path, 'settings.sqlite'), serverId);
    this.settings = await SettingsStore.open(join(this.#path, 'settings.sqlite'));
    this.signer = new ServerSigner({
      ...{ serverId, tls: {}, now: this.services.now, signingModes: new Map(), savedStatuses: new Map() },
      tokens: this.tokens,
      configuration: { current: () => this.configuration() },
      saveStatus: async () => undefined,
      removeStatus: async () => undefined,
      onFailure: () => undefined,
    });
    for (const use of ['signing', 'authentication'] as const) {
      const { keyId, certificate } = await this.services.issue(member, use, 30);
      const common = {
        use,
        tokenId: this.services.token.id,
        keyId,
        certificate,
        intermediates: [],
        isActive: true,
      };
      await putOwnCertificate(this.settings.db, use === 'signing' ? { ...common, member } : common);
      if (use === 'authentication') this.registered.add(certificate.sha256.toString('hex'));
    }
    await this.reload();
    await this.open();
  }

  readonly tokens = {
    get: (id: string) => (id === this.services.token.id ? this.services.token : undefined),
    all: () => [],
    withKey: (key: string | Buffer) => {
      const { token } = this.services;
      const found = token
        .listKeys()
        .find(({ id, publicKeyInfo }) => (typeof key === 'string' ? id === key : publicKeyInfo.equals(key)));
      return found && { token, keyId: found.id };
    },
  };

  configuration(): GlobalConfiguration {
    const shared = this.services.configuration.shared('DEV');
    const [ca] = shared?.approvedCas ?? [];
    if (shared === undefined || ca === undefined) throw new Error('the services have one authority');
    const acmeServer = { directoryUrl: 'https://ca.example/directory', signingCertificateProfileId: 'sign' };
    const authCertHashes = [...this.registered].map((hex) => Buffer.from(hex, 'hex'));
    return buildConfiguration({
      ...{ id: [...this.registered].join(), instance: 'DEV', optional: {} },
      instances: [
        {
          shared: {
            ...{ ...shared, approvedCas: [{ ...ca, acmeServer }] },
            securityServers: [{ id: serverId, authCertHashes, clients: [], address: 'ss1.example' }],
          },
          // As the registry publishes it: for ten minutes.
          expiresAt: new Date(this.services.at + 600_000),
        },
      ],
    } as Parameters<typeof buildConfiguration>[0]);
  }

  async reload(): Promise<void> {
    await this.signer.use(await ownCertificates(this.settings.db));
  }

  own(): Promise<OwnCertificate[]> {
    return ownCertificates(this.settings.db);
  }

  async idOf(use: OwnCertificate['use']): Promise<string> {
    const found = (await this.own()).find((own) => own.use === use && own.isActive);
    return found?.certificate.sha256.toString('hex') ?? '';
  }

  get file(): string {
    return join(this.#path, 'renewals.json');
  }

  /** The process begins, or begins again after it was killed: with what was on disk then. */
  async open(): Promise<void> {
    if (this.effects >= this.killAt) {
      if (this.#left === '') rmSync(this.file, { force: true });
      else writeFileSync(this.file, this.#left);
      this.killAt = Number.POSITIVE_INFINITY;
      await this.reload();
    }
    this.renewals = await Renewals.open(this.#options());
  }

  /** Does something, which may be the last that its process does: then nothing after it is written down. */
  async effect<Value>(act: () => Promise<Value>): Promise<Value> {
    if (this.effects >= this.killAt) throw new Killed('it is over');
    const done = await act();
    this.effects += 1;
    await this.afterEffect();
    if (this.effects < this.killAt) return done;
    this.#left = read(this.file);
    throw new Killed('it ended here');
  }

  #options(): RenewalsOptions {
    const { services, settings, signer, tokens } = this;
    const { token, now } = services;
    const reloadCertificates = () => this.effect(() => this.reload());
    const configuration = () => this.configuration();
    const context: CertificateContext = {
      ...{ settings, token, signer, configuration, reloadCertificates, now },
      tokens: tokens as unknown as CertificateContext['tokens'],
    };
    return {
      ...{ settings, token, tokens, signer, configuration, reloadCertificates, now },
      ...{ file: this.file, isAutomatic: this.isAutomatic, lookMs: 1_000, random: () => 0.5, graceMs: dayMs },
      orders: {
        order: (wanted) => this.effect(() => this.#order(wanted)),
        renewalInfo: async () => this.window && { ...this.window, retryAfterMs: 3_600_000 },
      },
      management: {
        list: async () => this.requests,
        send: (request) => this.effect(() => this.#send(request)),
      },
      takeIn: (certificate, intermediates, use) =>
        takeInCertificate(
          context,
          certificate.pem,
          intermediates.map(({ pem }) => pem),
          use,
          false,
        ),
      onTrouble: (_about, error) => this.troubles.push(error),
    };
  }

  async #order(wanted: Wanted): Promise<OrderView> {
    this.ordered.push(wanted);
    if (this.view !== undefined) return this.view;
    const kind = wanted.profile === 'sign' ? 'signing' : 'authentication';
    const applicant = { ...member, memberName: 'Member', serverCode: 'ss1' };
    const request = await wanted.request();
    const certificate = await this.services.authority.issue({
      request,
      kind,
      profile: 'ejbca',
      applicant,
      days: 30,
    });
    const chain = { certificate, intermediates: [] };
    await wanted.takeIn(chain);
    return { state: 'issued', ...chain };
  }

  async #send(request: ManagementRequest): Promise<SentRequest> {
    const status = this.decides(request);
    const at = this.services.now();
    const sent = { id: this.requests.length, messageId: 'm', request, status, sentAt: at, changedAt: at };
    this.requests = [sent, ...this.requests];
    if (status === 'approved' && 'authCert' in request) {
      const id = parseCertificate(request.authCert).sha256.toString('hex');
      if (request.kind === 'authCertReg') this.registered.add(id);
      else this.registered.delete(id);
    }
    return sent;
  }

  async close(): Promise<void> {
    this.settings?.close();
    this.signer?.close();
    await this.services.close();
    rmSync(this.dir, { recursive: true });
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
