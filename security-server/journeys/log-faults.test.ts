import { execFile, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSoftwareToken, openSoftwareToken } from '../../certs/token/index.ts';
import { buildSnapshot } from '../../gateway/configuration/index.ts';
import { createKey } from '../../gateway/configuration/testing/samples.ts';
import { contentOf, issue, type TestRegistry } from '../../gateway/configuration/testing/snapshots.ts';
import {
  checkInclusion,
  openNote,
  parseCheckpoint,
  proveInclusion,
} from '../../gateway/transparency/index.ts';
import { SnapshotStore } from '../configurations/index.ts';
import { SqliteMessageLog } from '../message-log/index.ts';
import { leafOf } from '../message-log/leaves.ts';
import { pin } from '../testing/trust-services.ts';

/**
 * The disk fails at each write in the life of a record in turn; the answer is a refusal or nothing, and after a
 * restart every message that was acknowledged is there, whole and provable.
 */
const program = fileURLToPath(new URL('../testing/faulty-log.ts', import.meta.url));
const hasStrace = spawnSync('strace', ['-V']).status === 0;
/** Writes of a kind that fail, spread over all; `all` lets every one fail in turn, which takes half an hour. */
const wanted = process.env['WAYGATE_FAULTS'] === 'all' ? Number.POSITIVE_INFINITY : 2;
const messages = 6;

let base: string;

beforeAll(async () => {
  base = mkdtempSync(join(tmpdir(), 'waygate-faults-'));
  await createSoftwareToken(join(base, 'token'), { pin, label: 'faults' });
  const value = '<ds:X509Certificate>'.concat('QUJD'.repeat(300), '</ds:X509Certificate>');
  writeFileSync(join(base, 'signature.xml'), `<Signature>${value}</Signature>`);
  const registry: TestRegistry = { instance: 'DEV', signer: await createKey('registry') };
  const issued = await issue(registry, { expiresAt: new Date('2040-01-01T00:00:00Z') });
  mkdirSync(join(base, 'messages'));
  const store = await SnapshotStore.open(join(base, 'messages', 'configurations'));
  await store.save(buildSnapshot(contentOf(registry, issued)));
});
afterAll(() => rmSync(base, { recursive: true }));

interface Run {
  readonly root: string;
  readonly lines: readonly string[];
}

/** Runs the program in a folder of its own, in front of it whatever makes its writes fail. */
async function run(...before: readonly string[]): Promise<Run> {
  const root = mkdtempSync(join(base, 'run-'));
  cpSync(join(base, 'token'), join(root, 'token'), { recursive: true });
  cpSync(join(base, 'signature.xml'), join(root, 'signature.xml'));
  cpSync(join(base, 'messages'), join(root, 'messages'), { recursive: true });
  const command = [...before, process.execPath, '--import', 'tsx', program, root, String(messages)];
  const [file = '', ...args] = command;
  const output = await new Promise<string>((resolve) => {
    execFile(file, args, { timeout: 60_000 }, (_error, stdout) => resolve(stdout));
  });
  return { root, lines: output.split('\n') };
}

/** Opens what a run left, with nothing failing any more. */
async function judge({ root, lines }: Run): Promise<{ recorded: number; refused: number }> {
  const opened = await openSoftwareToken(join(root, 'token'));
  await opened.activate(pin);
  const configuration = { instance: 'DEV', tsas: () => [{}], tsaCertificates: () => [] } as never;
  const log = await SqliteMessageLog.open({
    dir: join(root, 'messages'),
    origin: 'other',
    token: opened,
    configuration: { current: () => configuration },
    configurationId: () => '',
    bodyPolicy: () => ({ kind: 'keep' }),
    strippedHead: ({ head }) => head,
    timestampUrls: [],
    acceptableTimestampFailureMs: 0,
    now: () => new Date(),
    onTimestampFailure: () => undefined,
    onTrouble: () => undefined,
  });
  try {
    const recorded = lines.filter((line) => line.startsWith('recorded ')).map((line) => line.split(' '));
    const { size, root: treeRoot } = parseCheckpoint(
      openNote(await log.checkpoint(), [log.verifierKey ?? '']).text,
    );
    for (const [, queryId = ''] of recorded) {
      const [record, ...more] = log.find(queryId);
      expect(more).toEqual([]);
      if (record === undefined) throw new Error(`${queryId} was acknowledged and is not there`);
      const leaf = leafOf({ facts: record.facts, salts: record.salts.facts });
      const proof = proveInclusion(log.tree, record.index, size);
      expect(checkInclusion({ leaf, index: record.index, size, root: treeRoot, proof })).toBe(true);
    }
    const { findings } = await log.check();
    expect(findings).toEqual([]);
    return { recorded: recorded.length, refused: lines.filter((line) => line.startsWith('refused ')).length };
  } finally {
    await log.close();
    rmSync(root, { recursive: true });
  }
}

/** How many calls of a kind the busiest thread makes in a run where nothing fails. */
async function countCalls(call: string): Promise<number> {
  const known = counted.get(call);
  if (known !== undefined) return known;
  const trace = join(base, `trace-${call}`);
  await judge(await run('strace', '-f', '-qq', '-e', `trace=${call}`, '-o', trace));
  const counts = new Map<string, number>();
  for (const line of readFileSync(trace, 'utf8').split('\n')) {
    const [, thread, name] = /^(\d+) +(\w+)\(/.exec(line) ?? [];
    if (thread !== undefined && name === call) counts.set(thread, (counts.get(thread) ?? 0) + 1);
  }
  const most = Math.max(0, ...counts.values());
  counted.set(call, most);
  return most;
}

const counted = new Map<string, number>();

describe.skipIf(!hasStrace)('the disk (needs strace)', () => {
  const faults = [
    ['pwrite64', 'error=EIO'],
    ['pwrite64', 'error=ENOSPC'],
    ['pwrite64', 'signal=KILL'],
    ['fdatasync', 'error=EIO'],
    ['fsync', 'error=EIO'],
    ['rename', 'error=EIO'],
  ] as const;

  it.each(faults)('fails at one %s after another with %s', async (call, fault) => {
    const calls = await countCalls(call);
    const spread = Math.max(1, Math.ceil(calls / wanted));
    const outcomes = { recorded: 0, refused: 0 };
    for (let when = 1; when <= calls; when += spread) {
      const inject = `inject=${call}:${fault}:when=${when}`;
      const { recorded, refused } = await judge(
        await run('strace', '-f', '-qq', '-e', inject, '-o', '/dev/null'),
      );
      outcomes.recorded += recorded;
      outcomes.refused += refused;
    }
    expect(calls).toBeGreaterThan(0);
    expect(outcomes.recorded).toBeGreaterThan(0);
  });
});

describe('a file that may not grow', () => {
  it('takes short writes; what was acknowledged is whole', async () => {
    let isRefused = false;
    for (const blocks of [40, 90, 150, 300]) {
      // The shell lets the signal be ignored, so that writes end short and then fail.
      const limited = ['bash', '-c', `trap '' XFSZ; ulimit -f ${blocks}; exec "$@"`, 'bash'];
      const { refused } = await judge(await run(...limited));
      isRefused ||= refused > 0;
    }
    expect(isRefused).toBe(true);
  });
});
