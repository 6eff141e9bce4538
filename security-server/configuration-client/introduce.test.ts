import { beforeAll, describe, expect, it } from 'vitest';
import { buildSnapshot, type Introduction, verifySnapshot } from '../../gateway/configuration/index.ts';
import { createKey } from '../../gateway/configuration/testing/samples.ts';
import {
  anchorTo,
  contentOf,
  type Issued,
  issue,
  type TestRegistry,
} from '../../gateway/configuration/testing/snapshots.ts';
import { introduce } from './introduce.ts';
import type { Fetched } from './snapshot-in-force.ts';

const expiresAt = new Date('2026-06-01T12:00:00Z');
let first: TestRegistry;
let second: TestRegistry;
let third: TestRegistry;

beforeAll(async () => {
  const registry = async (name: string) => ({ instance: 'DEV', signer: await createKey(name) });
  [first, second, third] = [await registry('first'), await registry('second'), await registry('third')];
});

/** What a server holds of an issue, with how it came there. */
function fetchedBy({ files, directory }: Issued, introductions: readonly Introduction[] = []): Fetched {
  return {
    own: 'DEV',
    files,
    directories: [introductions.length === 0 ? directory : { ...directory, introductions }],
  };
}

const follow = ({ directory }: Issued, before: Fetched) => introduce(anchorTo(first), directory.body, before);

describe('a registry that replaces its keys', () => {
  it('is followed by who has its first anchor, and needs no introductions that the anchor makes idle', async () => {
    const nothing: Fetched = { own: 'DEV', files: [], directories: [] };
    const old = await issue(first, { expiresAt, federated: [], introduces: [second] });
    expect(follow(old, nothing)).toEqual([]);

    // The new key signs: the last that the old one signed introduced it.
    const renewed = await issue(second, { expiresAt, federated: [], introduces: [second] });
    const once = follow(renewed, fetchedBy(old));
    expect(once).toEqual([{ directory: old.directory.body, shared: old.files[0]?.content }]);

    // It signs again, and the way there stays the same.
    const again = await issue(second, { expiresAt, federated: [], introduces: [second, third] });
    expect(follow(again, fetchedBy(renewed, once))).toBe(once);

    // A further key, introduced by the second.
    const last = await issue(third, { expiresAt, federated: [] });
    const twice = follow(last, fetchedBy(again, once));
    expect(twice).toHaveLength(2);
    const { files, directory } = last;
    const introduced = { files, directory: { ...directory, introductions: twice } };
    expect(
      verifySnapshot(buildSnapshot(contentOf(first, introduced)), { at: new Date('2026-06-01') }),
    ).toEqual([]);

    // The first key is back.
    expect(follow(old, fetchedBy(last, twice))).toEqual([]);
  });
});
