import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { everybodyIs } from '../../gateway/http/testing/principals.ts';
import { BodyPolicyStore } from '../body-policy/index.ts';
import { type AdminContext, createServerAdmin } from './index.ts';

const dir = mkdtempSync(join(tmpdir(), 'waygate-policies-'));
const bodyPolicies = new BodyPolicyStore(join(dir, 'policies.sqlite'));
afterAll(() => {
  bodyPolicies.close();
  rmSync(dir, { recursive: true });
});
const app = createServerAdmin({ bodyPolicies } as unknown as AdminContext, {
  version: '1',
  authenticate: everybodyIs(),
  report: (error) => {
    throw error;
  },
});
const ask = (method: string, path: string, body?: unknown) =>
  app.request(`/api/v1/body-policies${path}`, {
    method,
    headers: { authorization: 'Bearer x', ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });

describe('body policies', () => {
  it('are set, listed and removed', async () => {
    expect((await ask('PUT', '/provider/DEV%3AGOV%3A1', { kind: 'days', days: 30 })).status).toBe(204);
    expect((await ask('PUT', '/client/DEV%3AGOV%3A1%3Adata', { kind: 'digest' })).status).toBe(204);
    expect(await (await ask('GET', '')).json()).toEqual([
      { scope: 'DEV:GOV:1', side: 'provider', policy: { kind: 'days', days: 30 } },
      { scope: 'DEV:GOV:1:data', side: 'client', policy: { kind: 'digest' } },
    ]);
    expect((await ask('DELETE', '/provider/DEV%3AGOV%3A1')).status).toBe(204);
    expect((await ask('DELETE', '/provider/DEV%3AGOV%3A1')).status).toBe(404);
  });

  it('that cannot be meant are refused', async () => {
    const refused = [
      ['/provider/DEV', { kind: 'keep' }],
      ['/provider/DEV%3AGOV%3A1%20', { kind: 'keep' }],
      ['/nobody/DEV%3AGOV%3A1', { kind: 'keep' }],
      ['/provider/DEV%3AGOV%3A1', { kind: 'days', days: 0 }],
      ['/provider/DEV%3AGOV%3A1', { kind: 'days', days: 1.5 }],
      ['/provider/DEV%3AGOV%3A1', { kind: 'burn' }],
    ] as const;
    for (const [path, body] of refused) expect((await ask('PUT', path, body)).status, path).toBe(422);
  });
});
