import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { GlobalConfiguration } from '../../gateway/configuration/index.ts';
import { type ClientId, equal, parseEncodedClient } from '../../gateway/identifier/index.ts';
import { CatalogueStore, Gathering } from './index.ts';

const client = { id: parseEncodedClient('DEV:MUN:2:portal'), status: 'registered' } as const;
const provider = 'DEV:GOV:1:population';
const dayMs = 86_400_000;

describe('gathering what providers offer', () => {
  let dir: string;
  let store: CatalogueStore;
  let gathering: Gathering;
  let now: Date;
  let subsystems: string[];
  let clients: object[];
  let mayGather: boolean;
  /** What the next numbers are that look random. */
  let chance: number;
  const troubles: unknown[] = [];

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'waygate-catalogue-'));
    store = new CatalogueStore(join(dir, 'catalogue.sqlite'));
    [now, subsystems, clients] = [new Date(0), ['population', 'unserved'], [client]];
    [mayGather, chance] = [true, 0];
    const configuration = {
      instances: ['DEV'],
      shared: () => ({
        members: [
          {
            id: { kind: 'MEMBER', instance: 'DEV', memberClass: 'GOV', memberCode: '1' },
            name: 'Ministry',
            subsystems: subsystems.map((subsystemCode) => ({ subsystemCode, name: 'Population register' })),
          },
        ],
      }),
      serversOf: (id: ClientId) =>
        subsystems.some((code) => code !== 'unserved' && equal(id, parseEncodedClient(`DEV:GOV:1:${code}`)))
          ? [{}]
          : [],
    };
    gathering = new Gathering({
      store,
      // Nobody listens there.
      loopback: () => ({ url: new URL('https://127.0.0.1:1'), certificate: Buffer.alloc(0) }) as never,
      configuration: () => configuration as unknown as GlobalConfiguration,
      clients: () => clients as never,
      intervalMs: dayMs,
      mayGather: () => mayGather,
      ...{
        newId: () => 'id',
        now: () => now,
        random: () => chance,
        onTrouble: (error) => troubles.push(error),
      },
    });
  });
  afterEach(async () => {
    await gathering.close();
    store.close();
    rmSync(dir, { recursive: true });
    expect(troubles).toEqual([]);
  });

  /** Waits until nobody is asked any more. */
  const ended = async () => {
    while (gathering.status().waiting > 0) await new Promise(setImmediate);
  };

  it('leaves a provider that does not answer alone for ten minutes, then twenty, up to a week', async () => {
    const pauses: number[] = [];
    for (let attempt = 0; attempt < 13; attempt += 1) {
      gathering.look();
      expect(gathering.status().waiting).toBe(1);
      chance = 0.5;
      await ended();
      const { failures, error, nextAt, gatheredAt } = store.provider(provider) ?? {};
      expect([failures, gatheredAt]).toEqual([attempt + 1, undefined]);
      expect(error?.code).toMatch(/network_error$/);
      pauses.push(Number(nextAt) - now.getTime());
      now = new Date(Number(nextAt) - 1);
      gathering.look();
      expect(gathering.status().waiting).toBe(0);
      now = new Date(Number(nextAt));
    }
    expect(pauses.slice(0, 3)).toEqual([600_000, 1_200_000, 2_400_000]);
    expect(pauses.at(-1)).toBe(7 * dayMs);
  });

  it('asks one that is new some time within the interval', () => {
    chance = 0.25;
    gathering.look();
    expect(gathering.status().waiting).toBe(0);
    expect(store.provider(provider)).toMatchObject({ nextAt: dayMs / 4, failures: 0 });
  });

  it('asks whoever is ordered, whosever turn it is, and each once at a time', async () => {
    gathering.look();
    await ended();
    expect(gathering.order(client.id, provider)).toBe(1);
    expect(gathering.order(client.id, undefined)).toBe(1);
    expect(gathering.status().waiting).toBe(1);
    await ended();
    expect(store.provider(provider)?.failures).toBe(2);
  });

  it('asks nobody that no server serves, and forgets who left the configuration', async () => {
    expect(gathering.order(client.id, 'DEV:GOV:1:unserved')).toBeUndefined();
    expect(gathering.order(client.id, provider)).toBe(1);
    await ended();
    subsystems = [];
    expect(gathering.order(client.id, provider)).toBeUndefined();
    expect(store.providers(undefined, 10)).toEqual([]);
  });

  it('asks nobody by itself when this server cannot spare it, or has no client', () => {
    mayGather = false;
    gathering.look();
    [mayGather, clients] = [true, [{ ...client, status: 'saved' }]];
    gathering.look();
    expect(gathering.status()).toMatchObject({ waiting: 0, client: undefined });
  });

  it('that is broken off by the end of the server is no failure of a provider', async () => {
    gathering.order(client.id, provider);
    await gathering.close();
    expect(store.provider(provider)).toMatchObject({ failures: 0, triedAt: undefined });
  });
});
