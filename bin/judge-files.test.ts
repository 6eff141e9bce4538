import { existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type BundleContent,
  describeContents,
  judgeOwnArchive,
  readOwnArchive,
  type Trust,
  writeOwnArchive,
} from '../gateway/evidence/index.ts';
import { readZip, writeArchive } from '../gateway/signature/index.ts';
import type { SqliteMessageLog } from '../security-server/message-log/index.ts';
import { archiveParts } from '../security-server/testing/archived-log.ts';
import { type LogBench, startLogBench } from '../security-server/testing/log-bench.ts';
import { judgeFiles } from './judge-files.ts';

let bench: LogBench;
let trust: Trust;
let log: SqliteMessageLog;
/** Three archives of one log, as they were made. */
let made: readonly { readonly name: string; readonly lastDigest: string; readonly bytes: Buffer }[];
let dir: string;

beforeAll(async () => {
  bench = await startLogBench();
  const ids = [0, 1, 2].map((part) => [1, 2, 3].map((n) => `id-${part}-${n}`));
  ({ made, trust, log } = await archiveParts(bench, ids));
});
afterAll(() => bench.close());
beforeEach(() => {
  dir = mkdtempSync(join(bench.root, 'given-'));
  for (const { name, bytes } of made) writeFileSync(join(dir, name), bytes);
});

const files = () => made.map(({ name }) => join(dir, name)).filter(existsSync);
const judge = () => judgeFiles(files(), trust);

/** Writes an archive anew from some of its containers, linked as its maker would link them, or to another of them. */
async function relink(
  at: number,
  change: (containers: { name: string; bytes: Buffer }[]) => void,
  to?: number,
): Promise<void> {
  const { name, bytes } = made[at] ?? { name: '', bytes: Buffer.alloc(0) };
  const all = readZip(bytes, { maxEntries: 1_000, maxOctets: 10_000_000 });
  const containers = [...all]
    .filter(([entry]) => entry.endsWith('.asice'))
    .map(([entry, data]) => ({ name: entry, bytes: data }));
  change(containers);
  const beside = new Map(
    [...all]
      .filter(([entry]) => entry.startsWith('waygate/') && entry !== 'waygate/manifest')
      .map(([entry, data]) => [entry.slice(8), data]),
  );
  const [, previous, fileName = ''] = /^([0-9a-f]+) ([^ ]+) /.exec(String(all.get('linkinginfo'))) ?? [];
  const own = previous === undefined ? undefined : { digest: previous, fileName };
  const link = to === undefined ? own : linkTo(to);
  writeFileSync(join(dir, name), writeArchive(containers, link, beside).bytes);
}

function linkTo(at: number) {
  const { name: fileName = '', lastDigest: digest = '' } = made[at] ?? {};
  return { digest, fileName };
}

/** An archive as its log would have made it, and signed for it. */
async function remake(
  at: number,
  change: (content: BundleContent) => BundleContent,
  to = at - 1,
): Promise<void> {
  const { name = '', bytes = Buffer.alloc(0) } = made[at] ?? {};
  const content = change((await readOwnArchive(bytes)).content);
  const contents = await log.signContents(describeContents(content));
  const archive = writeOwnArchive({ ...content, contents }, linkTo(to));
  expect((await judgeOwnArchive(archive.bytes, trust)).verdict).toMatchObject({ code: null });
  writeFileSync(join(dir, name), archive.bytes);
}

/** An archive of ours that follows itself. */
async function twice(at: number) {
  const content = withoutLink((await readOwnArchive(made[at]?.bytes ?? Buffer.alloc(0))).content);
  const contents = await log.signContents(describeContents(content));
  return writeOwnArchive({ ...content, contents }, linkTo(at));
}

/** As archives were before their logs signed for what they follow. */
function withoutLink({ scope, ...content }: BundleContent): BundleContent {
  if (scope.kind !== 'archive') throw new Error('not an archive');
  const { previous: _, ...rest } = scope;
  return { ...content, scope: rest };
}

describe('archives of one log', () => {
  it('are good together, and each alone', async () => {
    const { linking, bundles, results } = await judge();
    expect([linking, results.length]).toEqual([{ valid: true, code: null, reason: null }, 0]);
    expect(bundles.map(({ verdict }) => verdict.code)).toEqual([null, null, null]);
    for (const file of files()) expect((await judgeFiles([file], trust)).linking?.valid).toBe(true);
  });

  it('of which one is missing, or stands elsewhere, are found and it is named', async () => {
    rmSync(join(dir, made[1]?.name ?? ''));
    const { linking } = await judge();
    expect(linking?.code).toBe('missing');
    expect(linking?.reason).toContain(made[1]?.name);
    writeFileSync(join(dir, made[1]?.name ?? ''), made[1]?.bytes ?? '');
    expect((await judgeFiles(files().reverse(), trust)).linking?.code).toBe('missing');
  });

  it('of which one takes the name of another, or its place, are found', async () => {
    const [first = '', second = ''] = files();
    renameSync(first, second);
    expect((await judge()).linking?.code).toBe('broken-link');
    writeFileSync(first, made[0]?.bytes ?? '');
    writeFileSync(second, made[0]?.bytes ?? '');
    expect((await judge()).linking?.code).toBe('broken-link');
  });

  it('of which one lost, doubled, moved or took in a message are found, though it was linked anew', async () => {
    await relink(1, (containers) => containers.splice(1, 1));
    expect((await judge()).linking).toMatchObject({ valid: false, code: 'missing' });
    await relink(1, (containers) => containers.reverse());
    expect((await judge()).linking?.valid).toBe(false);
    await relink(1, () => undefined);
    // Nothing was changed by that: it is the archive it was.
    expect((await judge()).linking?.valid).toBe(true);
    await relink(1, (containers) => {
      const [first] = containers;
      if (first !== undefined) containers.push({ name: 'more.asice', bytes: first.bytes });
    });
    expect((await judge()).linking).toMatchObject({ valid: false });
    await relink(1, (containers) => {
      const [first, second] = containers;
      if (first !== undefined && second !== undefined)
        containers[0] = { name: first.name, bytes: second.bytes };
    });
    expect((await judge()).linking).toMatchObject({ valid: false });
  });

  it('out of which one was taken, and the next linked to the one before it, are found', async () => {
    rmSync(join(dir, made[1]?.name ?? ''));
    await relink(2, () => undefined, 0);
    const { linking, bundles } = await judge();
    expect(linking).toMatchObject({ code: 'broken-link', reason: expect.stringContaining('follows') });
    expect(bundles.map(({ verdict }) => verdict.valid)).toEqual([true, false]);
  });

  it('that do not sign for their links are held to their numbers: none can be taken out', async () => {
    await remake(1, withoutLink);
    await remake(2, withoutLink);
    expect((await judge()).linking).toMatchObject({ valid: true });
    rmSync(join(dir, made[1]?.name ?? ''));
    await remake(2, withoutLink, 0);
    const { linking, bundles } = await judge();
    expect(bundles.map(({ verdict }) => verdict.valid)).toEqual([true, true]);
    expect(linking).toMatchObject({ code: 'missing', reason: expect.stringMatching(/^numbers 4 to 6 of /) });
  });

  it('that go on at another number than the one before ended with are found', async () => {
    // The same archive once more, as if its log had given its numbers twice.
    const again = { name: 'mlog-again.zip', bytes: (await twice(1)).bytes };
    const files = [made[0]?.name ?? '', made[1]?.name ?? '', again.name].map((name) => join(dir, name));
    writeFileSync(join(dir, again.name), again.bytes);
    const { linking } = await judgeFiles(files, trust);
    expect(linking).toMatchObject({ code: 'broken-link', reason: expect.stringContaining('goes on with 4') });
  });

  it('each of which leaves a record to the other are found, though the log itself signed for both', async () => {
    const { name = '', bytes = Buffer.alloc(0) } = made[1] ?? {};
    const { content, previous } = await readOwnArchive(bytes);
    const { scope } = content;
    const [first] = content.records.filter(({ container }) => container !== null);
    if (scope.kind !== 'archive' || first === undefined) throw new Error('an archive has records');
    const less = {
      ...content,
      scope: { ...scope, from: first.index + 1 },
      records: content.records.map((record) =>
        record === first ? { ...record, container: null, erased: [], timestamp: null } : record,
      ),
    };
    const contents = await log.signContents(describeContents(less));
    const archive = writeOwnArchive({ ...less, contents }, previous);
    expect((await judgeOwnArchive(archive.bytes, trust)).verdict).toMatchObject({ code: null });
    writeFileSync(join(dir, name), archive.bytes);
    const { linking } = await judgeFiles(files().slice(0, 2), trust);
    expect(linking).toMatchObject({
      code: 'missing',
      reason: expect.stringContaining(`record ${first.index} `),
    });
  });

  it('that are encrypted are opened first', async () => {
    const file = join(dir, 'mlog.zip.gpg');
    writeFileSync(file, 'x');
    await expect(judgeFiles([file], trust)).rejects.toThrow('gpg --decrypt');
  });
});
