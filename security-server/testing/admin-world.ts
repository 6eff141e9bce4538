import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSoftwareToken, type Token } from '../../certs/token/index.ts';
import type { GlobalConfiguration } from '../../gateway/configuration/index.ts';
import type { Api } from '../../gateway/console/index.ts';
import { everybodyIs } from '../../gateway/http/testing/principals.ts';
import type { ServerId } from '../../gateway/identifier/index.ts';
import { Quotas } from '../../gateway/provider-side/index.ts';
import { type AdminContext, createServerAdmin } from '../admin/index.ts';
import { createInternalCertificate } from '../internal-tls/index.ts';
import type { SentRequest } from '../management/index.ts';
import type { Renewal } from '../renewal/index.ts';
import { SettingsStore } from '../settings/index.ts';
import { ownCertificates, removeStatus, ServerSigner, saveStatus } from '../signer/index.ts';
import { member, pin, startTrustServices, type TrustServices } from './trust-services.ts';

export const serverId: ServerId = { ...member, kind: 'SERVER', serverCode: 'ss1' };

/** The administration of keys and certificates of one server, with a real authority behind its configuration. */
export interface AdminWorld {
  readonly services: TrustServices;
  readonly settings: SettingsStore;
  readonly token: Token;
  /** As of a device. */
  readonly device: Token;
  /** Those that the server has; tests add others. */
  readonly tokens: Token[];
  readonly signer: ServerSigner;
  /** What services counted. */
  readonly quotas: Quotas;
  readonly requests: SentRequest[];
  /** Of certificates, by themselves. */
  readonly renewals: Renewal[];
  /** What the configuration says otherwise than usual. */
  changes: Partial<GlobalConfiguration>;
  /** As a console asks it, with somebody signed in. */
  readonly api: Api;
  ask(method: string, path: string, body?: unknown): Promise<{ status: number; body: Body }>;
  close(): Promise<void>;
}

// biome-ignore lint/suspicious/noExplicitAny: what an answer holds is for its test to say
type Body = any;

/** @param more what the administration acts on besides */
export async function openAdminWorld(more: Partial<AdminContext> = {}): Promise<AdminWorld> {
  const dir = mkdtempSync(join(tmpdir(), 'waygate-admin-'));
  const services = await startTrustServices(dir);
  const { token } = services;
  const device = await createSoftwareToken(join(dir, 'device'), { pin, label: 'device' });
  const path = join(dir, 'settings.sqlite');
  await SettingsStore.create(path, serverId);
  const settings = await SettingsStore.open(path);
  const internal = await createInternalCertificate(token, serverId, ['localhost'], services.now());
  await settings.setInternalCertificate(internal.der);
  const tokens = [token, device];
  const requests: SentRequest[] = [];
  const renewals: Renewal[] = [];
  const quotas = new Quotas();
  let changes: Partial<GlobalConfiguration> = {};
  const configuration = () => ({ ...services.configuration, ...changes });
  const signer = new ServerSigner({
    ...{ serverId, configuration: { current: configuration }, tls: { minVersion: 'TLSv1.3' } },
    tokens: { get: (id) => tokens.find((one) => one.id === id) },
    now: services.now,
    ...{ signingModes: new Map(), savedStatuses: new Map() },
    saveStatus: (sha256, status) => saveStatus(settings.db, sha256, status),
    removeStatus: (sha256) => removeStatus(settings.db, sha256),
    onFailure: () => undefined,
  });
  const context = {
    ...{ settings, token, signer, configuration, now: services.now },
    tokens: {
      get: (id: string) => tokens.find((one) => one.id === id || (id === 'software' && one === token)),
      all: () =>
        tokens.map((one) => ({
          ...{ token: one, kind: one === token ? 'software' : 'device', name: one.label, isAway: false },
        })),
      withKey: (key: string | Buffer) => {
        for (const one of tokens) {
          const found = one
            .listKeys()
            .find(({ id, publicKeyInfo }) =>
              typeof key === 'string' ? id === key : publicKeyInfo.equals(key),
            );
          if (found !== undefined) return { token: one, keyId: found.id };
        }
        return undefined;
      },
    },
    management: { list: async () => requests },
    renewals: { list: () => renewals },
    explain: { quotas },
    reloadCertificates: async () => signer.use(await ownCertificates(settings.db)),
    ...more,
  };
  const unforeseen = (error: unknown) => {
    throw error;
  };
  const app = createServerAdmin(context as unknown as AdminContext, {
    ...{ version: '1', authenticate: everybodyIs(), report: unforeseen },
  });
  return {
    ...{ services, settings, token, device, tokens, signer, quotas, requests, renewals },
    get changes() {
      return changes;
    },
    set changes(value) {
      changes = value;
    },
    api: (request) => {
      if (new URL(request.url).pathname === '/api/v1/session') {
        return Response.json({ name: 'anna', roles: ['security-officer'], csrfToken: 'token' });
      }
      request.headers.set('authorization', 'Bearer x');
      return app.request(request);
    },
    ask: async (method, url, body) => {
      const response = await app.request(`/api/v1${url}`, {
        method,
        headers: { authorization: 'Bearer x', 'content-type': 'application/json' },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
    },
    close: async () => {
      signer.close();
      settings.close();
      await services.close();
      rmSync(dir, { recursive: true });
    },
  };
}
