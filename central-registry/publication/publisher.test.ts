import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSoftwareToken, type Token } from '../../certs/token/index.ts';
import { type ConfigurationVersion, verifyDirectory, versions } from '../../gateway/configuration/index.ts';
import { addMember, listKeys, putMemberClass, Register, renameMember } from '../register/index.ts';
import { createConfigurationKey, Publisher } from './index.ts';

const pin = 'Correct-Horse-7';
const member = { kind: 'MEMBER', instance: 'TEST', memberClass: 'GOV', memberCode: '1' } as const;
const sources = ['internal', 'external'] as const;

describe('a publisher', () => {
  let dir: string;
  let folder: string;
  let register: Register;
  let token: Token;
  let clock: Date;
  let reported: unknown[];
  const publishers: Publisher[] = [];

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'waygate-publisher-'));
    folder = join(dir, 'public');
    clock = new Date('2026-03-04T05:06:07.890Z');
    reported = [];
    await Register.create(join(dir, 'register.sqlite'), 'TEST', 'registry.example');
    register = await Register.open(join(dir, 'register.sqlite'));
    token = await createSoftwareToken(join(dir, 'token'), { pin, label: 'test' });
    await token.activate(pin);
    for (const source of sources)
      await createConfigurationKey(register, token, { by: 'system' }, source, clock);
    await register.change({ by: 'system' }, async (book) => {
      await putMemberClass(book, { code: 'GOV', description: 'Government' });
      await addMember(book, { id: member, name: 'First' });
    });
  });
  afterEach(async () => {
    for (const publisher of publishers.splice(0)) await publisher.close();
    register.close();
    rmSync(dir, { recursive: true });
  });

  const start = async (keys: Pick<Token, 'signingKey'> = token) => {
    const publisher = await Publisher.start({
      register,
      token: keys,
      folder,
      now: () => clock,
      renewEveryMs: 3_600_000,
      report: (error) => reported.push(error),
    });
    publishers.push(publisher);
    return publisher;
  };
  const rename = (name: string) =>
    register.change({ by: 'system' }, (book) => renameMember(book, { id: member, name }));

  /** Reads what a reader would get now, from the signed directory down to the parts. */
  const readPublished = async (version: ConfigurationVersion, source: (typeof sources)[number]) => {
    const keys = (await register.read(listKeys)).filter((key) => key.source === source);
    const body = readFileSync(join(folder, `V${version}`, `${source}conf`));
    const directory = verifyDirectory(
      body,
      keys.map(({ certificate }) => certificate),
      clock,
    );
    const texts = directory.parts.map(({ location, digest, hash }) => {
      const bytes = readFileSync(join(folder, location));
      expect(createHash(digest.name).update(bytes).digest()).toEqual(hash);
      return bytes.toString('utf8');
    });
    return { ...directory, text: texts.join('\n') };
  };
  const generations = (version: ConfigurationVersion) =>
    readdirSync(join(folder, `V${version}`)).filter((name) => /^\d{23}$/.test(name));

  it('publishes at once after a change, and the changes of a busy moment together', async () => {
    const publisher = await start();
    const before = generations(6).length;
    for (let count = 0; count < 40; count++) await rename(`Name ${count}`);
    await publisher.publish();
    expect((await readPublished(6, 'internal')).text).toContain('Name 39');
    expect(generations(6).length - before).toBeLessThan(40);
    expect(reported).toEqual([]);
  });

  it('renews the expiry without writing the same parts again', async () => {
    const publisher = await start();
    const first = await readPublished(6, 'internal');
    expect(first.expiresAt).toEqual(new Date('2026-03-04T05:16:07Z'));
    clock = new Date(clock.getTime() + 60_000);
    await publisher.publish();
    const second = await readPublished(6, 'internal');
    expect(second.expiresAt).toEqual(new Date('2026-03-04T05:17:07Z'));
    expect(second.parts).toEqual(first.parts);
    expect(generations(6)).toHaveLength(1);
  });

  it('removes former parts when the last directory that named them has expired, and not before', async () => {
    const publisher = await start();
    const [former] = generations(6);
    await rename('Second');
    await publisher.publish();
    clock = new Date(clock.getTime() + 599_000);
    await publisher.publish();
    expect(generations(6)).toContain(former);
    clock = new Date(clock.getTime() + 2_000);
    await publisher.publish();
    expect(generations(6)).toHaveLength(1);
    expect(generations(6)).not.toContain(former);
    await readPublished(6, 'internal');
  });

  it('clears away what an earlier run left, after its time', async () => {
    await (await start()).close();
    writeFileSync(join(folder, 'V6', 'internalconf.half.tmp'), 'half');
    clock = new Date(clock.getTime() + 1000);
    const publisher = await start();
    expect(readdirSync(join(folder, 'V6')).some((name) => name.endsWith('.tmp'))).toBe(false);
    expect(generations(6)).toHaveLength(2);
    clock = new Date(clock.getTime() + 601_000);
    await publisher.publish();
    expect(generations(6)).toHaveLength(1);
  });

  it('says why it cannot publish, keeps what is published, and goes on when it can again', async () => {
    const publisher = await start();
    const before = await readPublished(6, 'internal');
    token.deactivate();
    await rename('Second');
    await expect(publisher.publish()).rejects.toMatchObject({ code: 'not-active' });
    expect(publisher.state().failure).toBeDefined();
    await expect(publisher.publish()).rejects.toMatchObject({ code: 'not-active' });
    expect(await readPublished(6, 'internal')).toEqual(before);
    // The one in force, and the one that waits for its signature: attempts do not fill the disk.
    expect(generations(2)).toHaveLength(2);
    await token.activate(pin);
    await publisher.publish();
    expect(publisher.state().failure).toBeUndefined();
    expect((await readPublished(6, 'internal')).text).toContain('Second');
    expect(reported.length).toBeGreaterThan(0);
  });

  it('knows the configuration that readers have, and none once it has expired', async () => {
    const publisher = await start();
    const names = () =>
      publisher
        .configuration()
        .shared('TEST')
        ?.members.map(({ name }) => name);
    expect(names()).toEqual(['First']);
    await rename('Second');
    await publisher.publish();
    expect(names()).toEqual(['Second']);
    clock = new Date(clock.getTime() + 600_000);
    expect(() => publisher.configuration()).toThrow(expect.objectContaining({ code: 'OutdatedGlobalConf' }));
    await publisher.publish();
    expect(names()).toEqual(['Second']);
  });

  // Ten signatures make one publication: each is a place where the process may die.
  it.each(versions.flatMap((_, index) => [2 * index + 1, 2 * index + 2]))(
    'leaves every directory whole when it dies before signature %d',
    async (fatal) => {
      await (await start()).close();
      await rename('Second');
      let count = 0;
      let reached: () => void;
      const died = new Promise<void>((resolve) => {
        reached = resolve;
      });
      let revive: () => void = () => undefined;
      const dying: Pick<Token, 'signingKey'> = {
        signingKey: (keyId) => {
          const key = token.signingKey(keyId);
          return {
            ...key,
            sign: (bytes, encoding) => {
              count++;
              if (count < fatal) return key.sign(bytes, encoding);
              reached();
              // What comes after this never happens, as far as the disk can tell.
              return new Promise((_resolve, reject) => {
                revive = () => reject(new Error('dead'));
              });
            },
          };
        },
      };
      const starting = start(dying);
      await died;
      for (const [index, version] of versions.entries()) {
        for (const [offset, source] of sources.entries()) {
          const { text } = await readPublished(version, source);
          const isSigned = 2 * index + offset + 1 < fatal;
          expect(text).toContain(isSigned ? 'Second' : 'First');
        }
      }
      revive();
      await expect(starting).rejects.toThrow('dead');
      await start();
      for (const version of versions) {
        for (const source of sources) expect((await readPublished(version, source)).text).toContain('Second');
      }
    },
  );
});
