import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadOrMakeSecrets } from '../../pilot/index.ts';
import type { RunningServer } from '../../security-server/index.ts';
import { call, startNetwork, type TestNetwork } from './network.ts';

interface Sent {
  readonly id: number;
  readonly kind: string;
  readonly status: string;
  readonly requestId?: number;
  readonly reason?: string;
  readonly messageId: string;
}

const city = 'PILOT:MUN:2001';
const archive = `${city}:archive`;
const heir = 'PILOT:MUN:2002';
const saved = { status: 'saved', connectionType: 'NOSSL', certificates: [] };

/** Runs the built program to its end. */
function waygate(...args: readonly string[]) {
  return new Promise<{ status: number; stdout: string; stderr: string }>((done) => {
    execFile(process.execPath, ['dist/bin/waygate.js', ...args], (error, stdout, stderr) => {
      done({ status: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

describe('management requests of a security server', () => {
  let network: TestNetwork;
  beforeAll(async () => {
    network = await startNetwork();
  });
  afterAll(() => network.close());

  const send = (body: object) => network.cityAdmin.post<Sent>('/management-requests', body);
  const sent = (id: number) => network.cityAdmin.get<Sent>(`/management-requests/${id}`);
  const clientStatus = async (id: string) =>
    (await network.cityAdmin.get<{ id: string; status: string }[]>('/clients')).find((one) => one.id === id)
      ?.status;
  const automatic = (clientReg: boolean) =>
    network.registryAdmin.put('/management-requests/automatic-approval', {
      authCertReg: false,
      clientReg,
      ownerChange: false,
    });
  const servers = () =>
    [
      [network.ministry, network.ministryAdmin],
      [network.city, network.cityAdmin],
    ] as const;
  const entryIn = (running: RunningServer) =>
    running
      .configuration()
      .shared('PILOT')
      ?.securityServers.find(({ id }) => id.serverCode === 'ss2');
  /** The city's server as both configurations have it, once it is as expected in either. */
  const entryOnce = async (isAsExpected: (entry: NonNullable<ReturnType<typeof entryIn>>) => boolean) => {
    for (const [running, admin] of servers()) {
      const isThere = () => {
        const entry = entryIn(running);
        return entry !== undefined && isAsExpected(entry);
      };
      for (let attempt = 0; !isThere(); attempt += 1) {
        if (attempt > 200) throw new Error('the registry did not publish what was expected');
        await admin.post('/configuration/refresh');
      }
    }
    const entry = entryIn(network.city);
    if (entry === undefined) throw new Error('the server of the city is gone');
    return entry;
  };
  const names = () =>
    network.city
      .configuration()
      .shared('PILOT')
      ?.members.flatMap(({ subsystems }) => subsystems.map(({ name }) => name));

  it('registered the pilot: each server and each client sent its own, and none failed', async () => {
    const all = await network.cityAdmin.get<Sent[]>('/management-requests');
    expect(all.map(({ kind, status }) => [kind, status])).toEqual([
      ['clientReg', 'approved'],
      ['clientReg', 'approved'],
      ['authCertReg', 'approved'],
    ]);
    expect(names()).toEqual(expect.arrayContaining(['Citizen portal', 'Population register']));
    // The server itself acts for its owner, and until an administrator says so nobody else does.
    const query = `queryId=${all[0]?.messageId}&xRoadInstance=PILOT&memberClass=MUN&memberCode=2001&force`;
    expect((await fetch(`${network.city.clientUrl}/asic?${query}`)).status).toBe(401);
  });

  it('wait for an administrator of the registry; the client takes part when it was approved', async () => {
    await automatic(false);
    await network.cityAdmin.put(`/clients/${encodeURIComponent(archive)}`, saved);
    const { id, requestId, status } = await send({ kind: 'clientReg', client: archive });
    expect([status, await clientStatus(archive)]).toEqual(['waiting', 'saved']);
    await expect(send({ kind: 'clientReg', client: archive })).rejects.toThrow('invalid-request');
    const [again] = await network.cityAdmin.get<Sent[]>('/management-requests');
    expect(again).toMatchObject({
      status: 'failed',
      reason: expect.stringContaining('waits for a decision'),
    });

    await network.registryAdmin.post(`/management-requests/${requestId}/approve`);
    await entryOnce(({ clients }) =>
      clients.some((one) => 'subsystemCode' in one && one.subsystemCode === 'archive'),
    );
    await network.cityAdmin.post('/management-requests/refresh');
    expect(await sent(id)).toMatchObject({ status: 'approved' });
    expect(await clientStatus(archive)).toBe('registered');
  });

  it('tell why an administrator declined', async () => {
    await automatic(false);
    const client = `${city}:declined`;
    await network.cityAdmin.put(`/clients/${encodeURIComponent(client)}`, saved);
    const { id, requestId } = await send({ kind: 'clientReg', client });
    await network.registryAdmin.post(`/management-requests/${requestId}/decline`, {
      reason: 'no such register & none to come',
    });
    await network.cityAdmin.post('/management-requests/refresh');
    expect(await sent(id)).toMatchObject({ status: 'declined', reason: 'no such register & none to come' });
    expect(await clientStatus(client)).toBe('saved');
  });

  it('rename, disable, enable and delete a client at once', async () => {
    const client = `${city}:permits`;
    await send({ kind: 'clientRename', client, subsystemName: 'Permits & plans' });
    const isHere = ({ clients }: { readonly clients: readonly object[] }) =>
      clients.some((one) => 'subsystemCode' in one && one.subsystemCode === 'permits');
    await send({ kind: 'clientDisable', client });
    expect(await clientStatus(client)).toBe('disabled');
    await entryOnce((entry) => !isHere(entry));
    expect(names()).toContain('Permits & plans');
    await send({ kind: 'clientEnable', client });
    expect(await clientStatus(client)).toBe('registered');
    await entryOnce(isHere);
    await send({ kind: 'clientDeletion', client });
    expect(await clientStatus(client)).toBe('saved');
    await entryOnce((entry) => !isHere(entry));
  });

  it('put the server into maintenance and out again, and move it; its clients are called accordingly', async () => {
    await send({ kind: 'maintenanceModeEnable', message: 'back at noon' });
    const closed = await entryOnce(({ inMaintenanceMode }) => inMaintenanceMode !== undefined);
    expect(closed.inMaintenanceMode).toEqual({ message: 'back at noon' });
    // Those it asks are not in maintenance.
    const path = '/r1/PILOT/GOV/1001/population/register/persons/P-1001';
    expect((await call(network, path)).status).toBe(200);
    await send({ kind: 'maintenanceModeDisable' });
    await entryOnce(({ inMaintenanceMode }) => inMaintenanceMode === undefined);
    await send({ kind: 'addressChange', address: 'localhost' });
    expect((await entryOnce(({ address }) => address === 'localhost')).address).toBe('localhost');
    await send({ kind: 'addressChange', address: '127.0.0.2' });
    await entryOnce(({ address }) => address === '127.0.0.2');
  });

  it('are refused to a server that hosts the management service and wants to close', async () => {
    const closing = network.ministryAdmin.post('/management-requests', { kind: 'maintenanceModeEnable' });
    await expect(closing).rejects.toThrow('invalid-request');
  });

  it('are sent and listed from the command line', async () => {
    const where = ['--admin', network.city.adminUrl, '--data', join(network.data, 'city')];
    const sending = await waygate(
      'server',
      'request',
      'clientRename',
      '--json',
      ...where,
      '--client',
      archive,
    );
    expect([sending.status, sending.stderr]).toEqual([2, expect.stringContaining('invalid-fields')]);
    const name = ['--client', archive, '--name', 'Archive'];
    const renamed = await waygate('server', 'request', 'clientRename', '--json', ...where, ...name);
    const { id, status } = JSON.parse(renamed.stdout) as Sent;
    expect([renamed.status, status]).toEqual([0, 'approved']);
    const listed = await waygate('server', 'requests', ...where);
    expect(listed.stdout.split('\n')[0]).toMatch(new RegExp(`^ *${id} .*approved +clientRename`));
    const unreachable = await waygate(
      'server',
      'requests',
      '--admin',
      'http://127.0.0.1:1',
      ...where.slice(2),
    );
    expect([unreachable.status, unreachable.stderr]).toEqual([
      2,
      expect.stringContaining('http://127.0.0.1:1'),
    ]);
  });

  it('check and register another authentication certificate, and delete it', async () => {
    const [own] = (await network.cityAdmin.get<{ sha256: string; use: string }[]>('/certificates')).filter(
      ({ use }) => use === 'authentication',
    );
    const certificate = own?.sha256;
    // Registered before: the registry would not take it, and says so before anything is registered.
    await expect(send({ kind: 'authCertReg', certificate, dryRun: true })).rejects.toThrow('invalid-request');
    await send({ kind: 'authCertDeletion', certificate });
    const isWithout = await entryOnce(({ authCertHashes }) => authCertHashes.length === 0);
    expect(isWithout.authCertHashes).toEqual([]);
    // Now nobody lets the server in: what is sent over X-Road is refused, what goes straight to the registry is not.
    await expect(send({ kind: 'maintenanceModeDisable' })).rejects.toThrow('ssl-authentication-failed');
    expect(await send({ kind: 'authCertReg', certificate, dryRun: true })).toMatchObject({
      status: 'checked',
      requestId: 0,
    });
    const { id, requestId, status } = await send({ kind: 'authCertReg', certificate });
    expect(status).toBe('waiting');
    await network.registryAdmin.post(`/management-requests/${requestId}/approve`);
    await entryOnce(({ authCertHashes }) => authCertHashes.length === 1);
    await network.cityAdmin.post('/management-requests/refresh');
    expect(await sent(id)).toMatchObject({ status: 'approved' });
  });

  it('of a new owner need its signature, and give it the server', async () => {
    await expect(send({ kind: 'ownerChange', client: `${city}:portal` })).rejects.toThrow(
      'invalid-identifier',
    );
    await network.registryAdmin.post('/members', { id: heir, name: 'Regional services' });
    await network.cityAdmin.put(`/clients/${encodeURIComponent(heir)}`, saved);
    // It has no signing key here: nobody can ask in its name.
    await expect(send({ kind: 'clientReg', client: heir })).rejects.toThrow('cannot-create-signature');
    await takeSigningCertificate();
    await automatic(true);
    expect(await send({ kind: 'clientReg', client: heir })).toMatchObject({ status: 'approved' });
    const { id, requestId, status } = await send({ kind: 'ownerChange', client: heir });
    expect(status).toBe('waiting');
    await network.registryAdmin.post(`/management-requests/${requestId}/approve`);
    await entryOnce((entry) => entry.id.memberCode === '2002');
    await network.cityAdmin.post('/management-requests/refresh');
    expect(await sent(id)).toMatchObject({ status: 'approved' });
    const { server } = await network.cityAdmin.get<{ server: string }>('/status');
    expect(server).toBe(`${heir}:ss2`);
    // It speaks for the server now.
    const { messageId } = await send({ kind: 'maintenanceModeDisable' });
    const query = `queryId=${messageId}&xRoadInstance=PILOT&memberClass=MUN&memberCode=2002&force`;
    expect((await fetch(`${network.city.clientUrl}/asic?${query}`)).status).toBe(200);
  });

  /** Has the authority certify another member's key in the city's token. */
  const takeSigningCertificate = async () => {
    const spec = { type: 'ec', curve: 'P-256' };
    const { id } = await network.cityAdmin.post<{ id: string }>('/keys', { label: 'heir', spec });
    const { request } = await network.cityAdmin.post<{ request: string }>(`/keys/${id}/requests`, {
      subject: { O: 'Regional services', CN: 'heir' },
    });
    const [, memberClass = '', memberCode = ''] = heir.split(':');
    const { issue } = await loadOrMakeSecrets(network.data);
    const response = await fetch(`http://127.0.0.1:${network.ports.authority}/issue`, {
      method: 'POST',
      headers: { authorization: `Bearer ${issue}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        ...{ request, kind: 'signing', profile: 'basic' },
        applicant: {
          ...{ instance: 'PILOT', memberClass, memberCode, memberName: 'Regional services' },
          ...{ serverCode: 'ss2', dnsName: '127.0.0.2' },
        },
      }),
    });
    await network.cityAdmin.post('/certificates', { certificate: await response.text() });
  };
});
