import { beforeAll, describe, expect, it } from 'vitest';
import { writeArchive, writeZip } from '../signature/index.ts';
import { hasEvidence, writeOwnArchive } from './own-archive.ts';
import { isBundle } from './read-bundle.ts';
import { TestLog } from './testing/test-log.ts';
import { createWorld } from './testing/world.ts';
import { writeBundle } from './write-bundle.ts';

/** A bundle and an archive of ours, as somebody could send them in a message. */
let bundle: Buffer;
let archive: Buffer;

beforeAll(async () => {
  const log = await TestLog.create(await createWorld());
  const first = log.tally();
  const indices = await log.exchange({ queryId: 'DEV-1', body: 'a body' });
  const to = log.size;
  log.tally();
  await log.stamp();
  bundle = writeBundle(log.bundle({ kind: 'exchange', queryId: 'DEV-1' }, indices));
  const scope = { kind: 'archive', grouping: 'none', group: '', from: first + 1, to } as const;
  archive = writeOwnArchive(log.bundle(scope, indices, { tallies: [first, to] })).bytes;
});

/** As a container has a body: nothing of it is compressed. */
function containerWith(body: Buffer): Buffer {
  const entries = [
    { name: 'mimetype', data: Buffer.from('application/vnd.etsi.asic-e+zip') },
    { name: 'message.xml', data: Buffer.from('<m/>') },
    { name: 'attachment1', data: body },
  ];
  return writeZip(entries, { isStored: true });
}

describe('what a file is', () => {
  it('is told by its own entries', () => {
    expect([isBundle(bundle, 'x.zip'), hasEvidence(bundle)]).toEqual([true, false]);
    expect([isBundle(archive, 'x.zip'), hasEvidence(archive)]).toEqual([false, true]);
  });

  it('is not told by what a sender wrote into a message', () => {
    for (const body of [bundle, archive, bundle.subarray(0, 200), Buffer.from('waygate/bundle.json')]) {
      const container = containerWith(body);
      const foreign = writeArchive([{ name: 'a.asice', bytes: container }]).bytes;
      for (const file of [container, foreign]) {
        expect([isBundle(file, 'x.zip'), isBundle(file, 'x.asice'), hasEvidence(file)]).toEqual([
          ...[false, false, false],
        ]);
      }
    }
  });

  it('is still told with any bit of an archive changed, and of anything at all without a crash', () => {
    const changed = Buffer.from(archive);
    for (let at = 0; at < archive.length; at += 1) {
      const octet = archive[at] ?? 0;
      changed[at] = octet ^ (1 << (at % 8));
      if (!hasEvidence(changed)) expect.unreachable(`octet ${at}`);
      changed[at] = octet;
    }
    for (let length = 0; length < archive.length; length += 7) {
      hasEvidence(archive.subarray(0, length));
      isBundle(archive.subarray(length), 'x.evidence.zip');
    }
  });
});
