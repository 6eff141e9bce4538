import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  buildFromFiles,
  type ConfigurationVersion,
  parseAnchor,
  verifyDirectory,
  versions,
} from '../gateway/configuration/index.ts';
import { AskedRegistry } from './testing/asked-registry.ts';

const identifiers = 'xmlns:id="http://x-road.eu/xsd/identifiers"';
const monitoringClient = {
  kind: 'SUBSYSTEM',
  instance: 'TEST',
  memberClass: 'GOV',
  memberCode: '1',
} as const;

describe('a registry', () => {
  let registry: AskedRegistry;
  beforeEach(async () => {
    registry = await AskedRegistry.found('TEST');
    await ask('PUT', '/member-classes/GOV', { description: 'Government' });
    await ask('POST', '/members', { id: 'TEST:GOV:1', name: 'Ministry' });
    await ask('POST', '/subsystems', { id: 'TEST:GOV:1:monitor' });
  });
  afterEach(async () => {
    await registry.close();
    expect(registry.reported).toEqual([]);
  });

  const ask = (method: string, path: string, body?: unknown) => registry.ask(method, path, body);
  /** Changes some settings; undefined takes one away. */
  const set = async (changes: Record<string, unknown>) => {
    const { json } = await ask('GET', '/settings');
    return ask('PUT', '/settings', { ...json, ...changes });
  };

  /** The files that a directory names, by content identifier and name, with their text. */
  const download = async (source: 'internal' | 'external', version: ConfigurationVersion) => {
    const [place] = parseAnchor((await registry.running.anchor(source)).xml).sources;
    if (place === undefined) throw new Error('the anchor names no source');
    const body = Buffer.from(await (await fetch(`${place.url}?version=${version}`)).arrayBuffer());
    const { parts, expiresAt } = verifyDirectory(body, place.verificationCerts, new Date());
    // Every configuration has the part of the history, whatever is set.
    const set = parts.filter(({ contentIdentifier }) => contentIdentifier !== 'REGISTRY-HISTORY');
    return Promise.all(
      set.map(async ({ contentIdentifier, instance, location }) => {
        const content = Buffer.from(await (await fetch(new URL(location, place.url))).arrayBuffer());
        const name = `${contentIdentifier} ${location.split('/').at(-1)}`;
        return { contentIdentifier, instance, content, version, expiresAt, name, fileName: location };
      }),
    );
  };
  /** Resolves once the directory for own servers names so many files. */
  const published = async (count: number, version: ConfigurationVersion = 6) => {
    for (;;) {
      const files = await download('internal', version);
      if (files.length === count) return files;
    }
  };
  const mandatory = ['PRIVATE-PARAMETERS private-params.xml', 'SHARED-PARAMETERS shared-params.xml'];

  it('publishes no optional part while nothing is set', async () => {
    expect((await download('internal', 6)).map(({ name }) => name)).toEqual(mandatory);
  });

  it.each(versions)('publishes what is set in version %d, for own servers alone', async (version) => {
    const client = 'TEST:GOV:1:monitor';
    await set({ monitoringClient: client, ocspFetchIntervalSeconds: 60, verifyNextUpdate: false });
    const files = await published(5, version);
    expect(files.map(({ name }) => name)).toEqual([
      ...mandatory,
      'MONITORING monitoring-params.xml',
      'FETCHINTERVAL fetchinterval-params.xml',
      'NEXTUPDATE nextupdate-params.xml',
    ]);
    const configuration = buildFromFiles('TEST', files);
    expect(configuration.optional.monitoringClient).toEqual({
      ...monitoringClient,
      subsystemCode: 'monitor',
    });
    expect(configuration.ocspFetchIntervalMs).toBe(60_000);
    expect(configuration.verifyNextUpdate).toBe(false);
    expect((await download('external', version)).map(({ name }) => name)).toEqual(mandatory.slice(1));
  });

  it('writes each part as X-Road does', async () => {
    await set({ monitoringClient: 'TEST:GOV:1', ocspFetchIntervalSeconds: 300, verifyNextUpdate: true });
    const texts = (await published(5)).slice(2).map(({ content }) => String(content));
    const member =
      '<monitoringClientId id:objectType="MEMBER"><id:xRoadInstance>TEST</id:xRoadInstance>' +
      '<id:memberClass>GOV</id:memberClass><id:memberCode>1</id:memberCode></monitoringClientId>';
    const inner = [
      `<monitoringClient>${member}</monitoringClient>`,
      '<ocspFetchInterval>300</ocspFetchInterval>',
      '<verifyNextUpdate>true</verifyNextUpdate>',
    ];
    for (const [index, text] of texts.entries()) {
      expect(text).toContain(
        `<ns3:conf ${identifiers} xmlns:ns3="http://x-road.eu/xsd/xroad.xsd">${inner[index]}</ns3:conf>`,
      );
    }
  });

  it('takes a part away again with its setting', async () => {
    await set({ ocspFetchIntervalSeconds: 300 });
    await published(3);
    await set({ ocspFetchIntervalSeconds: undefined });
    expect(buildFromFiles('TEST', await published(2)).ocspFetchIntervalMs).toBe(1_200_000);
  });

  it('refuses intervals below 60 seconds, and clients that are not registered', async () => {
    expect(await set({ ocspFetchIntervalSeconds: 59 })).toMatchObject({
      status: 422,
      json: { code: 'invalid' },
    });
    expect(await set({ monitoringClient: 'TEST:GOV:2' })).toMatchObject({ status: 404 });
    expect(await set({ monitoringClient: 'ABROAD:GOV:1' })).toMatchObject({ status: 404 });
  });

  it('keeps the monitoring client registered, so that nobody can take its name', async () => {
    await set({ monitoringClient: 'TEST:GOV:1:monitor' });
    const refusal = { status: 409, json: { code: 'in-use' } };
    expect(await ask('DELETE', '/subsystems/TEST:GOV:1:monitor')).toMatchObject(refusal);
    await set({ monitoringClient: undefined });
    expect((await ask('DELETE', '/subsystems/TEST:GOV:1:monitor')).status).toBe(204);
  });

  it('publishes no version newer than it is told, also when it did before', async () => {
    const statuses = async () =>
      Promise.all(
        versions.map(async (version) => {
          const response = await fetch(
            `${registry.running.configurationUrl}/internalconf?version=${version}`,
          );
          await response.arrayBuffer();
          return response.status;
        }),
      );
    expect(await statuses()).toEqual([200, 200, 200, 200, 200]);
    await registry.start({ newestVersion: 4 });
    expect(await statuses()).toEqual([200, 200, 200, 404, 404]);
  });
});
