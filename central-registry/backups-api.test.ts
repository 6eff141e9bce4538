import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { restoreBackup } from '../gateway/backup/restore.ts';
import { AskedRegistry } from './testing/asked-registry.ts';

describe('backups by the API of a registry', () => {
  let registry: AskedRegistry;
  let folder: string;
  let identity: string;
  let recipient: string;
  let made: { name: string; sha256: string; size: number; restore: string };
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'waygate-taken-'));
    registry = await AskedRegistry.found('TEST');
    await registry.ask('PUT', '/member-classes/GOV', { description: 'x' });
    await registry.ask('POST', '/members', { id: 'TEST:GOV:1', name: 'one' });
    identity = await generateX25519Identity();
    recipient = await identityToRecipient(identity);
  });
  afterAll(async () => {
    await registry.close();
    await rm(folder, { recursive: true });
  });

  const fetchRaw = (path: string, init: RequestInit = {}) => {
    const { adminUrl, apiKey } = registry.running;
    const headers = new Headers(init.headers);
    headers.set('authorization', `Bearer ${apiKey}`);
    return fetch(`${adminUrl}/api/v1${path}`, { ...init, headers });
  };

  it('need somebody to open them, who is not given away', async () => {
    expect(await registry.ask('GET', '/backup-status')).toMatchObject({
      json: { isGood: false, code: 'none-made' },
    });
    expect(await registry.ask('POST', '/backups')).toMatchObject({
      status: 409,
      json: { code: 'backup-no-recipients' },
    });
    const settings = { keepLast: 3, madeElsewhere: false };
    const refused = await registry.ask('PUT', '/backup-settings', { ...settings, recipients: [identity] });
    expect(refused).toMatchObject({ status: 422, json: { code: 'backup-private-key' } });
    const events = await registry.ask('GET', '/audit-events?limit=1000');
    expect(JSON.stringify([refused, events])).not.toContain(identity);
    expect(
      await registry.ask('PUT', '/backup-settings', { ...settings, recipients: [recipient] }),
    ).toMatchObject({ status: 200 });
  });

  it('are made while it works, by a process of their own, and taken away for saving alone', async () => {
    const answer = await registry.ask('POST', '/backups');
    expect(answer.status).toBe(201);
    made = answer.json;
    expect(made.restore).toContain(`waygate registry restore ${made.name}`);
    const taken = await fetchRaw(`/backups/${made.name}/content`);
    expect(taken.headers.get('content-disposition')).toBe(`attachment; filename="${made.name}"`);
    expect(taken.headers.get('cache-control')).toBe('no-store');
    const bytes = Buffer.from(await taken.arrayBuffer());
    expect(bytes.length).toBe(made.size);
    await writeFile(join(folder, 'taken'), bytes);
    const restored = await restoreBackup({
      ...{ file: join(folder, 'taken'), program: 'central-registry', data: join(folder, 'data') },
      open: { identities: [identity] },
    });
    expect(restored.name).toBe('TEST');
    const inIt = await readdir(join(folder, 'data'));
    expect(inIt).toEqual(expect.arrayContaining(['register.sqlite', 'token', 'journal', 'people.sqlite']));
    expect(inIt).not.toContain('backups');
    expect(await registry.ask('POST', `/backups/${made.name}/check`)).toEqual({
      status: 200,
      json: { isWhole: true },
    });
    expect(await registry.ask('GET', '/backup-status')).toMatchObject({
      json: { isGood: true, code: 'good' },
    });
    const { json: events } = await registry.ask('GET', `/audit-events?target=${made.name}`);
    expect((events as { action: string }[]).map(({ action }) => action)).toEqual(
      expect.arrayContaining(['backup.make', 'backup.download']),
    );
  });

  it('unrestricted upload: no operation takes a file, whatever it is called', async () => {
    const before = await registry.ask('GET', '/backups');
    const form = new FormData();
    form.append('file', new Blob(['#!/bin/sh']), '../../register.sqlite');
    const tried: readonly (readonly [string, string])[] = [
      ['POST', '/backups/uploads'],
      ['PUT', `/backups/${made.name}`],
      ['PUT', `/backups/${made.name}/content`],
      ['POST', `/backups/${made.name}/content`],
      ['POST', '/backups/..%2f..%2fregister.sqlite'],
    ];
    for (const [method, path] of tried) {
      for (const body of [form, 'age-encryption.org/v1\n', Buffer.alloc(20_000)]) {
        const { status } = await fetchRaw(path, { method, body });
        expect([method, path, [404, 405].includes(status)]).toEqual([method, path, true]);
      }
    }
    expect(await registry.ask('GET', '/backups')).toEqual(before);
  });

  it('client-side path traversal: no name leads elsewhere', async () => {
    for (const name of [
      '..%2fapi-key',
      '..%2f..%2fetc%2fpasswd',
      `${made.name}%2f..%2f..%2fapi-key`,
      `${made.name}.json`,
      `${made.name}%00`,
    ]) {
      for (const rest of ['', '/content']) {
        const answer = await fetchRaw(`/backups/${name}${rest}`);
        expect([name, answer.status]).toEqual([name, 422]);
      }
      expect((await fetchRaw(`/backups/${name}`, { method: 'DELETE' })).status).toBe(422);
    }
    expect((await registry.ask('GET', '/members')).status).toBe(200);
  });

  it('are removed, with why', async () => {
    const answer = await fetchRaw(`/backups/${made.name}`, {
      method: 'DELETE',
      headers: { 'x-change-reason': 'taken%20elsewhere' },
    });
    expect(answer.status).toBe(204);
    expect((await registry.ask('GET', `/backups/${made.name}`)).status).toBe(404);
    const { json } = await registry.ask('GET', `/audit-events?target=${made.name}&action=backup.remove`);
    expect(json).toMatchObject([{ purpose: 'taken elsewhere' }]);
    expect(registry.reported).toEqual([]);
  });
});
