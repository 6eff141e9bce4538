import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseAnchor, verifyDirectory, versions } from '../../gateway/configuration/index.ts';
import { checkRegister } from '../index.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const pin = 'Correct-Horse-7';
const rounds = 8;

let dir: string;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'waygate-killed-'));
  writeFileSync(join(dir, 'pin'), `${pin}\n`, { mode: 0o600 });
  const init = run('init', '--instance', 'TEST');
  const [code] = await once(init, 'exit');
  expect(code).toBe(0);
});
afterAll(() => rmSync(dir, { recursive: true }));

/** Starts the real command; its PIN is in a file, so the list of processes shows none. */
function run(...args: readonly string[]): ChildProcess {
  const command = ['--import', 'tsx', 'bin/waygate.ts', 'registry', ...args];
  const settings = ['--data', join(dir, 'data'), '--pin-file', join(dir, 'pin')];
  const stdio = ['ignore', 'pipe', 'inherit'] as const;
  return spawn(process.execPath, [...command, ...settings], { cwd: root, stdio: [...stdio] });
}

interface Started {
  readonly child: ChildProcess;
  readonly ask: (method: string, path: string, body?: unknown) => Promise<Response>;
}

async function start(): Promise<Started> {
  const ports = ['configuration', 'admin', 'management', 'registration'];
  const child = run('start', '--json', ...ports.flatMap((name) => [`--${name}-port`, '0']));
  if (child.stdout === null) throw new Error('the registry has no output');
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  const { adminUrl } = JSON.parse(String(line)) as { readonly adminUrl: string };
  const key = readFileSync(join(dir, 'data', 'api-key'), 'utf8').trim();
  const ask = (method: string, path: string, body?: unknown) =>
    fetch(`${adminUrl}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  return { child, ask };
}

/** Reads the published files as they are on disk, as a reader would get them. */
function verifyPublished(verificationCerts: Record<'internal' | 'external', readonly Buffer[]>): void {
  for (const version of versions) {
    for (const source of ['internal', 'external'] as const) {
      const folder = join(dir, 'data', 'public');
      const body = readFileSync(join(folder, `V${version}`, `${source}conf`));
      for (const part of verifyDirectory(body, verificationCerts[source], new Date()).parts) {
        const bytes = readFileSync(join(folder, part.location));
        expect(createHash(part.digest.name).update(bytes).digest()).toEqual(part.hash);
      }
    }
  }
}

it('the registry is killed while members are registered; what it acknowledged is there, and what it published holds', async () => {
  const acknowledged = new Set<string>();
  let count = 0;
  for (let round = 0; round < rounds; round++) {
    const { child, ask } = await start();
    const certificates = async (source: string) => {
      const xml = await (await ask('GET', `/anchors/${source}/file`)).arrayBuffer();
      return parseAnchor(Buffer.from(xml)).sources.flatMap(({ verificationCerts }) => verificationCerts);
    };
    const anchors = { internal: await certificates('internal'), external: await certificates('external') };
    const known = (await (await ask('GET', '/members?limit=1000')).json()) as readonly {
      readonly id: string;
    }[];
    expect(known.map(({ id }) => id)).toEqual(expect.arrayContaining([...acknowledged]));
    await ask('PUT', '/member-classes/GOV', { description: 'Government' });

    const exited = once(child, 'exit');
    const wanted = 3 + round * 5;
    for (let done = 0; ; done++) {
      const id = `TEST:GOV:${count++}`;
      const answer = ask('POST', '/members', { id, name: `Member ${id}` });
      if (done === wanted) child.kill('SIGKILL');
      const response = await answer.catch(() => undefined);
      if (response === undefined) break;
      expect(response.status).toBe(201);
      acknowledged.add(id);
    }
    await exited;
    verifyPublished(anchors);
    // Whatever was on its way: no change without its entry, and none signed for that is not there.
    const { isClean, findings } = await checkRegister({ data: join(dir, 'data'), held: [] });
    expect({ isClean, findings }).toEqual({ isClean: true, findings: [] });
  }
  const { child, ask } = await start();
  const known = (await (await ask('GET', '/members?limit=1000')).json()) as readonly {
    readonly id: string;
  }[];
  expect(known.map(({ id }) => id)).toEqual(expect.arrayContaining([...acknowledged]));
  expect(acknowledged.size).toBeGreaterThan(rounds);
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  expect(await exited).toEqual([0, null]);
});
