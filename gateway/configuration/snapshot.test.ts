import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  anchorFingerprint,
  buildSnapshot,
  type ConfigurationSnapshot,
  listSnapshot,
  parseListing,
  readSnapshot,
  type SnapshotFile,
  snapshotId,
  verifySnapshot,
  writeAnchor,
} from './index.ts';
import { codeOf, createKey } from './testing/samples.ts';
import { anchorTo, contentOf, type Issued, issue, type TestRegistry } from './testing/snapshots.ts';

const expiresAt = new Date('2026-06-01T12:00:00Z');
const before = new Date('2026-06-01T11:59:59.999Z');

let home: TestRegistry;
let abroad: TestRegistry;
let homeIssue: Issued;
let abroadIssue: Issued;
let snapshot: ConfigurationSnapshot;
let federation: ConfigurationSnapshot;

beforeAll(async () => {
  home = { instance: 'DEV', signer: await createKey('home') };
  abroad = { instance: 'A B/+é', signer: await createKey('abroad', { type: 'rsa', bits: 2048 }) };
  homeIssue = await issue(home, { expiresAt, federated: [abroad] });
  abroadIssue = await issue(abroad, { expiresAt });
  snapshot = buildSnapshot(contentOf(home, homeIssue));
  federation = buildSnapshot(contentOf(home, homeIssue, abroadIssue));
});

/** The same snapshot with one file changed, added or (undefined) left out, under the id of what it then is. */
function change(
  { files }: ConfigurationSnapshot,
  name: string,
  bytes: Buffer | undefined,
): ConfigurationSnapshot {
  const rest = files.filter((file) => file.name !== name);
  const changed = bytes === undefined ? rest : [...rest, { name, bytes }];
  return { id: snapshotId(changed), files: changed };
}

const bytesOf = ({ files }: ConfigurationSnapshot, name: string): Buffer =>
  files.find((file) => file.name === name)?.bytes ?? Buffer.alloc(0);

const found = (...question: Parameters<typeof verifySnapshot>) =>
  verifySnapshot(...question).map(({ code, name }) => (name === undefined ? code : `${code} ${name}`));

const file = (name: string, text = ''): SnapshotFile => ({ name, bytes: Buffer.from(text) });

describe('the id of a snapshot', () => {
  it('is what sha256sum says of the listing, whatever the order of the files', () => {
    const files = [file('DEV/b', 'two'), file('instance-identifier', 'DEV'), file('DEV/a', 'one')];
    const hash = (text: string) => createHash('sha256').update(text).digest('hex');
    const listing = `${hash('one')}  DEV/a\n${hash('two')}  DEV/b\n${hash('DEV')}  instance-identifier\n`;
    expect(listSnapshot(files)).toBe(listing);
    expect(snapshotId([...files].reverse())).toBe(hash(listing));
    expect(parseListing(listing).map(({ name }) => name)).toEqual(['DEV/a', 'DEV/b', 'instance-identifier']);
  });

  it('is of the layout on disk, with anchor and directories', () => {
    expect(federation.files.map(({ name }) => name)).toEqual([
      'A+B%2F%2B%C3%A9/directory',
      'A+B%2F%2B%C3%A9/shared-params.xml',
      'A+B%2F%2B%C3%A9/shared-params.xml.metadata',
      'DEV/directory',
      'DEV/private-params.xml',
      'DEV/private-params.xml.metadata',
      'DEV/shared-params.xml',
      'DEV/shared-params.xml.metadata',
      'anchor.xml',
      'instance-identifier',
    ]);
    expect(federation.id).toBe(snapshotId(federation.files));
  });

  it.each([
    '',
    '.',
    '..',
    '/etc/passwd',
    '../anchor.xml',
    'DEV/../anchor.xml',
    '../DEV',
    './DEV',
    'DEV/',
    'DEV/.hidden',
    'DEV/a/b',
    'DEV\\a',
    'DEV/a\n0000',
    'DEV/a\0',
    'other.txt',
    'DEV/é',
    `DEV/${'a'.repeat(300)}`,
  ])('is not made with the name %j', (name) => {
    expect(codeOf(() => snapshotId([file(name)]))).toBe('MalformedGlobalConf');
    expect(codeOf(() => readSnapshot([...snapshot.files, file(name)]))).toBe('MalformedGlobalConf');
    expect(found({ ...snapshot, files: [...snapshot.files, file(name)] })).toEqual([
      'configuration-malformed',
    ]);
  });

  it('is not made of two files of one name', () => {
    expect(codeOf(() => snapshotId([file('anchor.xml', 'a'), file('anchor.xml', 'b')]))).toBe(
      'MalformedGlobalConf',
    );
  });

  it('comes from a listing only as it is written', () => {
    const listing = listSnapshot(snapshot.files);
    expect(parseListing(listing)).toHaveLength(snapshot.files.length);
    const lines = listing.split('\n').slice(0, -1);
    for (const wrong of [
      `${listing}\n`,
      listing.slice(0, -1),
      listing.toUpperCase(),
      listing.replaceAll('\n', '\r\n'),
      `${[...lines].reverse().join('\n')}\n`,
      `${lines[0]}\n${listing}`,
      listing.replace('  ', ' *'),
      listing.replace('DEV/shared-params.xml\n', 'DEV/../shared-params.xml\n'),
    ]) {
      expect(codeOf(() => parseListing(wrong))).toBe('MalformedGlobalConf');
    }
  });
});

describe('a snapshot', () => {
  it('is read as the configuration it was, which counts until its directory expires', () => {
    const { configuration, anchor, directories } = readSnapshot(federation.files);
    expect(configuration.instances).toEqual(['DEV', 'A B/+é']);
    expect(configuration.expiresAt).toEqual(expiresAt);
    expect(configuration.private?.federatedAnchors).toEqual([anchorTo(abroad)]);
    expect(anchor).toEqual(anchorTo(home));
    expect([...directories.keys()]).toEqual(['DEV', 'A B/+é']);
    expect(codeOf(() => configuration.inForceAt(expiresAt))).toBe('OutdatedGlobalConf');
  });

  it('is good when the registries vouched for all of it', () => {
    const anchorHash = anchorFingerprint(writeAnchor(anchorTo(home)));
    expect(found(federation)).toEqual([]);
    expect(found(federation, { at: before, anchorHash })).toEqual([]);
    expect(found(federation, { anchorHash: anchorHash.replaceAll(':', '').toLowerCase() })).toEqual([]);
  });

  it('is not good under another id', () => {
    expect(found({ ...snapshot, id: federation.id })).toEqual(['configuration-id']);
  });

  it('is not good with another anchor than the trusted one, however well it is made', async () => {
    const forger: TestRegistry = { instance: 'DEV', signer: await createKey('forger') };
    const forged = buildSnapshot(contentOf(forger, await issue(forger, { expiresAt, federated: [] })));
    const anchorHash = anchorFingerprint(bytesOf(snapshot, 'anchor.xml'));
    expect(found(forged)).toEqual([]);
    expect(found(forged, { anchorHash })).toEqual(['anchor-untrusted anchor.xml']);
    expect(found(change(forged, 'anchor.xml', bytesOf(snapshot, 'anchor.xml')), { anchorHash })).toEqual([
      'directory-signer-unknown DEV/directory',
    ]);
  });

  it.each(['DEV/shared-params.xml', 'A+B%2F%2B%C3%A9/shared-params.xml'])(
    'names %s when it was changed',
    (name) => {
      const text = bytesOf(federation, name).toString('utf8').replace('all of them', 'all of mine');
      expect(found(change(federation, name, Buffer.from(text)), { at: before })).toEqual([
        `part-changed ${name}`,
      ]);
    },
  );

  it('names a directory whose text was changed', () => {
    const text = bytesOf(federation, 'DEV/directory').toString('latin1').replace('2026-06-01', '2036-06-01');
    const later = change(federation, 'DEV/directory', Buffer.from(text, 'latin1'));
    // Its metadata tell of the change before the signature is looked at.
    expect(found(later)).toEqual(['configuration-malformed']);
    const aligned = later.files
      .filter(({ name }) => name.startsWith('DEV/') && name.endsWith('.metadata'))
      .reduce(
        (all, { name, bytes }) =>
          change(all, name, Buffer.from(bytes.toString().replace('2026-06-01', '2036-06-01'))),
        later,
      );
    expect(found(aligned, { at: new Date('2030-01-01') })).toEqual(['directory-signature DEV/directory']);
  });

  it('is judged by the instant asked about, never by the present', async () => {
    expect(found(snapshot, { at: before })).toEqual([]);
    expect(found(snapshot, { at: expiresAt })).toEqual(['directory-expired DEV/directory']);
    expect(found(snapshot)).toEqual([]);
  });

  it('is without an instance of the federation whose directory had expired', async () => {
    const earlier = await issue(abroad, { expiresAt: new Date('2026-06-01T11:00:00Z') });
    const { id, files } = buildSnapshot(contentOf(home, homeIssue, earlier));
    expect(found({ id, files }, { at: before })).toEqual([]);
    expect(readSnapshot(files).configuration.inForceAt(before).instances).toEqual(['DEV']);
  });

  it('may hold no instance but those of the federation', async () => {
    const stranger: TestRegistry = { instance: 'STRANGER', signer: await createKey('stranger') };
    const theirs = await issue(stranger, { expiresAt });
    expect(found(buildSnapshot(contentOf(home, homeIssue, theirs)))).toEqual([
      'instance-unknown STRANGER/directory',
    ]);
    const posing = await issue({ ...stranger, instance: abroad.instance }, { expiresAt });
    expect(found(buildSnapshot(contentOf(home, homeIssue, posing)))).toEqual([
      'directory-signer-unknown A+B%2F%2B%C3%A9/directory',
    ]);
  });

  it('misses what a directory names', () => {
    const parts = snapshot.files.filter(({ name }) => name.startsWith('DEV/private-params.xml'));
    const without = parts.reduce((all, { name }) => change(all, name, undefined), snapshot);
    expect(found(without)).toEqual(['part-missing DEV/private-params.xml']);
  });

  it.each(['anchor.xml', 'instance-identifier', 'DEV/directory', 'DEV/shared-params.xml.metadata'])(
    'cannot be read without %s',
    (name) => {
      expect(found(change(snapshot, name, undefined))).toEqual(['configuration-malformed']);
      expect(codeOf(() => readSnapshot(change(snapshot, name, undefined).files))).toBe('MalformedGlobalConf');
    },
  );

  it.each([
    ['anchor.xml', '<anchor/>'],
    ['anchor.xml', ''],
    ['instance-identifier', 'OTHER'],
    ['instance-identifier', '..'],
    ['DEV/directory', ''],
    ['DEV/directory', 'Content-Type: multipart/related; boundary=a\n\n--a\n'],
    ['DEV/extra.xml', '<extra/>'],
    ['DEV/extra.xml.metadata', '{}'],
    ['DEV/shared-params.xml.metadata', '{'],
    ['DEV/shared-params.xml.metadata', '{}'],
    ['OTHER/shared-params.xml', ''],
    ['%44EV/directory', ''],
    ['%/directory', ''],
  ])('cannot be read with %s holding %j', (name, text) => {
    expect(found(change(snapshot, name, Buffer.from(text)))).toEqual(['configuration-malformed']);
  });

  it('cannot be built with files that would take the place of others', () => {
    const content = contentOf(home, homeIssue);
    const [first] = content.files;
    if (first === undefined) throw new Error('the issue has no files');
    for (const fileName of ['directory', 'x.metadata', '../anchor.xml', '..', 'shared-params.xml']) {
      const files = [...content.files, { ...first, fileName }];
      expect(codeOf(() => buildSnapshot({ ...content, files }))).toBe('MalformedGlobalConf');
    }
  });
});
