import { readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waygate } from '../../bin/journeys/run.ts';
import { type Listening, listen } from '../../gateway/http/index.ts';
import { readArchive } from '../../gateway/signature/index.ts';
import { adminClient, loadOrMakeSecrets } from '../../pilot/index.ts';
import { foundNetwork, type ProcessNetwork, type ServerProcess } from './processes.ts';

const service = 'PILOT:GOV:1001:population:register';

/** What an administrator and an auditor do with archives, on the command line, from what was exchanged to a search. */
describe('archives of a server', () => {
  let network: ProcessNetwork;
  let data: string;
  let target: string;
  let city: ServerProcess;
  let ministry: ServerProcess;
  let population: Listening;

  beforeAll(async () => {
    network = await foundNetwork();
    data = join(network.data, 'city');
    target = join(network.data, 'archives');
    const settings = join(network.data, 'city.yaml');
    const archive = { target: { kind: 'folder', path: target }, grouping: 'member', intervalHours: 0 };
    await writeFile(settings, JSON.stringify({ archive }));
    ministry = await network.start('ministry');
    const key = (await readFile(join(network.data, 'ministry', 'api-key'), 'utf8')).trim();
    const path = '/clients/PILOT%3AGOV%3A1001%3Apopulation/services';
    const [known] = await adminClient(network.urls.ministry, key).get<readonly { readonly url: string }[]>(
      path,
    );
    const answering = createServer((_incoming, outgoing) => outgoing.end('{"name":"Aino"}'));
    population = await listen(answering, '127.0.0.1', Number(new URL(known?.url ?? '').port), 'none');
    city = await network.start('city', ['--settings', settings]);
  });
  afterAll(async () => {
    await network?.close();
    await population?.close(100);
  });

  const server = (...args: readonly string[]) =>
    waygate('server', ...args, '--data', data, '--admin', network.urls.city, '--json');
  const answer = async (ended: ReturnType<typeof waygate>) => {
    const { status, stdout, stderr } = await ended;
    expect([status, stderr]).toEqual([0, '']);
    return JSON.parse(stdout);
  };
  const exchange = async (id: string) => {
    const url = `${network.clientUrls.city}/r1/PILOT/GOV/1001/population/register/persons/P-1001`;
    const headers = { 'X-Road-Client': 'PILOT/MUN/2001/permits', 'X-Road-Id': id };
    const response = await request(url, { headers });
    await response.body.dump();
    return response.headers['x-road-error'] ?? response.statusCode;
  };
  const archives = async () => (await readdir(target)).toSorted().map((name) => join(target, name));

  it('hold what was exchanged, and verify', async () => {
    for (const id of ['one', 'two']) expect(await exchange(id)).toBe(200);
    await answer(server('body-policy', 'set', service, 'digest', '--side', 'client'));
    expect(await answer(server('body-policy', 'list'))).toEqual([
      { scope: service, side: 'client', policy: { kind: 'digest' } },
    ]);
    expect(await exchange('no-body')).toBe(200);
    await answer(server('body-policy', 'remove', service, '--side', 'client'));
    const { archived, size } = await answer(server('archive'));
    expect(size).toBeGreaterThanOrEqual(6);
    expect(archived).toBe(size);
    const listed = await answer(server('archive', '--list'));
    expect(listed.every(({ deliveredAt }: { deliveredAt: string | null }) => deliveredAt !== null)).toBe(
      true,
    );
    const { bundles, linking } = await answer(waygate('audit', 'verify', '--json', ...(await archives())));
    expect(linking.valid).toBe(true);
    expect(bundles.map(({ verdict }: { verdict: { valid: boolean } }) => verdict.valid)).toEqual(
      (await archives()).map(() => true),
    );
  });

  it('are imported, searched, and give their containers back', async () => {
    const into = join(network.data, 'imported');
    const imported = await answer(
      waygate('audit', 'import', '--json', '--into', into, ...(await archives())),
    );
    expect(imported.missing).toEqual([]);
    expect(imported.archives.every((one: { imported: boolean }) => one.imported)).toBe(true);
    const { messages } = await answer(
      waygate('audit', 'imported', into, '--json', '--party', 'PILOT:GOV:1001', '--id', 'two'),
    );
    expect(messages.map(({ direction }: { direction: string }) => direction).toSorted()).toEqual([
      'request',
      'response',
    ]);
    const zip = join(network.data, 'two.zip');
    const { containers } = await answer(
      waygate('audit', 'imported', into, '--json', '--id', 'two', '--save', zip),
    );
    expect(containers).toHaveLength(2);
    const again = await waygate('audit', 'imported', into, '--id', 'two', '--save', zip);
    expect(again.status).toBe(2);
    const none = await waygate('audit', 'imported', join(into, 'none'));
    expect([none.status, none.stdout]).toEqual([2, '']);
  });

  it('hold containers that verify alone', async () => {
    const [file = ''] = (await archives()).slice(-1);
    const { containers } = await readArchive(await readFile(file));
    const kept = containers.filter(({ name }) => !name.includes('no-body'));
    const files = kept.map(({ name }) => join(network.data, name));
    for (const [at, { bytes }] of kept.entries()) await writeFile(files[at] ?? '', bytes);
    const configuration = join(data, 'globalconf');
    const { results } = await answer(
      waygate('audit', 'verify', '--json', '--configuration', configuration, ...files),
    );
    expect(results.length).toBeGreaterThanOrEqual(2);
  });

  it('are not reached by an erasure, which the log, its evidence and the audit log tell', async () => {
    const asked = `queryId=two&xRoadInstance=PILOT&memberClass=MUN&memberCode=2001&subsystemCode=permits`;
    const containers = () => request(`${network.clientUrls.city}/asic?${asked}&requestOnly&unique`);
    const before = await containers();
    await before.body.dump();
    const erased = await answer(server('erase', '--id', 'two', '--reason', 'request 31 of a citizen'));
    expect(erased.erased.map(({ direction }: { direction: string }) => direction)).toEqual([
      'request',
      'response',
    ]);
    const after = await containers();
    await after.body.dump();
    expect([before.statusCode, after.statusCode]).toEqual([200, 404]);
    const usage = await server('erase', '--reason', 'none');
    expect([usage.status, usage.stdout]).toEqual([2, '']);
    expect(await answer(server('rotate-log-key'))).toEqual({ rotatedAt: expect.any(String) });
    expect(await exchange('under-the-new-key')).toBe(200);
    const key = (await readFile(join(data, 'api-key'), 'utf8')).trim();
    const events = await adminClient(network.urls.city, key).get<
      readonly { readonly action: string; readonly target: string }[]
    >('/audit-events?limit=50');
    const actions = events.map(({ action, target }) => `${action} ${target}`);
    expect(actions).toEqual(
      expect.arrayContaining([
        'evidence.container-read two',
        'evidence.erase two',
        'evidence.key-rotate log',
      ]),
    );
  });

  it('leave a log that is whole, also over a restart', async () => {
    await city.stop();
    const { city: pin } = await loadOrMakeSecrets(network.data);
    const pinFile = join(network.data, 'pin');
    await writeFile(pinFile, pin, { mode: 0o600 });
    const { status, stdout } = await waygate('audit', 'fsck', data, '--pin-file', pinFile);
    expect([status, stdout]).toEqual([0, expect.any(String)]);
    expect(ministry.log()).not.toContain('"error"');
  });
});
