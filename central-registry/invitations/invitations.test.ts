import { createHash, randomBytes } from 'node:crypto';
import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { InvitationClaims } from '../../gateway/joining/index.ts';
import { AskedRegistry } from '../testing/asked-registry.ts';

let registry: AskedRegistry;
let other: AskedRegistry;
/** By how much the clock of the other registry is ahead. Milliseconds. */
let later = 0;

beforeAll(async () => {
  registry = await found('TEST');
  other = await found('OTHER', () => new Date(Date.now() + later));
});
afterAll(async () => {
  await registry.close();
  await other.close();
});

async function found(instance: string, now = () => new Date()): Promise<AskedRegistry> {
  const asked = await AskedRegistry.found(instance);
  await asked.start({
    now,
    registration: { host: '127.0.0.1', port: 0 },
    joining: { reach: { ports: [1], addresses: 'loopback' } },
  });
  const ask = asked.ask.bind(asked);
  await ask('PUT', '/member-classes/GOV', { description: 'Government' });
  await ask('POST', '/members', { id: `${instance}:GOV:1`, name: 'Owner' });
  await ask('POST', '/subsystems', { id: `${instance}:GOV:1:management` });
  const serviceAddress = asked.running.registrationUrl;
  await ask('PUT', '/management-service', { providerId: `${instance}:GOV:1:management`, serviceAddress });
  return asked;
}

const wanted = { memberClass: 'GOV', memberCode: '2', memberName: 'Agency', contact: 'anna@example.org' };

async function newInvitation(more: object = {}, of = registry): Promise<{ id: string; invitation: string }> {
  const { status, json } = await of.ask('POST', '/invitations', { ...wanted, ...more });
  expect(status).toBe(201);
  return json;
}

const newSecret = () => randomBytes(32).toString('base64url');

async function post(path: string, body: unknown, bearer = '', at = registry) {
  const url = new URL(path, at.running.registrationUrl);
  const headers = { authorization: `Bearer ${bearer}` };
  // Whom the joiner talks to is pinned by the invitation; here it is known.
  const options = { method: 'POST', headers, rejectUnauthorized: false, agent: false } as const;
  const sent = typeof body === 'string' ? body : JSON.stringify(body);
  return new Promise<{ status: number; json: Record<string, unknown> }>((resolve, reject) => {
    const outgoing = request(url, options, async (incoming) => {
      resolve({ status: incoming.statusCode ?? 0, json: JSON.parse((await text(incoming)) || '{}') });
    });
    outgoing.once('error', reject).end(sent);
  });
}

const redemption = (invitation: string, secret = newSecret()) => ({
  ...{ invitation, secret, address: '127.0.0.1', subsystems: [{ code: 'portal' }] },
});
const redeem = (invitation: string, secret?: string) =>
  post('/joining/redemption', redemption(invitation, secret));
const codeOf = ({ status, json }: { status: number; json: Record<string, unknown> }) => [
  status,
  json['code'],
];

describe('an invitation', () => {
  it('is made when what it promises is there: also who takes management requests', async () => {
    const fresh = await AskedRegistry.found('FRESH');
    try {
      await fresh.start({
        registration: { host: '127.0.0.1', port: 0 },
        joining: { reach: { ports: [1], addresses: 'loopback' } },
      });
      await fresh.ask('PUT', '/member-classes/GOV', { description: 'Government' });
      const { status, json } = await fresh.ask('POST', '/invitations', wanted);
      expect([status, json.code]).toEqual([409, 'not-configured']);
    } finally {
      await fresh.close();
    }
  });

  it('names what the joiner needs, and pins whom it will talk to', async () => {
    const { invitation } = await newInvitation();
    const claims = decodeJwt<InvitationClaims>(invitation);
    expect(claims).toMatchObject({
      iss: 'TEST',
      member: { memberClass: 'GOV', memberCode: '2', name: 'Agency' },
      serverCode: 'ss1',
      registrationUrl: registry.running.registrationUrl,
    });
    const { status, json } = await redeem(invitation);
    expect(status).toBe(200);
    const anchor = String(json['anchor']);
    expect(createHash('sha256').update(anchor).digest('hex')).toBe(claims.anchorSha256);
    expect(json).toMatchObject({ instance: 'TEST', ports: [1] });
  });

  it('that is replayed is refused, and answered as before to who redeemed it', async () => {
    const { id, invitation } = await newInvitation();
    const secret = newSecret();
    const first = await redeem(invitation, secret);
    expect(await redeem(invitation, secret)).toEqual(first);
    expect(codeOf(await redeem(invitation))).toEqual([409, 'invitation-used']);
    expect((await registry.ask('GET', `/invitations/${id}`)).json.state).toBe('used');
    const events = JSON.stringify((await registry.ask('GET', '/audit-events')).json);
    // The officer learns that somebody else had it as well.
    for (const outcome of ['done', 'refused']) {
      expect(events).toMatch(new RegExp(`invitation.redeem[^}]*${id}[^}]*${outcome}`));
    }
    expect(events).not.toContain(secret);
  });

  it('is redeemed once when a hundred race', async () => {
    const { invitation } = await newInvitation();
    const answers = await Promise.all(Array.from({ length: 100 }, () => redeem(invitation)));
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    expect(statuses.filter((status) => status === 409)).toHaveLength(99);
  });

  it('of another instance, or changed, or signed by nobody, is refused', async () => {
    const foreign = (await newInvitation({}, other)).invitation;
    expect(codeOf(await redeem(foreign))).toEqual([403, 'invitation-unknown']);
    const [header = '', payload = '', signature = ''] = (await newInvitation()).invitation.split('.');
    const changed = { ...JSON.parse(Buffer.from(payload, 'base64url').toString()), serverCode: 'ss9' };
    const tampered = `${header}.${Buffer.from(JSON.stringify(changed)).toString('base64url')}.${signature}`;
    expect(codeOf(await redeem(tampered))).toEqual([403, 'invitation-unknown']);
    const none = Buffer.from(JSON.stringify({ alg: 'none', typ: 'waygate-invitation+jwt' })).toString(
      'base64url',
    );
    for (const end of ['', signature]) {
      expect(codeOf(await redeem(`${none}.${payload}.${end}`))).toEqual([403, 'invitation-unknown']);
    }
  });

  it('that was withdrawn is refused; one that was redeemed cannot be withdrawn any more', async () => {
    const { id, invitation } = await newInvitation();
    expect((await registry.ask('DELETE', `/invitations/${id}`)).status).toBe(204);
    expect(codeOf(await redeem(invitation))).toEqual([410, 'invitation-withdrawn']);
    const second = await newInvitation();
    await redeem(second.invitation);
    const refused = await registry.ask('DELETE', `/invitations/${second.id}`);
    expect(codeOf(refused)).toEqual([409, 'invitation-used']);
  });

  it('that expired is refused', async () => {
    const { invitation } = await newInvitation({ validHours: 1 }, other);
    later = 2 * 3_600_000;
    const answer = await post('/joining/redemption', redemption(invitation), '', other);
    later = 0;
    expect(codeOf(answer)).toEqual([410, 'invitation-expired']);
  });

  it.each([
    ['what is not JSON', '{', 422],
    ['another address', { address: 'http://127.0.0.1/' }, 422],
    ['no subsystem', { subsystems: [] }, 422],
    ['a script for a name', { subsystems: [{ code: 'a', name: 'x\u0000' }] }, 422],
    ['a text without end', { invitation: 'x'.repeat(9000) }, 422],
    ['a short secret', { secret: 'x' }, 422],
    ['too much', { invitation: 'x'.repeat(70_000) }, 413],
  ])('is not redeemed with %s', async (_, more, status) => {
    const { invitation } = await newInvitation();
    const body = typeof more === 'string' ? more : { ...redemption(invitation), ...more };
    expect((await post('/joining/redemption', body)).status).toBe(status);
    expect((await redeem(invitation)).status).toBe(200);
  });

  it.each([
    ['of a class that is not registered', { memberClass: 'COM' }, [404, 'not-found']],
    ['with a code that cannot be published', { memberCode: 'a/b' }, [422, 'invalid']],
    ['with a name that cannot be published', { memberName: 'a\u0000b' }, [422, 'invalid']],
    ['that is open for a year', { validHours: 9000 }, [422, 'invalid-fields']],
  ])('%s is not made', async (_, more, expected) => {
    expect(codeOf(await registry.ask('POST', '/invitations', { ...wanted, ...more }))).toEqual(expected);
  });
});

describe('a joining server', () => {
  it('is heard with its secret alone', async () => {
    const { id, invitation } = await newInvitation();
    const secret = newSecret();
    const bearers = ['', secret, `${id}.`, `${id}.${secret}`, `${id}.${newSecret()}`];
    for (const path of ['/joining/progress', '/joining/connection-test']) {
      for (const bearer of bearers) {
        expect(codeOf(await post(path, { steps: [] }, bearer))).toEqual([401, 'not-authenticated']);
      }
    }
    await redeem(invitation, secret);
    expect((await post('/joining/progress', { steps: [] }, `${id}.${secret}`)).status).toBe(200);
  });

  it('is tried at the address it announced, whatever it asks for', async () => {
    const { id, invitation } = await newInvitation();
    const secret = newSecret();
    await redeem(invitation, secret);
    const asked = { address: '169.254.169.254', host: '10.0.0.1', port: 22 };
    const { status, json } = await post('/joining/connection-test', asked, `${id}.${secret}`);
    const connections = [{ direction: 'registry-to-joiner', host: '127.0.0.1', port: 1, outcome: 'refused' }];
    expect([status, json]).toEqual([200, { connections }]);
    expect((await registry.ask('GET', `/invitations/${id}`)).json.connections).toEqual(connections);
  });

  it('cannot have others tried without end', async () => {
    const { id, invitation } = await newInvitation();
    const secret = newSecret();
    await redeem(invitation, secret);
    const codes: unknown[] = [];
    for (let times = 0; times < 25; times += 1) {
      codes.push((await post('/joining/connection-test', {}, `${id}.${secret}`)).status);
    }
    expect(codes.slice(-5)).toEqual([429, 429, 429, 429, 429]);
  });

  it('shows the officer its checklist, of a size that can be read', async () => {
    const { id, invitation } = await newInvitation();
    const secret = newSecret();
    await redeem(invitation, secret);
    const steps = [{ code: 'keys', state: 'running', detail: '<script>alert(1)</script>' }];
    await post('/joining/progress', { steps }, `${id}.${secret}`);
    const { json } = await registry.ask('GET', `/invitations/${id}`);
    expect(json).toMatchObject({ state: 'used', checklist: steps, address: '127.0.0.1', requests: [] });
    for (const bad of [
      { steps: [{ code: 'keys', state: 'done', detail: 'x'.repeat(1001) }] },
      { steps: [{ code: 'other', state: 'done' }] },
      { steps: Array.from({ length: 21 }, () => ({ code: 'keys', state: 'done' })) },
    ]) {
      expect((await post('/joining/progress', bad, `${id}.${secret}`)).status).toBe(422);
    }
  });

  it('hears that it was declined, and why', async () => {
    const { id, invitation } = await newInvitation();
    const before = await registry.ask('POST', `/invitations/${id}/decline`, { reason: 'x' });
    expect(codeOf(before)).toEqual([409, 'not-redeemed']);
    const secret = newSecret();
    await redeem(invitation, secret);
    const reason = 'No agreement was signed';
    expect((await registry.ask('POST', `/invitations/${id}/decline`, { reason })).status).toBe(204);
    const told = await post('/joining/progress', { steps: [] }, `${id}.${secret}`);
    expect(told.json).toEqual({ decision: 'declined', reason, requests: [] });
    const again = await registry.ask('POST', `/invitations/${id}/approve`);
    expect(codeOf(again)).toEqual([409, 'decided-before']);
  });

  it('finds no administration API beside it', async () => {
    for (const path of [
      '/api/v1/invitations',
      '/joining/',
      '/joining/../api/v1/members',
      '/joining/redemption/x',
    ]) {
      expect((await post(path, {})).status).toBe(404);
    }
  });

  it('cannot ask without end', async () => {
    const statuses = new Set<number>();
    for (let times = 0; times < 260; times += 1) {
      statuses.add((await post('/joining/progress', { steps: [] }, '', other)).status);
    }
    expect(statuses).toEqual(new Set([401, 429]));
  });
});
