import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { initRegistry, type RunningRegistry, startRegistry } from '../../../central-registry/index.ts';
import {
  type Authority,
  type CertificateKind,
  createAuthority,
  profileClasses,
  startAuthority,
} from '../../../certs/authority/index.ts';
import type { KeySpec } from '../../../certs/key/index.ts';
import { type AdminClient, adminClient } from '../../../pilot/admin-client.ts';
import {
  initServer,
  type RunningServer,
  type ServerSettings,
  startServer,
} from '../../../security-server/index.ts';
import type { ConfigurationVersion } from '../../configuration/index.ts';

const pin = 'Correct-Horse-7';
const keySpec: KeySpec = { type: 'ec', curve: 'P-256' };

/** Whom every small instance has, under codes that are the same in each: only the instance tells them apart. */
const applicant = {
  memberClass: 'GOV',
  memberCode: '1',
  memberName: 'Office',
  serverCode: 'ss1',
} as const;

export interface SmallInstanceOptions {
  readonly code: string;
  /** Folder of this instance alone. */
  readonly data: string;
  /** Address of its security server. */
  readonly host: string;
  /** The one port of all security servers, of every instance. */
  readonly peerPort: number;
  readonly allowedFederations: ServerSettings['allowedFederations'];
  readonly onTrouble: (about: string, error: unknown) => void;
}

/**
 * An instance with an authority, a registry and one security server of its own, whose owner `GOV:1` has the
 * subsystem `office`. Every authority bears the same name.
 */
export class SmallInstance {
  readonly code: string;
  readonly authority: Authority;
  readonly #options: SmallInstanceOptions;
  readonly #ends: (() => Promise<void>)[];
  #registry: RunningRegistry | undefined;
  #server: RunningServer | undefined;
  #admitted: ServerSettings['allowedFederations'] | undefined;

  private constructor(options: SmallInstanceOptions, authority: Authority, ends: (() => Promise<void>)[]) {
    this.#options = options;
    this.#ends = ends;
    this.code = options.code;
    this.authority = authority;
  }

  static async start(options: SmallInstanceOptions): Promise<SmallInstance> {
    const { code, data, onTrouble } = options;
    const ends: (() => Promise<void>)[] = [];
    try {
      const authority = await createAuthority(join(data, 'authority'), { name: 'Everywhere', pin });
      const report = (error: unknown) => onTrouble(code, error);
      const place = { host: '127.0.0.1', port: 0 };
      const services = await startAuthority({ ...place, authority, issueSecret: pin, report });
      ends.push(() => services.close());
      await initRegistry({
        data: join(data, 'registry'),
        instance: code,
        address: '127.0.0.1',
        pin,
        keySpec,
      });
      const instance = new SmallInstance(options, authority, ends);
      await instance.publish();
      ends.push(() => instance.registry.close());
      await instance.#found(services.ocspUrl, services.tsaUrl);
      return instance;
    } catch (error) {
      for (const end of ends.reverse()) await end();
      throw error;
    }
  }

  get member(): string {
    return `${this.code}:GOV:1`;
  }

  /** Encoded form. */
  get office(): string {
    return `${this.member}:office`;
  }

  get registry(): RunningRegistry {
    if (this.#registry === undefined) throw new Error('the registry does not run');
    return this.#registry;
  }

  get registryAdmin(): AdminClient {
    return adminClient(this.registry.adminUrl, this.registry.apiKey);
  }

  get server(): RunningServer {
    if (this.#server === undefined) throw new Error('the security server does not run');
    return this.#server;
  }

  get admin(): AdminClient {
    return adminClient(this.server.adminUrl, this.server.apiKey);
  }

  get serverData(): string {
    return join(this.#options.data, 'server');
  }

  /** Starts the registry, anew where it was before if it runs, with a newest version that it publishes. */
  async publish(newestVersion: ConfigurationVersion = 6): Promise<void> {
    const former = this.#registry;
    await former?.close();
    const { data, onTrouble } = this.#options;
    this.#registry = await startRegistry({
      data: join(data, 'registry'),
      pin,
      configurationHost: '127.0.0.1',
      configurationPort: former === undefined ? 0 : Number(new URL(former.configurationUrl).port),
      adminHost: '127.0.0.1',
      adminPort: 0,
      newestVersion,
      report: (error) => onTrouble(`${this.code} registry`, error),
    });
  }

  /** Starts the security server anew with another choice of instances, unless it runs with that one. */
  async admit(allowedFederations: ServerSettings['allowedFederations']): Promise<void> {
    if (this.#admitted === allowedFederations) return;
    await this.server.close();
    this.#server = undefined;
    await this.#startServer(allowedFederations);
  }

  /** Trusts another instance from now on. */
  async trust(other: SmallInstance): Promise<void> {
    const { xml } = await other.registry.anchor('external');
    await this.registryAdmin.post('/trusted-anchors', { file: xml.toString('utf8') });
  }

  /** Waits until the server has fetched a configuration that is as wanted. */
  async until(isWanted: (known: readonly string[]) => boolean): Promise<void> {
    for (let attempt = 0; attempt < 200; attempt += 1) {
      await this.admin.post('/configuration/refresh');
      if (isWanted(this.server.configuration().instances)) return;
      await setTimeout(50);
    }
    throw new Error(`${this.code} knows ${this.server.configuration().instances.join(', ')}`);
  }

  /** @returns PEM of a certificate for a key in this server's token, issued by whichever authority */
  async obtain(kind: CertificateKind, by: SmallInstance = this): Promise<string> {
    const { id } = await this.admin.post<{ readonly id: string }>('/keys', { label: kind, spec: keySpec });
    const { request } = await this.admin.post<{ readonly request: string }>(`/keys/${id}/requests`, {
      subject: { O: applicant.memberName, CN: applicant.serverCode },
    });
    const certificate = await by.authority.issue({
      request: Buffer.from(request),
      kind,
      profile: 'basic',
      applicant: { ...applicant, instance: this.code, dnsName: this.#options.host },
    });
    return certificate.pem;
  }

  async close(): Promise<void> {
    await this.#server?.close();
    for (const end of this.#ends.splice(0).reverse()) await end();
  }

  async #found(ocspUrl: string, tsaUrl: string): Promise<void> {
    const { authority, registryAdmin: registry, member, office } = this;
    await registry.put('/member-classes/GOV', { description: 'Government' });
    await registry.post('/members', { id: member, name: applicant.memberName });
    await registry.post('/subsystems', { id: office });
    await registry.post('/certification-services', {
      name: 'Authority',
      profile: profileClasses.basic,
      top: {
        certificate: authority.caCertificate.pem,
        ocspResponders: [{ url: ocspUrl, certificate: authority.ocspCertificate.pem }],
      },
    });
    const certificate = authority.tsaCertificate.pem;
    await registry.post('/timestamping-services', { name: 'Timestamps', url: tsaUrl, certificate });
    await initServer({
      data: this.serverData,
      id: { kind: 'SERVER', instance: this.code, memberClass: 'GOV', memberCode: '1', serverCode: 'ss1' },
      pin,
      anchor: (await this.registry.anchor('internal')).xml,
    });
    await this.#startServer(this.#options.allowedFederations);
    const authentication = await this.obtain('authentication');
    const path = `/servers/${encodeURIComponent(`${member}:ss1`)}`;
    await registry.post('/servers', { id: `${member}:ss1`, address: this.#options.host });
    await registry.post(`${path}/authentication-certificates`, { certificate: authentication });
    await registry.post(`${path}/clients`, { id: office });
    await this.until(() => this.#isServing());
    for (const pem of [authentication, await this.obtain('signing')]) {
      await this.admin.post('/certificates', { certificate: pem });
    }
    const client = { status: 'registered', connectionType: 'NOSSL', certificates: [] };
    await this.admin.put(`/clients/${encodeURIComponent(office)}`, client);
  }

  #isServing(): boolean {
    const id = { kind: 'SUBSYSTEM', instance: this.code, memberClass: 'GOV', memberCode: '1' } as const;
    return this.server.configuration().serversOf({ ...id, subsystemCode: 'office' }).length > 0;
  }

  async #startServer(allowedFederations: ServerSettings['allowedFederations']): Promise<void> {
    const { code, host, peerPort, onTrouble } = this.#options;
    this.#admitted = allowedFederations;
    this.#server = await startServer({
      data: this.serverData,
      pin,
      clientHost: host,
      clientPort: 0,
      clientTlsPort: 0,
      peerHost: host,
      peerPort,
      instancePeerPort: peerPort,
      adminHost: host,
      adminPort: 0,
      timestampUrls: [],
      acceptableTimestampFailureMs: 14_400_000,
      configurationPollMs: 600_000,
      allowedFederations,
      maxBodyBytes: 10 * 1024 ** 2,
      onExchange: ({ error, side, detail }) => {
        if (error !== undefined) onTrouble(`${code} ${side} ${detail ?? ''}`, error);
      },
      onTrouble: (about, error) => onTrouble(`${code} ${about}`, error),
    });
  }
}
