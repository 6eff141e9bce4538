import { cp, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { request } from 'undici';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { waygate } from '../../bin/journeys/run.ts';
import { askAdmin, sendToAdmin } from '../../gateway/http/index.ts';
import { freePorts } from '../../gateway/http/testing/free-ports.ts';
import { adminClient } from '../admin-client.ts';
import { type PilotNetwork, portCount, startPilot } from '../index.ts';

let root: string;
let portBase: number;
let network: PilotNetwork | undefined;
const troubles: unknown[] = [];
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'waygate-restore-'));
  portBase = await freePorts(portCount);
});
afterAll(async () => {
  await network?.close();
  await rm(root, { recursive: true, force: true });
});

const data = () => join(root, 'data');
const start = () =>
  startPilot({
    ...{ data: data(), portBase, onStep: () => undefined },
    onTrouble: (...trouble) => troubles.push(trouble),
  });

/** @returns its message id */
async function exchange({ ministry }: PilotNetwork): Promise<string> {
  const url = `${ministry.clientUrl}/r1/PILOT/MUN/2001/permits/building-permits/permits`;
  const { statusCode, headers, body } = await request(url, {
    headers: { 'X-Road-Client': 'PILOT/GOV/1001/inspection' },
  });
  expect([statusCode, await body.text()]).toEqual([200, expect.any(String)]);
  return String(headers['x-road-id']);
}

/** Has a running program make a backup of itself, and takes it away. */
async function takeBackup(
  access: Parameters<typeof askAdmin>[0],
  recipient: string,
  out: string,
): Promise<void> {
  const settings = { recipients: [recipient], keepLast: 3, madeElsewhere: false };
  await askAdmin(access, 'PUT', '/backup-settings', settings);
  const { name } = await askAdmin<{ readonly name: string }>(access, 'POST', '/backups');
  const { body } = await sendToAdmin(access, 'GET', `/backups/${name}/content`);
  await writeFile(out, body);
}

const parts = { registry: 'registry', ministry: 'server', city: 'server' } as const;

it('a network that was saved while it worked comes back on an empty machine, with all that was exchanged before', async () => {
  const first = await start();
  network = first;
  const before = [await exchange(first), await exchange(first)];
  const key = join(root, 'backup.key');
  const { recipient } = JSON.parse((await waygate('registry', 'backup-key', '--out', key, '--json')).stdout);
  let isDone = false;
  const working = (async () => {
    while (!isDone) await exchange(first);
  })();
  const admins = { registry: first.registry, ministry: first.ministry };
  for (const [part, { adminUrl, apiKey }] of Object.entries(admins)) {
    await takeBackup({ url: adminUrl, key: apiKey }, recipient, join(root, `${part}.backup`));
  }
  const out = join(root, 'city.backup');
  const order = ['--data', join(data(), 'city'), '--out', out, '--recipient', recipient];
  const made = await waygate('server', 'backup', ...order);
  expect([made.status, made.stderr]).toEqual([0, '']);
  isDone = true;
  await working;
  await first.close();
  network = undefined;

  const former = join(root, 'former');
  await rename(data(), former);
  for (const [part, command] of Object.entries(parts)) {
    const file = join(root, `${part}.backup`);
    const restored = await waygate(
      command,
      'restore',
      file,
      '--data',
      join(data(), part),
      '--identity-file',
      key,
    );
    expect([part, restored.status, restored.stderr]).toEqual([part, 0, '']);
  }
  // The authority is another program's, and the marks are the pilot's own.
  for (const name of ['authority', 'founded', 'pilot-secrets.json']) {
    await cp(join(former, name), join(data(), name), { recursive: true });
  }
  const secrets = JSON.parse(await readFile(join(data(), 'pilot-secrets.json'), 'utf8'));
  await writeFile(join(root, 'pin'), secrets.ministry);
  const checked = await waygate('audit', 'fsck', join(data(), 'ministry'), '--pin-file', join(root, 'pin'));
  expect([checked.status, checked.stderr]).toEqual([0, '']);

  const second = await start();
  network = second;
  const after = await exchange(second);
  const admin = adminClient(second.ministry.adminUrl, second.ministry.apiKey);
  for (const id of [...before, after]) {
    const shown = await admin.get<{ verdict: { code: string | null } }>(
      `/evidence/exchanges/${encodeURIComponent(id)}`,
    );
    expect([id, shown.verdict.code]).toEqual([id, null]);
  }
  expect(troubles).toEqual([]);
});
