import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  buildSnapshot,
  type ConfigurationSnapshot,
  type GlobalConfiguration,
  readSnapshot,
} from '../../gateway/configuration/index.ts';
import { createKey } from '../../gateway/configuration/testing/samples.ts';
import { contentOf, issue, type TestRegistry } from '../../gateway/configuration/testing/snapshots.ts';
import { SnapshotArchive } from './index.ts';

let then: ConfigurationSnapshot;
let present: GlobalConfiguration;
let registry: TestRegistry;
const made = (groups: string) => issue(registry, { expiresAt: new Date(0), groups, federated: [] });
const shown = (configuration: GlobalConfiguration) =>
  configuration.shared('DEV')?.globalGroups[0]?.description;

beforeAll(async () => {
  registry = { instance: 'DEV', signer: await createKey('registry') };
  then = buildSnapshot(contentOf(registry, await made('then')));
  present = readSnapshot(buildSnapshot(contentOf(registry, await made('now'))).files).configuration;
});

describe('configurations as of then', () => {
  let kept: Map<string, ConfigurationSnapshot>;
  let loaded: string[];
  let archive: SnapshotArchive;
  beforeEach(() => {
    kept = new Map([[then.id, then]]);
    loaded = [];
    const load = async (id: string) => {
      loaded.push(id);
      if (id === 'damaged') throw new Error('damaged');
      return kept.get(id);
    };
    const removeExpired = async () => [then.id];
    archive = new SnapshotArchive({ load, removeExpired }, () => present);
  });

  it('are read once, for as long as they are asked for', async () => {
    const both = await Promise.all([archive.configurationOf(then.id), archive.configurationOf(then.id)]);
    expect(both.map(shown)).toEqual(['then', 'then']);
    expect(loaded).toHaveLength(1);
    for (let number = 0; number < 20; number += 1) {
      kept.set(`${number}`, then);
      await archive.configurationOf(`${number}`);
    }
    await archive.configurationOf(then.id);
    expect(loaded.filter((id) => id === then.id)).toHaveLength(2);
  });

  it('are the present one when they were not kept, until they are there again', async () => {
    kept.clear();
    expect(await archive.snapshot(then.id)).toBeUndefined();
    expect(shown(await archive.configurationOf(then.id))).toBe('now');
    kept.set(then.id, then);
    expect(shown(await archive.configurationOf(then.id))).toBe('then');
  });

  it('are not the present one when they were damaged', async () => {
    await expect(archive.configurationOf('damaged')).rejects.toThrow('damaged');
    await expect(archive.configurationOf('damaged')).rejects.toThrow('damaged');
    expect(loaded).toEqual(['damaged', 'damaged']);
  });
});
