import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSoftwareToken, type Token } from '../../certs/token/index.ts';
import { everybodyIs } from '../../gateway/http/testing/principals.ts';
import { parseEncodedServer } from '../../gateway/identifier/index.ts';
import { SettingsStore } from '../settings/index.ts';
import { ServerSigner, savedSigningModes } from '../signer/index.ts';
import { ServerTokens } from '../tokens/index.ts';
import { type AdminContext, createServerAdmin } from './index.ts';

const serverId = parseEncodedServer('DEV:GOV:1:ss1');

const pin = 'Correct-Horse-7';
const bearer = { headers: { authorization: 'Bearer x' } };

describe('the token', () => {
  let tokens: ServerTokens;
  let dir: string;
  let settings: SettingsStore;
  let token: Token;
  let signer: ServerSigner;
  let app: ReturnType<typeof createServerAdmin>;

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'waygate-token-'));
    token = await createSoftwareToken(join(dir, 'token'), { pin, label: 'keys' });
    await SettingsStore.create(join(dir, 'settings.sqlite'), serverId);
    await open();
  });
  afterEach(async () => {
    await tokens.close();
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
    tokens = await ServerTokens.open({
      ...{ dir: join(dir, 'token'), onChange: () => undefined },
      devices: [{ module: '/nonexistent/module.so', label: 'away' }],
      onTrouble: () => undefined,
    });
    token = tokens.software;
    await token.activate(pin);
    const context = { settings, token, tokens, signer, reloadCertificates: async () => undefined };
    const unforeseen = (error: unknown) => {
      throw error;
    };
    app = createServerAdmin(context as unknown as AdminContext, {
      version: '1',
      authenticate: everybodyIs(),
      report: unforeseen,
    });
  }

  const get = async () => {
    const [first] = (await (await app.request('/api/v1/tokens', bearer)).json()) as readonly object[];
    return first;
  };
  const ask = (method: string, body?: unknown) =>
    app.request('/api/v1/tokens/software', {
      method,
      headers: { authorization: 'Bearer x', 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });

  it('signs as it sees fit until somebody sets it otherwise, and as set after a restart', async () => {
    const known = { kind: 'software', name: 'software', id: token.id, label: 'keys' };
    expect(await get()).toEqual({ ...known, isActive: true, state: 'signed-in', signing: 'automatic' });
    for (const signing of ['batch', 'single'] as const) {
      expect((await ask('PUT', { signing })).status).toBe(204);
      expect(await get()).toMatchObject({ signing });
      expect(signer.signingMode(token.id)).toBe(signing);
    }
    await tokens.close();
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

  it('changes its PIN, which opens it from then on', async () => {
    const change = (body: object) =>
      app.request('/api/v1/tokens/software/pin', {
        ...{ method: 'PUT', body: JSON.stringify(body) },
        headers: { ...bearer.headers, 'content-type': 'application/json' },
      });
    expect((await change({ pin: 'wrong-Horse-7', newPin: 'Another-Horse-8' })).status).toBe(403);
    expect((await change({ pin, newPin: 'short' })).status).toBe(422);
    expect((await change({ pin, newPin: 'Another-Horse-8' })).status).toBe(204);
    await expect(token.activate(pin)).rejects.toMatchObject({ code: 'pin-incorrect' });
  });

  it('in a device that is away is listed with its trouble, and holds up nothing', async () => {
    const all = await (await app.request('/api/v1/tokens', bearer)).json();
    expect(all).toMatchObject([
      { kind: 'software' },
      {
        kind: 'device',
        name: 'away',
        isActive: false,
        trouble: expect.stringContaining('/nonexistent/module.so'),
      },
    ]);
    const answer = await app.request('/api/v1/tokens/away/activation', { ...bearer, method: 'DELETE' });
    expect(answer.status).toBe(404);
  });

  it('is opened and shut with its PIN', async () => {
    const activation = (method: string, body?: string) =>
      app.request('/api/v1/tokens/software/activation', {
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
