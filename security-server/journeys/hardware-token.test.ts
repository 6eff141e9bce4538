import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasSoftHsm, SoftHsm } from '../../certs/pkcs11/testing/soft-hsm.ts';
import { type Listening, listen } from '../../gateway/http/index.ts';
import { type AdminClient, adminClient, loadOrMakeSecrets } from '../../pilot/index.ts';
import { foundNetwork, type ProcessNetwork, type ServerProcess } from './processes.ts';

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

  const exchange = async () => {
    const url = `${network.clientUrls.city}/r1/PILOT/GOV/1001/population/register/persons/P-1001`;
    const response = await request(url, { headers: { 'X-Road-Client': 'PILOT/MUN/2001/permits' } });
    await response.body.dump();
    return response.headers['x-road-error'] ?? response.statusCode;
  };
  const device = async () => (await admin.get<readonly KnownToken[]>('/tokens'))[1];

  it('is certified like any other, and signs with it from then on', async () => {
    const tokenId = (await device())?.id;
    expect(await device()).toMatchObject({ kind: 'device', isActive: true });
    const spec = { type: 'ec', curve: 'P-256' };
    const key = await admin.post<{ id: string }>('/keys', { label: 'signing', spec, tokenId });
    const { request: pem } = await admin.post<{ request: string }>(`/keys/${key.id}/requests`, {
      subject: { O: 'City', CN: 'ss2' },
    });
    const { issue } = await loadOrMakeSecrets(network.data);
    const certificateOf = async (kind: string) => {
      const issued = await request(`${network.urls.authority}/issue`, {
        method: 'POST',
        headers: { authorization: `Bearer ${issue}`, 'content-type': 'application/json' },
        body: JSON.stringify({
          ...{ request: pem, kind, profile: 'basic' },
          applicant: {
            ...{ instance: 'PILOT', memberClass: 'MUN', memberCode: '2001', memberName: 'City of Rivertown' },
            ...{ serverCode: 'ss2', dnsName: '127.0.0.2' },
          },
        }),
      });
      return issued.body.text();
    };
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
});
