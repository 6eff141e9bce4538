import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GlobalConfiguration } from '../../../gateway/configuration/index.ts';
import { type Authenticate, roles as everyRole, type Role } from '../../../gateway/http/index.ts';
import { parseEncodedServer } from '../../../gateway/identifier/index.ts';
import { SettingsStore } from '../../settings/index.ts';
import { type AdminContext, createServerAdmin } from '../index.ts';

export interface SettingsApi {
  readonly store: SettingsStore;
  setNow(instant: string): void;
  /** Who asks from now on; everybody has every role until told. */
  be(roles: readonly Role[]): void;
  /** @param path below `/api/v1`; the answer's code is that of a problem */
  ask(
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<SettingsAnswer>;
  stop(): void;
}

export interface SettingsAnswer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: JSON of whatever was asked for
  readonly answer: any;
  readonly code: unknown;
  readonly etag: string | null;
}

/** The administration API of DEV:GOV:1:ss1 with its settings, and nothing behind it but what is given. */
export async function startSettingsApi(
  configuration: Partial<GlobalConfiguration> = {},
): Promise<SettingsApi> {
  const dir = mkdtempSync(join(tmpdir(), 'waygate-settings-api-'));
  const path = join(dir, 'settings.sqlite');
  await SettingsStore.create(path, parseEncodedServer('DEV:GOV:1:ss1'));
  const store = await SettingsStore.open(path);
  let now = new Date(1000);
  const context = {
    settings: store,
    configuration: () => configuration as GlobalConfiguration,
    now: () => now,
  } as unknown as AdminContext;
  const unforeseen = (error: unknown) => {
    throw error;
  };
  let roles: readonly Role[] = everyRole;
  const authenticate: Authenticate = () => ({ id: 'test', kind: 'user', roles: new Set(roles) });
  const app = createServerAdmin(context, { version: '1', authenticate, report: unforeseen });
  return {
    store,
    setNow: (instant) => {
      now = new Date(instant);
    },
    be: (had) => {
      roles = had;
    },
    ask: async (method, asked, body, headers = {}) => {
      const response = await app.request(`/api/v1${asked}`, {
        method,
        headers: { authorization: 'Bearer x', 'content-type': 'application/json', ...headers },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      const answer = text === '' ? undefined : JSON.parse(text);
      const etag = response.headers.get('etag');
      return { status: response.status, answer, code: answer?.code as unknown, etag };
    },
    stop: () => {
      store.close();
      rmSync(dir, { recursive: true });
    },
  };
}
