import { expect, it } from 'vitest';
import { everybodyIs } from '../../gateway/http/testing/principals.ts';
import { type Renewal, RenewalError } from '../renewal/index.ts';
import { type AdminContext, createServerAdmin } from './index.ts';

const at = new Date('2026-11-01T00:00:00Z');
const renewal: Renewal = {
  ...{ certificate: 'aa', use: 'signing', stage: 'ordering', dueAt: at, dueBy: 'authority', since: at },
  ...{ failures: 2, nextAt: at, window: { startAt: at, endAt: at } },
  trouble: { code: 'account-closed', text: 'the account is deactivated', remedy: 'ask the authority', at },
};

async function ask(method: string, body: object | undefined, request: (id: string) => Promise<Renewal>) {
  const context = { renewals: { list: () => [renewal], request } } as unknown as AdminContext;
  const unforeseen = (error: unknown) => {
    throw error;
  };
  const app = createServerAdmin(context, {
    ...{ version: '1', authenticate: everybodyIs(), report: unforeseen },
  });
  const response = await app.request('/api/v1/renewals', {
    method,
    headers: { authorization: 'Bearer x', 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as object };
}

const shown = {
  ...{ certificate: 'aa', use: 'signing', state: 'ordering', failures: 2, dueBy: 'authority' },
  ...{ dueAt: at.toISOString(), since: at.toISOString(), nextAttemptAt: at.toISOString() },
  trouble: {
    ...{ code: 'account-closed', text: 'the account is deactivated', remedy: 'ask the authority' },
    at: at.toISOString(),
  },
};

it('renewals are shown with their state, the next attempt and what came in between', async () => {
  const none = () => Promise.reject(new Error('nothing was asked for'));
  expect(await ask('GET', undefined, none)).toEqual({ status: 200, body: [shown] });
});

it('one certificate is renewed when somebody asks for it', async () => {
  const asked: string[] = [];
  const request = async (id: string) => {
    asked.push(id);
    return renewal;
  };
  expect(await ask('POST', { certificate: 'aa' }, request)).toEqual({ status: 202, body: shown });
  expect(asked).toEqual(['aa']);
});

it.each([
  ['unknown-certificate', 404],
  ['not-active', 409],
  ['no-acme-authority', 409],
  ['renewal-under-way', 409],
])('one that is refused as %s says so with status %d', async (code, status) => {
  const refuse = () => Promise.reject(new RenewalError(code, 'no', { remedy: 'do that' }));
  expect(await ask('POST', { certificate: 'bb' }, refuse)).toMatchObject({ status, body: { code } });
});
