import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { userCommand } from '../gateway/people/index.ts';
import { initRegistry } from './init.ts';
import { type RunningRegistry, startRegistry } from './main.ts';

const password = 'four words of oil';
let data: string;
let registry: RunningRegistry | undefined;
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'waygate-registry-people-'));
});
afterEach(async () => {
  await registry?.close();
  registry = undefined;
  rmSync(data, { recursive: true });
});

const found = (administrator: { name: string; password: string }) =>
  initRegistry({ data, instance: 'DEV', address: '127.0.0.1', pin: 'Correct-Horse-7', administrator });
const start = async () => {
  registry = await startRegistry({
    ...{ data, pin: 'Correct-Horse-7', configurationHost: '127.0.0.1', configurationPort: 0 },
    ...{ adminHost: '127.0.0.1', adminPort: 0, report: () => undefined },
  });
  return registry.adminUrl;
};
const signIn = (adminUrl: string, name: string, typed = password) =>
  fetch(`${adminUrl}/api/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name, password: typed }),
  });

it('the first administrator is made when the registry is founded, and signs in; its audit log tells of both', async () => {
  await found({ name: 'anna', password });
  const adminUrl = await start();
  const signedIn = await signIn(adminUrl, 'anna');
  expect(signedIn.status).toBe(204);
  const [cookie = ''] = (signedIn.headers.get('set-cookie') ?? '').split(';');
  const users = await fetch(`${adminUrl}/api/v1/users`, { headers: { cookie } });
  expect(await users.json()).toMatchObject([{ name: 'anna', roles: ['system-administrator'] }]);
  expect((await fetch(`${adminUrl}/api/v1/members`, { method: 'POST', headers: { cookie } })).status).toBe(
    403,
  );
  const events = await fetch(`${adminUrl}/api/v1/audit-events`, {
    headers: { authorization: `Bearer ${registry?.apiKey}` },
  });
  const text = await events.text();
  for (const action of ['user.create', 'session.begin']) expect(text).toContain(action);
  expect(text).not.toContain(password);
});

it('founding refuses a password that would be guessed, before anything is made', async () => {
  await expect(found({ name: 'anna', password: 'password1234' })).rejects.toThrow('tried first');
  await found({ name: 'anna', password });
});

it('the command line makes and removes users of a running registry; the password comes from a file', async () => {
  await found({ name: 'anna', password });
  const adminUrl = await start();
  const file = join(data, 'password.txt');
  writeFileSync(file, `${password}\n`);
  const printed: string[] = [];
  const write = process.stdout.write;
  process.stdout.write = ((text: string) => printed.push(text) > 0) as typeof write;
  try {
    const run = (...args: string[]) =>
      userCommand({ admin: adminUrl, passwordVariable: 'WAYGATE_TEST_PASSWORD' }).parseAsync(
        [...args, '--data', data, '--json'],
        { from: 'user' },
      );
    await run('add', 'ben', '--role', 'observer', '--role', 'auditor', '--password-file', file);
    expect((await signIn(adminUrl, 'ben')).status).toBe(204);
    writeFileSync(file, 'five more words of oil');
    await run('password', 'ben', '--password-file', file);
    expect((await signIn(adminUrl, 'ben')).status).toBe(401);
    expect((await signIn(adminUrl, 'ben', 'five more words of oil')).status).toBe(204);
    await run('list');
    await run('remove', 'ben');
    await expect(run('remove', 'anna')).rejects.toThrow('last-system-administrator');
  } finally {
    process.stdout.write = write;
  }
  expect(JSON.parse(printed[2] ?? '')).toMatchObject([
    { name: 'anna' },
    { name: 'ben', roles: ['observer', 'auditor'] },
  ]);
  expect(printed.join('')).not.toContain('words of oil');
});
