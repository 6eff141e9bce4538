import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasSoftHsm, SoftHsm } from '../../certs/pkcs11/testing/soft-hsm.ts';
import { type Listening, listen } from '../../gateway/http/index.ts';
import { type AdminClient, adminClient } from '../../pilot/index.ts';
import { foundNetwork, type ProcessNetwork, type ServerProcess } from './processes.ts';
import { type CertificateKind, issueCertificate } from './testing/issue-certificate.ts';

const pin = '12345678';

interface KnownToken {
  readonly id?: string;
  readonly kind: string;
  readonly isActive: boolean;
  readonly trouble?: string;
}

describe.skipIf(!hasSoftHsm())('a member whose key is in a device (needs softhsm2)', () => {
  let network: ProcessNetwork;
  let hsm: SoftHsm;
  let population: Listening;
  let city: ServerProcess;
  let admin: AdminClient;
  let settings: string;

  beforeAll(async () => {
    hsm = new SoftHsm();
    hsm.addToken('city', pin);
    network = await foundNetwork();
    const pinFile = join(network.data, 'device-pin');
    await writeFile(pinFile, pin, { mode: 0o600 });
    settings = join(network.data, 'city.yaml');
    const { module, environment } = hsm;
    await writeFile(settings, JSON.stringify({ tokens: [{ module, environment, label: 'city', pinFile }] }));
    await network.start('ministry');
    const ministry = adminClient(network.urls.ministry, await keyOf('ministry'));
    const path = '/clients/PILOT%3AGOV%3A1001%3Apopulation/services';
    const [known] = await ministry.get<readonly { readonly url: string }[]>(path);
    const answering = createServer((_incoming, outgoing) => outgoing.end('{"name":"Aino"}'));
    population = await listen(answering, '127.0.0.1', Number(new URL(known?.url ?? '').port), 'none');
    await start();
  });
  afterAll(async () => {
    await network?.close();
    await population?.close(100);
    hsm.remove();
  });

  const keyOf = async (name: string) => (await readFile(join(network.data, name, 'api-key'), 'utf8')).trim();
  async function start(): Promise<void> {
    city = await network.start('city', ['--settings', settings]);
    admin = adminClient(network.urls.city, await keyOf('city'));
  }

  const exchange = async (client = 'PILOT/MUN/2001/permits') => {
    const url = `${network.clientUrls.city}/r1/PILOT/GOV/1001/population/register/persons/P-1001`;
    const response = await request(url, { headers: { 'X-Road-Client': client } });
    await response.body.dump();
    return response.headers['x-road-error'] ?? response.statusCode;
  };
  const issue = async (pem: string, kind: CertificateKind, memberCode: string, memberName: string) => {
    const member = { memberClass: 'MUN', memberCode, memberName, serverCode: 'ss2', dnsName: '127.0.0.2' };
    return issueCertificate(network.urls.authority, network.data, pem, kind, member);
  };

  /** A second member on the same server, whose key is in the software token, and who may call the register. */
  async function addMember(): Promise<string> {
    const registry = adminClient(network.urls.registry, await keyOf('registry'));
    await registry.post('/members', { id: 'PILOT:MUN:2002', name: 'Town' });
    const client = 'PILOT:MUN:2002:portal';
    const path = `/clients/${encodeURIComponent(client)}`;
    await admin.put(path, { status: 'saved', connectionType: 'NOSSL', certificates: [] });
    const spec = { type: 'ec', curve: 'P-256' };
    const key = await admin.post<{ id: string }>('/keys', { label: 'town', spec });
    const { request: pem } = await admin.post<{ request: string }>(`/keys/${key.id}/requests`, {
      subject: { O: 'Town', CN: 'ss2' },
    });
    await admin.post('/certificates', { certificate: await issue(pem, 'signing', '2002', 'Town') });
    await admin.post('/management-requests', { kind: 'clientReg', client, subsystemName: 'Portal' });
    const ministry = adminClient(network.urls.ministry, await keyOf('ministry'));
    const rights = '/clients/PILOT%3AGOV%3A1001%3Apopulation/services/register/access-rights';
    const given = await ministry.get<readonly object[]>(rights);
    const right = { subject: client, endpoints: [{ method: '*', path: '**' }] };
    await ministry.put(rights, [...given, right]);
    return 'PILOT/MUN/2002/portal';
  }

  /** Calls without a pause until it is ended, and counts what came of it. */
  function startCalling(client?: string) {
    const outcomes = new Map<string, number>();
    let isOver = false;
    const calling = (async () => {
      while (!isOver) {
        const outcome = String(await exchange(client));
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      }
    })();
    return {
      count: (outcome: string) => outcomes.get(outcome) ?? 0,
      outcomes: () => [...outcomes.keys()].sort(),
      end: async () => {
        isOver = true;
        await calling;
      },
    };
  }

  const device = async () => (await admin.get<readonly KnownToken[]>('/tokens'))[1];

  it('is certified like any other, and signs with it from then on', async () => {
    const tokenId = (await device())?.id;
    expect(await device()).toMatchObject({ kind: 'device', isActive: true });
    const spec = { type: 'ec', curve: 'P-256' };
    const key = await admin.post<{ id: string }>('/keys', { label: 'signing', spec, tokenId });
    const { request: pem } = await admin.post<{ request: string }>(`/keys/${key.id}/requests`, {
      subject: { O: 'City', CN: 'ss2' },
    });
    const certificateOf = (kind: CertificateKind) => issue(pem, kind, '2001', 'City of Rivertown');
    await expect(
      admin.post('/certificates', { certificate: await certificateOf('authentication') }),
    ).rejects.toThrow('authentication-key-in-device');
    await admin.post('/certificates', { certificate: await certificateOf('signing') });
    const all = await admin.get<readonly { sha256: string; use: string; keyId: string }[]>('/certificates');
    for (const { sha256, use, keyId } of all) {
      if (use === 'signing' && keyId !== key.id)
        await admin.delete(`/certificates/${sha256}?confirm=last-active-certificate`);
    }
    expect(await exchange()).toBe(200);
  });

  it('goes on over a restart, with nobody at hand', async () => {
    await city.stop();
    await start();
    expect(await device()).toMatchObject({ isActive: true });
    await expect.poll(exchange, { timeout: 20_000 }).toBe(200);
  });

  it('cannot sign without its device, which is told; and signs when it is back', async () => {
    const id = (await device())?.id ?? '';
    await admin.delete(`/tokens/${id}/activation`);
    expect(await exchange()).toBe('server.clientproxy.cannot_create_signature');
    await admin.post(`/tokens/${id}/activation`, { pin });
    await expect.poll(exchange, { timeout: 20_000 }).toBe(200);
    await city.stop();
    hsm.hide();
    await start();
    expect(await device()).toMatchObject({
      isActive: false,
      trouble: expect.stringContaining('no such token'),
    });
    expect(await exchange()).toBe('server.clientproxy.cannot_create_signature');
    hsm.show();
    await expect.poll(exchange, { timeout: 30_000 }).toBe(200);
    expect((await device())?.trouble).toBeUndefined();
  });

  it('pulled out and put back under load: its member gets clear faults and comes back by itself, others go on', async () => {
    const town = await addMember();
    await expect.poll(() => exchange(town), { timeout: 60_000 }).toBe(200);
    await expect.poll(() => exchange(), { timeout: 60_000 }).toBe(200);
    const refused = 'server.clientproxy.cannot_create_signature';
    const ofDevice = [startCalling(), startCalling(), startCalling()];
    const ofTown = [startCalling(town), startCalling(town)];
    const reaches = (callers: typeof ofTown, outcome: string, more: number) => {
      const wanted = callers.map((one) => one.count(outcome) + more);
      const all = () => callers.every((one, index) => one.count(outcome) >= (wanted[index] ?? 0));
      return expect.poll(all, { timeout: 60_000 }).toBe(true);
    };
    try {
      for (let time = 0; time < 2; time += 1) {
        await Promise.all([reaches(ofDevice, '200', 5), reaches(ofTown, '200', 5)]);
        hsm.hide();
        // Its driver may go on for a while with what it has read: a device that is pulled out ends that.
        endModule(city.pid);
        await Promise.all([reaches(ofDevice, refused, 5), reaches(ofTown, '200', 20)]);
        expect(await device()).toMatchObject({ isActive: false, state: 'away', trouble: expect.any(String) });
        hsm.show();
        await Promise.all([reaches(ofDevice, '200', 5), reaches(ofTown, '200', 5)]);
      }
    } finally {
      for (const caller of [...ofDevice, ...ofTown]) await caller.end();
    }
    expect(ofDevice.map((one) => one.outcomes())).toEqual(ofDevice.map(() => ['200', refused]));
    expect(ofTown.map((one) => one.outcomes())).toEqual(ofTown.map(() => ['200']));
    expect(await device()).toMatchObject({ isActive: true, state: 'signed-in' });
  }, 300_000);
});

/** Kills the process of the module that a server has started, and no other. */
function endModule(server: number): void {
  const children = readFileSync(`/proc/${server}/task/${server}/children`, 'utf8').trim().split(' ');
  const module = children.find((pid) =>
    readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('module-process'),
  );
  if (module === undefined) throw new Error('the server has no process with a module');
  process.kill(Number(module), 'SIGKILL');
}
