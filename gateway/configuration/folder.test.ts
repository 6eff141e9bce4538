import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  buildFromFiles,
  type ConfigurationFile,
  type ReadBefore,
  readConfigurationFiles,
  readConfigurationFolder,
  readConfigurationOnDisk,
  writeConfigurationFolder,
  writePrivateParameters,
  writeSharedParameters,
} from './index.ts';
import {
  codeOf,
  createKey,
  fullParameters,
  type KeyAndCertificate,
  privateParameters,
  subsystem,
} from './testing/samples.ts';

const vectors = '../shared/vectors';
const hasVectors = existsSync(join(vectors, 'globalconf-disk'));
const expiresAt = new Date('2026-06-01T12:00:00Z');

let signer: KeyAndCertificate;
let root: string;
let dir: string;
beforeAll(async () => {
  signer = await createKey('registry');
});
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'configuration-'));
  dir = join(root, 'globalconf');
});
afterEach(() => rmSync(root, { recursive: true }));

function sharedOf(instance: string): ConfigurationFile {
  const ids = { ...fullParameters(signer), instance, members: [], securityServers: [], globalGroups: [] };
  const content = writeSharedParameters(ids, 6);
  return {
    instance,
    contentIdentifier: 'SHARED-PARAMETERS',
    fileName: 'shared-params.xml',
    content,
    expiresAt,
    version: 6,
    location: '/V6/1/shared-params.xml',
  };
}

const own = (): ConfigurationFile[] => [
  sharedOf('DEV'),
  {
    instance: 'DEV',
    contentIdentifier: 'PRIVATE-PARAMETERS',
    fileName: 'private-params.xml',
    content: writePrivateParameters(privateParameters(signer)),
    expiresAt,
    version: 6,
  },
];

const optional = (contentIdentifier: string, inner: string): ConfigurationFile => ({
  instance: 'DEV',
  contentIdentifier,
  fileName: `${contentIdentifier.toLowerCase()}.xml`,
  content: Buffer.from(`<x:conf xmlns:x="http://x-road.eu/xsd/xroad.xsd">${inner}</x:conf>`),
  expiresAt,
  version: 6,
});

/** Code of the refusal of what resolves or rejects later. */
const codeLater = async (run: () => Promise<unknown>): Promise<string> => {
  const outcome = await run().then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
  return codeOf(() => {
    if (outcome !== undefined) throw outcome.error;
  });
};

describe('a configuration on disk', () => {
  it('is read back as it was written', async () => {
    const files = [
      ...own(),
      sharedOf('A B/+é'),
      optional('NEXTUPDATE', '<verifyNextUpdate>false</verifyNextUpdate>'),
    ];
    await writeConfigurationFolder(dir, 'DEV', files);
    const [instance, read] = await readConfigurationFiles(dir);
    expect(instance).toBe('DEV');
    const plain = read.map(({ metadata: _, ...file }) => file);
    expect(plain).toHaveLength(files.length);
    expect(plain).toEqual(expect.arrayContaining(files));
    const configuration = await readConfigurationFolder(dir);
    expect(configuration.instances).toEqual(['DEV', 'A B/+é']);
    expect(configuration).toMatchObject({ expiresAt, verifyNextUpdate: false, timestampIntervalMs: 60_000 });
    expect(configuration.private?.managementService.providerId).toEqual(subsystem);
    expect(configuration.id).toBe(buildFromFiles('DEV', files).id);
  });

  it('keeps the signed directories beside the files, where they count as no file', async () => {
    const files = [...own(), sharedOf('A B')];
    const introduction = { directory: Buffer.from('earlier'), shared: Buffer.from('its parameters') };
    const directories = [
      { instance: 'DEV', body: Buffer.from('signed'), introductions: [introduction, introduction] },
      { instance: 'A B', body: Buffer.from('signed too') },
      { instance: 'ELSEWHERE', body: Buffer.from('of nothing that is here') },
    ];
    await writeConfigurationFolder(dir, 'DEV', files, directories);
    expect(readFileSync(join(dir, 'A+B/directory'), 'utf8')).toBe('signed too');
    expect(readdirSync(dir).sort()).toEqual(['A+B', 'DEV', 'instance-identifier']);
    const onDisk = await readConfigurationOnDisk(dir);
    expect(onDisk.own).toBe('DEV');
    expect(onDisk.files).toHaveLength(files.length);
    const known = directories.slice(0, 2);
    expect(onDisk.directories).toHaveLength(known.length);
    expect(onDisk.directories).toEqual(expect.arrayContaining(known));
    expect((await readConfigurationFolder(dir)).id).toBe(buildFromFiles('DEV', files).id);
  });

  it('lies as X-Road lays it', async () => {
    await writeConfigurationFolder(dir, 'DEV', [...own(), sharedOf('A B')]);
    expect(readdirSync(dir).sort()).toEqual(['A+B', 'DEV', 'instance-identifier']);
    expect(readFileSync(join(dir, 'instance-identifier'), 'utf8')).toBe('DEV');
    expect(readdirSync(join(dir, 'DEV')).sort()).toEqual([
      'private-params.xml',
      'private-params.xml.metadata',
      'shared-params.xml',
      'shared-params.xml.metadata',
    ]);
    expect(JSON.parse(readFileSync(join(dir, 'A+B/shared-params.xml.metadata'), 'utf8'))).toEqual({
      contentIdentifier: 'SHARED-PARAMETERS',
      instanceIdentifier: 'A B',
      expirationDate: '2026-06-01T12:00:00Z',
      contentFileName: 'shared-params.xml',
      contentLocation: '/V6/1/shared-params.xml',
      configurationVersion: '6',
    });
  });

  it('takes the place of the former one and leaves nothing else changed', async () => {
    const neighbours = ['globalconf.backup', 'globalconf.json', 'globalconf2'];
    for (const name of neighbours) mkdirSync(join(root, name));
    await writeConfigurationFolder(dir, 'DEV', [...own(), sharedOf('ABROAD')]);
    await writeConfigurationFolder(dir, 'DEV', own());
    expect((await readConfigurationFolder(dir)).instances).toEqual(['DEV']);
    const left = readdirSync(root);
    expect(left).toEqual(expect.arrayContaining(neighbours));
    expect(left.filter((name) => name.includes('generation'))).toHaveLength(1);
  });

  it('sets a folder that other software laid there aside', async () => {
    mkdirSync(dir);
    await writeConfigurationFolder(dir, 'DEV', own());
    expect(readdirSync(root).filter((name) => name.includes('former'))).toEqual([]);
    rmSync(dir);
    mkdirSync(join(dir, 'EE'), { recursive: true });
    await writeConfigurationFolder(dir, 'DEV', own());
    await writeConfigurationFolder(dir, 'DEV', own());
    const [former] = readdirSync(root).filter((name) => name.includes('former'));
    expect(readdirSync(join(root, former ?? ''))).toEqual(['EE']);
    expect((await readConfigurationFolder(dir)).instance).toBe('DEV');
  });

  it('stays the former one when writing the next fails', async () => {
    await writeConfigurationFolder(dir, 'DEV', own());
    const bad = { ...sharedOf('ABROAD'), fileName: '../shared-params.xml' };
    expect(await codeLater(() => writeConfigurationFolder(dir, 'DEV', [...own(), bad]))).toBe(
      'MalformedGlobalConf',
    );
    expect((await readConfigurationFolder(dir)).instances).toEqual(['DEV']);
    await writeConfigurationFolder(dir, 'DEV', own());
    expect(readdirSync(root).filter((name) => name.includes('generation'))).toHaveLength(1);
  });

  it('is read whole while others replace it', async () => {
    await writeConfigurationFolder(dir, 'DEV', own());
    let isWriting = true;
    const writing = (async () => {
      for (let round = 0; round < 20; round += 1) {
        await writeConfigurationFolder(dir, 'DEV', [
          ...own(),
          ...(round % 2 === 0 ? [sharedOf('ABROAD')] : []),
        ]);
      }
      isWriting = false;
    })();
    while (isWriting) expect((await readConfigurationFolder(dir)).private).toBeDefined();
    await writing;
  });

  it.each(['..', '.', ''])('is not written for an instance named "%s"', async (instance) => {
    const file = { ...sharedOf('DEV'), instance };
    expect(await codeLater(() => writeConfigurationFolder(dir, 'DEV', [file]))).toBe('MalformedGlobalConf');
    expect(existsSync(dir)).toBe(false);
  });

  it.each(['..', 'a/b', '', 'x.metadata', 'directory', 'introduction-1.directory', 'a\0b'])(
    'is not written with a file named "%s"',
    async (fileName) => {
      const file = { ...sharedOf('DEV'), fileName };
      expect(await codeLater(() => writeConfigurationFolder(dir, 'DEV', [file]))).toBe('MalformedGlobalConf');
    },
  );

  it('is malformed when it is not there, or not whole', async () => {
    expect(await codeLater(() => readConfigurationFolder(dir))).toBe('MalformedGlobalConf');
    mkdirSync(dir);
    expect(await codeLater(() => readConfigurationFolder(dir))).toBe('MalformedGlobalConf');
    writeFileSync(join(dir, 'instance-identifier'), 'DEV');
    expect(await codeLater(() => readConfigurationFolder(dir))).toBe('MalformedGlobalConf');
    mkdirSync(join(dir, '%zz'));
    expect(await codeLater(() => readConfigurationFiles(dir))).toBe('MalformedGlobalConf');
  });

  it.each(['not JSON', '[]', '{"configurationVersion":"7"}', '{"expirationDate":"soon"}'])(
    'is malformed with metadata %s',
    async (metadata) => {
      await writeConfigurationFolder(dir, 'DEV', own());
      writeFileSync(join(dir, 'DEV/shared-params.xml.metadata'), metadata);
      expect(await codeLater(() => readConfigurationFolder(dir))).toBe('MalformedGlobalConf');
    },
  );
});

describe('the files of a configuration', () => {
  it('are refused when one is that of another instance', () => {
    const misfiled = { ...sharedOf('ABROAD'), instance: 'DEV' };
    expect(codeOf(() => buildFromFiles('DEV', [misfiled]))).toBe('MalformedGlobalConf');
    const [, ownPrivate] = own();
    const stolen = ownPrivate && { ...ownPrivate, instance: 'ABROAD' };
    expect(codeOf(() => buildFromFiles('ABROAD', [sharedOf('ABROAD'), ...(stolen ? [stolen] : [])]))).toBe(
      'MalformedGlobalConf',
    );
  });

  it('are refused when a part is there twice', () => {
    const twice = { ...sharedOf('DEV'), fileName: 'more.xml' };
    expect(codeOf(() => buildFromFiles('DEV', [...own(), twice]))).toBe('MalformedGlobalConf');
  });

  it('may hold parts that nobody here knows', () => {
    expect(codeOf(() => buildFromFiles('DEV', [...own(), optional('FOO', 'anything')]))).toBe('accepted');
  });

  it('count only from the own instance when they are optional', () => {
    const part = optional('NEXTUPDATE', '<verifyNextUpdate>false</verifyNextUpdate>');
    const foreign = { ...part, instance: 'ABROAD' };
    expect(buildFromFiles('DEV', [...own(), sharedOf('ABROAD'), foreign]).verifyNextUpdate).toBe(true);
    expect(buildFromFiles('DEV', [...own(), part]).verifyNextUpdate).toBe(false);
  });

  it('are not parsed anew when their bytes are still the same ones', () => {
    const readBefore: ReadBefore = new WeakMap();
    const files = own();
    const first = buildFromFiles('DEV', files, readBefore);
    const renewed = files.map((file) => ({ ...file, expiresAt: new Date('2030-01-01T00:00:00Z') }));
    const second = buildFromFiles('DEV', renewed, readBefore);
    expect(second.shared('DEV')).toBe(first.shared('DEV'));
    expect(second.expiresAt).toEqual(new Date('2030-01-01T00:00:00Z'));
    const copied = files.map((file) => ({ ...file, content: Buffer.from(file.content) }));
    expect(buildFromFiles('DEV', copied, readBefore).shared('DEV')).not.toBe(first.shared('DEV'));
    // The same bytes may not be read the same way in another version.
    const older = files.map((file) => ({ ...file, version: 2 as const }));
    expect(codeOf(() => buildFromFiles('DEV', older, readBefore))).toBe('MalformedGlobalConf');
  });

  it('have the same id in any order, and another when one of them changes', () => {
    const files = own();
    const { id } = buildFromFiles('DEV', files);
    expect(buildFromFiles('DEV', files.toReversed()).id).toBe(id);
    const renewed = files.map((file) => ({ ...file, expiresAt: new Date('2030-01-01T00:00:00Z') }));
    expect(buildFromFiles('DEV', renewed).id).toBe(id);
    const changed = files.map((file) => ({
      ...file,
      content: Buffer.concat([file.content, Buffer.from(' ')]),
    }));
    expect(buildFromFiles('DEV', changed).id).not.toBe(id);
  });
});

describe.skipIf(!hasVectors)('configurations on disk of other software (needs ../shared/vectors)', () => {
  const disk = (name: string) => join(vectors, 'globalconf-disk', name);

  it('are read with instances of every version side by side', async () => {
    const six = await readConfigurationFolder(disk('globalconf_good_v6'));
    expect(six.instances).toEqual(['EE', 'bar', 'baz_v3', 'foo_v2', 'quux_v5', 'qux_v4']);
    expect(six.inForceAt(new Date('2026-01-01T00:00:00Z'))).toBe(six);
    expect(six).toMatchObject({ instance: 'EE', ocspFreshnessMs: 42_000, timestampIntervalMs: 123_000 });
    const three = await readConfigurationFolder(disk('globalconf_good_v3'));
    expect(three.instances).toEqual(['EE', 'bar', 'foo_v2']);
    expect(codeOf(() => three.inForceAt(new Date('2125-01-01T00:00:00Z')))).toBe('OutdatedGlobalConf');
  });

  it('tell who is in maintenance and why', async () => {
    const { shared } = await readConfigurationFolder(disk('globalconf_good_v6'));
    const inMaintenance = shared('EE')?.securityServers.filter((server) => server.inMaintenanceMode);
    expect(inMaintenance?.map(({ id, inMaintenanceMode }) => [id.serverCode, inMaintenanceMode])).toEqual([
      ['FooBarServerCode', { message: 'Test maintenance mode' }],
    ]);
  });

  it('are read without expiry, as verifiers are given them', async () => {
    const configuration = await readConfigurationFolder(join(vectors, 'asic/globalconf'));
    expect(configuration.instances).toEqual(['DEV']);
    expect(configuration.inForceAt(new Date('2100-01-01T00:00:00Z'))).toBe(configuration);
  });

  it('are refused when they are malformed', async () => {
    expect(await codeLater(() => readConfigurationFolder(disk('globalconf_malformed')))).toBe(
      'MalformedGlobalConf',
    );
  });
});
