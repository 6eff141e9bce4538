import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { everybodyIs } from '../../gateway/http/testing/principals.ts';
import { parseEncodedServer } from '../../gateway/identifier/index.ts';
import type { ManagementRequest } from '../../gateway/management/index.ts';
import type { SentRequest } from '../management/index.ts';
import { SettingsStore } from '../settings/index.ts';
import { type AdminContext, createServerAdmin } from './index.ts';

const server = parseEncodedServer('DEV:GOV:1:ss1');
const at = new Date('2026-06-01T12:00:00Z');

describe('management requests of an administrator', () => {
  let dir: string;
  let settings: SettingsStore;
  let asked: ManagementRequest[];
  let app: ReturnType<typeof createServerAdmin>;
  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'waygate-admin-'));
    await SettingsStore.create(join(dir, 'settings.sqlite'), server);
    settings = await SettingsStore.open(join(dir, 'settings.sqlite'));
    asked = [];
    const recordOf = (request: ManagementRequest): SentRequest => ({
      ...{ id: 1, messageId: 'm', request, status: 'waiting', requestId: 7, sentAt: at, changedAt: at },
    });
    const management = {
      send: async (request: ManagementRequest) => {
        asked.push(request);
        return recordOf(request);
      },
      find: async (id: number) => (id === 1 && asked[0] ? recordOf(asked[0]) : undefined),
    };
    app = createServerAdmin({ settings, management } as unknown as AdminContext, {
      version: '1',
      authenticate: everybodyIs(),
      report: (error) => {
        throw error;
      },
    });
  });
  afterEach(() => {
    settings.close();
    rmSync(dir, { recursive: true });
  });

  const post = async (path: string, body: object) => {
    const response = await app.request(`/api/v1${path}`, {
      method: 'POST',
      headers: { authorization: 'Bearer x', 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    return { status: response.status, json: text === '' ? {} : JSON.parse(text) };
  };
  const get = (path: string) => app.request(`/api/v1${path}`, { headers: { authorization: 'Bearer x' } });

  it('are of this server, and shown as they stand', async () => {
    const message = 'back at noon';
    const { status, json } = await post('/management-requests', { kind: 'maintenanceModeEnable', message });
    expect(status).toBe(201);
    expect(asked).toEqual([{ kind: 'maintenanceModeEnable', server, message }]);
    expect(json).toEqual({
      ...{ id: 1, kind: 'maintenanceModeEnable', server: 'DEV:GOV:1:ss1', message, messageId: 'm' },
      ...{ status: 'waiting', requestId: 7, sentAt: at.toISOString(), changedAt: at.toISOString() },
    });
    expect(await (await get('/management-requests/1')).json()).toEqual(json);
    expect((await get('/management-requests/2')).status).toBe(404);
  });

  it.each([
    ['of no kind', { kind: 'serverDeletion' }, 422],
    ['for another server', { kind: 'maintenanceModeDisable', server: 'DEV:GOV:2:ss1' }, 422],
    ['without a field', { kind: 'addressChange' }, 422],
    ['with what XML cannot hold', { kind: 'addressChange', address: 'a\u0001' }, 422],
    ['with half a character', { kind: 'maintenanceModeEnable', message: 'a\ud800' }, 422],
    ['with a long field', { kind: 'addressChange', address: 'a'.repeat(256) }, 422],
    ['with another field', { kind: 'maintenanceModeDisable', message: 'no' }, 422],
    ['for what is no client', { kind: 'clientDisable', client: 'DEV' }, 422],
    ['for a client that nobody prepared', { kind: 'clientReg', client: 'DEV:GOV:1:x' }, 404],
    ['that makes a subsystem an owner', { kind: 'ownerChange', client: 'DEV:GOV:1:x' }, 422],
    ['with an unknown certificate', { kind: 'authCertDeletion', certificate: '0'.repeat(64) }, 404],
    ['with none', { kind: 'authCertReg', certificate: 'no' }, 422],
  ])('%s are not sent', async (_, body, status) => {
    expect((await post('/management-requests', body)).status).toBe(status);
    expect(asked).toEqual([]);
  });

  it.each([
    ['a member', { provider: 'DEV:GOV:1', url: 'http://registry/' }],
    ['a subsystem of another instance', { provider: 'ELSE:GOV:1:management', url: 'http://registry/' }],
    ['another scheme', { provider: 'DEV:GOV:1:management', url: 'file:///etc/passwd' }],
  ])('are not taken behind %s', async (_, body) => {
    expect((await post('/management-services', body)).status).toBe(422);
    expect(settings.current().content.clients).toEqual([]);
  });
});
