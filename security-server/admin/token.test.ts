import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSoftwareToken, type Token } from '../../certs/token/index.ts';
import { everybodyIs } from '../../gateway/http/testing/principals.ts';
import { parseEncodedServer } from '../../gateway/identifier/index.ts';
import { SettingsStore } from '../settings/index.ts';
import { ServerSigner, savedSigningModes } from '../signer/index.ts';
import { type AdminContext, createServerAdmin } from './index.ts';

const serverId = parseEncodedServer('DEV:GOV:1:ss1');

describe('the token', () => {
  let dir: string;
  let settings: SettingsStore;
  let token: Token;
  let signer: ServerSigner;
  let app: ReturnType<typeof createServerAdmin>;

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'waygate-token-'));
    token = await createSoftwareToken(join(dir, 'token'), { pin: 'Correct-Horse-7', label: 'keys' });
    await SettingsStore.create(join(dir, 'settings.sqlite'), serverId);
    await open();
  });
  afterEach(() => {
    signer.close();
    settings.close();
    rmSync(dir, { recursive: true });
  });

  /** Signer and administration, as the server makes them when it starts. */
  async function open(): Promise<void> {
    settings = await SettingsStore.open(join(dir, 'settings.sqlite'));
    signer = new ServerSigner({
      serverId,
      tokens: new Map([[token.id, token]]),
      configuration: {
        current: () => {
          throw new Error('nobody asks');
        },
      },
      tls: {},
      now: () => new Date(1000),
      signingModes: await savedSigningModes(settings.db),
      savedStatuses: new Map(),
      saveStatus: async () => undefined,
      removeStatus: async () => undefined,
      onFailure: (_own, error) => {
        throw error;
      },
    });
    const context = { settings, token, signer, reloadCertificates: async () => undefined };
    const unforeseen = (error: unknown) => {
      throw error;
    };
    app = createServerAdmin(context as unknown as AdminContext, {
      version: '1',
      authenticate: everybodyIs(),
      report: unforeseen,
    });
  }

  const get = async () => (await ask('GET')).json();
  const ask = (method: string, body?: unknown) =>
    app.request('/api/v1/token', {
      method,
      headers: { authorization: 'Bearer x', 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });

  it('signs as it sees fit until somebody sets it otherwise, and as set after a restart', async () => {
    expect(await get()).toEqual({ id: token.id, label: 'keys', isActive: true, signing: 'automatic' });
    for (const signing of ['batch', 'single'] as const) {
      expect((await ask('PUT', { signing })).status).toBe(204);
      expect(await get()).toMatchObject({ signing });
      expect(signer.signingMode(token.id)).toBe(signing);
    }
    signer.close();
    settings.close();
    await open();
    expect(await get()).toMatchObject({ signing: 'single' });
  });

  it('is not set to what nobody knows', async () => {
    for (const body of [{ signing: 'never' }, {}, { signing: 'batch', label: 'x' }, []]) {
      expect((await ask('PUT', body)).status).toBeGreaterThanOrEqual(400);
    }
    expect(await get()).toMatchObject({ signing: 'automatic' });
  });

  it('is opened and shut with its PIN', async () => {
    const activation = (method: string, body?: string) =>
      app.request('/api/v1/token/activation', {
        method,
        headers: { authorization: 'Bearer x', 'content-type': 'application/json' },
        ...(body !== undefined && { body }),
      });
    expect((await activation('DELETE')).status).toBe(204);
    expect(await get()).toMatchObject({ isActive: false });
    expect((await activation('POST', '{"pin":"wrong"}')).status).toBe(403);
    expect((await activation('POST', '{"pin":"Correct-Horse-7"}')).status).toBe(204);
    expect(await get()).toMatchObject({ isActive: true });
  });
});
