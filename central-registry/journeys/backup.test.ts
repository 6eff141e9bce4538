import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ProgramRun, Programs } from '../../gateway/journeys/testing/programs.ts';

const ports = ['configuration', 'admin', 'management', 'registration'];
const schedule = { everyHours: 24, keepLast: 7, madeElsewhere: false };

let root: string;
const programs = new Programs();
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'waygate-registry-backup-'));
  await writeFile(join(root, 'pin'), 'Correct-Horse-7\n', { mode: 0o600 });
});
afterAll(async () => {
  programs.end('SIGKILL');
  await rm(root, { recursive: true, force: true });
});

interface Registry {
  readonly run: ProgramRun;
  fetch(method: string, path: string, body?: unknown): Promise<Response>;
  ask<Answer>(method: string, path: string, body?: unknown): Promise<Answer>;
}

/** @param folder within the test's own */
async function start(folder: string): Promise<Registry> {
  const data = join(root, folder);
  const own = ['--data', data, '--pin-file', join(root, 'pin'), '--json'];
  const run = programs.run('registry', 'start', ...own, ...ports.flatMap((name) => [`--${name}-port`, '0']));
  await run.until('"adminUrl"');
  const { adminUrl } = JSON.parse(run.out().split('\n')[0] ?? '') as { readonly adminUrl: string };
  const key = (await readFile(join(data, 'api-key'), 'utf8')).trim();
  const ask = (method: string, path: string, body?: unknown) =>
    fetch(`${adminUrl}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  return {
    run,
    fetch: ask,
    ask: async <Answer>(method: string, path: string, body?: unknown) => {
      const response = await ask(method, path, body);
      const text = await response.text();
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
      return (text === '' ? undefined : JSON.parse(text)) as Answer;
    },
  };
}

interface Made {
  readonly name: string;
  readonly sha256: string;
}

it('a registry that is backed up by its API while members are registered comes back, with all that was answered before', async () => {
  const own = ['--data', join(root, 'data'), '--pin-file', join(root, 'pin')];
  await programs.finish('registry', 'init', '--instance', 'TEST', ...own);
  const key = join(root, 'backup.key');
  const { recipient } = JSON.parse(
    await programs.finish('registry', 'backup-key', '--out', key, '--json'),
  ) as { readonly recipient: string };

  const registry = await start('data');
  await registry.ask('PUT', '/member-classes/GOV', { description: 'Government' });
  let registered = 0;
  const register = async () => {
    await registry.ask('POST', '/members', { id: `TEST:GOV:${registered}`, name: `Member ${registered}` });
    registered += 1;
  };
  await register();
  await registry.ask('PUT', '/backup-settings', { ...schedule, recipients: [recipient] });
  let isDone = false;
  const working = (async () => {
    while (!isDone) await register();
  })();
  const atLeast = registered;
  const { name, sha256 } = await registry.ask<Made>('POST', '/backups');
  isDone = true;
  await working;
  const file = join(root, name);
  const content = await registry.fetch('GET', `/backups/${name}/content`);
  await writeFile(file, Buffer.from(await content.arrayBuffer()));
  const anchor = await (await registry.fetch('GET', '/anchors/internal/file')).text();
  await registry.run.end('SIGTERM');

  const opens = [file, '--identity-file', key] as const;
  const checked = JSON.parse(await programs.finish('registry', 'backup-check', ...opens, '--json'));
  expect(checked).toMatchObject({ name: 'TEST' });
  await programs.finish('registry', 'restore', ...opens, '--data', join(root, 'restored'));
  const restored = await start('restored');
  const members = await restored.ask<readonly { id: string }[]>('GET', '/members?limit=1000');
  const ids = new Set(members.map(({ id }) => id));
  for (let index = 0; index < atLeast; index += 1) expect(ids).toContain(`TEST:GOV:${index}`);
  // None that was never asked for, and none but the last ones missing.
  expect(ids.size).toBeLessThanOrEqual(registered);
  for (let index = 0; index < ids.size; index += 1) expect(ids).toContain(`TEST:GOV:${index}`);
  expect(keysOf(await (await restored.fetch('GET', '/anchors/internal/file')).text())).toEqual(
    keysOf(anchor),
  );
  expect(await restored.ask('GET', '/publication')).toMatchObject({ publishedAt: expect.any(String) });
  expect(await restored.ask('POST', '/audit-events/check', { checkpoints: [] })).toMatchObject({
    isClean: true,
  });
  expect(await restored.ask('GET', '/backup-settings')).toMatchObject({
    ...schedule,
    recipients: [recipient],
  });
  // Backups are part of none: it is for the restored to make its own, and its schedule does.
  expect(await restored.ask<readonly Made[]>('GET', '/backups')).not.toContainEqual(
    expect.objectContaining({ sha256 }),
  );
  await restored.run.end('SIGTERM');
});

/** Certificates of the keys that a configuration is signed with. */
function keysOf(anchor: string): readonly string[] {
  return [...anchor.matchAll(/<verificationCert>([^<]+)</g)].map(([, certificate]) => certificate ?? '');
}
