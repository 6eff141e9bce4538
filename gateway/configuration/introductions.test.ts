import { beforeAll, describe, expect, it } from 'vitest';
import {
  buildSnapshot,
  introducedCertificates,
  type SignedDirectory,
  type SnapshotContent,
  verifySnapshot,
} from './index.ts';
import { codeOf, createKey } from './testing/samples.ts';
import { contentOf, type Issued, issue, type TestRegistry } from './testing/snapshots.ts';

const expiresAt = new Date('2026-06-01T12:00:00Z');
const years = new Date('2020-01-01T00:00:00Z');

/** The registry over the years: each key is named by the shared parameters that the one before signed. */
let keys: TestRegistry[];
let issues: Issued[];
let anchored: Buffer[];

beforeAll(async () => {
  keys = [];
  for (const name of ['first', 'second', 'third']) {
    keys.push({ instance: 'DEV', signer: await createKey(name) });
  }
  issues = [];
  for (const [index, key] of keys.entries()) {
    const next = keys[index + 1];
    const named = next === undefined ? [] : [next];
    const until = next === undefined ? expiresAt : years;
    issues.push(await issue(key, { expiresAt: until, federated: [], introduces: named }));
  }
  anchored = [at(keys, 0).signer.certificate.der];
});

function at<Item>(items: readonly Item[], index: number): Item {
  const item = items[index];
  if (item === undefined) throw new RangeError(`there is no item ${index}`);
  return item;
}

const introductionBy = ({ directory, files }: Issued) => ({
  directory: directory.body,
  shared: at(files, 0).content,
});

/** What a server with the first anchor holds under the last key, as it came there. */
function contentBy(introductions: SignedDirectory['introductions']): SnapshotContent {
  const last = at(issues, 2);
  const directory = { ...last.directory, ...(introductions && { introductions }) };
  return contentOf(at(keys, 0), { files: last.files, directory });
}

const found = (introductions: SignedDirectory['introductions']) =>
  verifySnapshot(buildSnapshot(contentBy(introductions)), { at: new Date('2026-06-01') }).map(
    ({ code }) => code,
  );

describe('keys that the registry introduced', () => {
  it('are followed from the anchor on, however long ago their introductions expired', () => {
    const chain = [introductionBy(at(issues, 0)), introductionBy(at(issues, 1))];
    expect(found(chain)).toEqual([]);
    expect(introducedCertificates('DEV', anchored, chain)).toContainEqual(at(keys, 2).signer.certificate.der);
    expect(buildSnapshot(contentBy(chain)).files.map(({ name }) => name)).toContain(
      'DEV/introduction-2.shared-params.xml',
    );
  });

  it.each([
    ['none', []],
    ['only the first', [0]],
    ['only the second', [1]],
    ['the other way round', [1, 0]],
  ])('are not known by %s of their introductions', (_name, order) => {
    expect(found(order.map((index) => introductionBy(at(issues, index))))).toEqual([
      'directory-signer-unknown',
    ]);
  });

  it('are not introduced by parameters that were not signed for', () => {
    const [first, second] = [introductionBy(at(issues, 0)), introductionBy(at(issues, 1))];
    expect(found([first, { ...second, shared: first.shared }])).toEqual(['configuration-malformed']);
    const directory = Buffer.from(second.directory);
    directory.writeUInt8(directory.readUInt8(300) ^ 1, 300);
    expect(found([first, { ...second, directory }])).not.toEqual([]);
  });

  it('are not introduced to one instance by another', async () => {
    const abroad = { ...at(keys, 0), instance: 'ABROAD' };
    const theirs = await issue(abroad, { expiresAt, introduces: [at(keys, 1)] });
    expect(codeOf(() => introducedCertificates('DEV', anchored, [introductionBy(theirs)]))).toBe(
      'MalformedGlobalConf',
    );
  });

  it('are introduced for the own instance alone', async () => {
    const abroad = { instance: 'ABROAD', signer: at(keys, 1).signer };
    const home = await issue(at(keys, 0), { expiresAt, federated: [abroad] });
    const theirs = await issue(abroad, { expiresAt });
    const directory = { ...theirs.directory, introductions: [introductionBy(theirs)] };
    const snapshot = buildSnapshot(contentOf(at(keys, 0), home, { files: theirs.files, directory }));
    expect(verifySnapshot(snapshot).map(({ code }) => code)).toEqual(['configuration-malformed']);
  });
});
