import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { SnapshotStore } from '../../security-server/configurations/index.ts';
import {
  anchorFingerprint,
  type GlobalConfiguration,
  readSnapshot,
  verifySnapshot,
} from '../configuration/index.ts';
import { type MessageFacts, parseFacts } from '../evidence/index.ts';
import { call, startNetwork, type TestNetwork } from './network.ts';

let network: TestNetwork;
beforeAll(async () => {
  network = await startNetwork();
}, 120_000);
afterAll(() => network.close());

const person = '/r1/PILOT/GOV/1001/population/register/persons/P-1001';

/** Facts of the records of one exchange, as they lie on disk. */
function factsOf(server: 'city' | 'ministry', queryId: string): MessageFacts[] {
  const dir = join(network.data, server, 'messages', 'partitions');
  return readdirSync(dir)
    .filter((name) => name.endsWith('.sqlite'))
    .flatMap((name) => {
      const database = new Database(join(dir, name), { readonly: true });
      const query =
        'SELECT facts FROM content JOIN record ON record.id = content.id WHERE queryId = ? ORDER BY record.id';
      const rows = database.prepare<[string], { facts: Buffer }>(query).all(queryId);
      database.close();
      return rows.map(({ facts }) => parseFacts(facts));
    })
    .flatMap((facts) => (facts.kind === 'message' ? facts : []));
}

const codesOf = (configuration: GlobalConfiguration) =>
  configuration.shared('PILOT')?.globalGroups.map(({ groupCode }) => groupCode);

describe('years later', () => {
  it('each record leads to the configuration that counted, proved by the anchor alone', async () => {
    await call(network, person, { headers: { 'X-Road-Id': 'before' } });
    await network.registryAdmin.put('/global-groups/latecomers', { description: 'Not there before' });
    // The registry publishes a moment after it changed.
    for (const server of ['city', 'ministry'] as const) {
      await vi.waitFor(
        async () => {
          await network[`${server}Admin`].post('/configuration/refresh');
          expect(codesOf(network[server].configuration())).toContain('latecomers');
        },
        { timeout: 20_000 },
      );
    }
    await call(network, person, { headers: { 'X-Road-Id': 'after' } });

    for (const server of ['city', 'ministry'] as const) {
      const data = join(network.data, server);
      const store = await SnapshotStore.open(join(data, 'messages', 'configurations'));
      const anchorHash = anchorFingerprint(readFileSync(join(data, 'configuration-anchor.xml')));
      const groups: unknown[] = [];
      for (const facts of [...factsOf(server, 'before'), ...factsOf(server, 'after')]) {
        const snapshot = await store.load(facts.configuration);
        if (snapshot === undefined) throw new Error(`${server} did not keep ${facts.configuration}`);
        expect(verifySnapshot(snapshot, { anchorHash, at: new Date(facts.at) })).toEqual([]);
        groups.push(codesOf(readSnapshot(snapshot.files).configuration)?.includes('latecomers'));
      }
      // Request and response of each.
      expect(groups).toEqual([false, false, true, true]);
    }
  });
});
