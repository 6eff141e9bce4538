import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { request } from 'undici';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createAuditor } from '../../security-server/index.ts';
import { readConfigurationFolder } from '../configuration/index.ts';
import { type Listening, listen } from '../http/index.ts';
import { freePorts } from '../http/testing/free-ports.ts';
import type { SubsystemId } from '../identifier/index.ts';
import { SmallInstance } from './testing/small-instance.ts';

const homeOffice: SubsystemId = {
  kind: 'SUBSYSTEM',
  instance: 'HOME',
  memberClass: 'GOV',
  memberCode: '1',
  subsystemCode: 'office',
};

describe('two instances of a federation', () => {
  let data: string;
  let home: SmallInstance;
  let abroad: SmallInstance;
  let service: Listening;
  let calls = 0;

  beforeAll(async () => {
    data = await mkdtemp(join(tmpdir(), 'waygate-federation-'));
    const common = {
      peerPort: await freePorts(1),
      allowedFederations: 'all',
      onTrouble: () => undefined,
    } as const;
    home = await SmallInstance.start({
      ...common,
      code: 'HOME',
      data: join(data, 'home'),
      host: '127.0.0.1',
    });
    abroad = await SmallInstance.start({
      ...common,
      code: 'ABROAD',
      data: join(data, 'abroad'),
      host: '127.0.0.2',
    });
    service = await listen(
      createServer((_incoming, outgoing) => {
        calls += 1;
        outgoing.end('reached');
      }),
      '127.0.0.1',
      0,
      'none',
    );
    const path = `/clients/${encodeURIComponent(abroad.office)}/services/desk`;
    await abroad.admin.put(path, {
      kind: 'REST',
      url: `http://127.0.0.1:${service.port}`,
      timeoutSeconds: 5,
      verifyTls: true,
      certificates: [],
      endpoints: [],
    });
    await allow(home.office);
  });
  afterAll(async () => {
    await home?.close();
    await abroad?.close();
    await service?.close(100);
    await rm(data, { recursive: true, force: true });
  });
  beforeEach(async () => {
    for (const [one, other] of [
      [home, abroad],
      [abroad, home],
    ] as const) {
      await one.admit('all');
      await one.trust(other);
      await one.until((known) => known.includes(other.code));
    }
    calls = 0;
  });

  /** Gives one subject all of the service, and nobody else anything. */
  const allow = async (subject: string) => {
    const path = `/clients/${encodeURIComponent(abroad.office)}/services/desk/access-rights`;
    const former = await abroad.admin.get<readonly { readonly subject: string }[]>(path);
    await abroad.admin.put(path, [
      ...former.map((one) => ({ subject: one.subject, endpoints: [] })),
      { subject, endpoints: [{ method: '*', path: '**' }] },
    ]);
  };

  const call = async (queryId: string = randomUUID()) => {
    const response = await request(`${home.server.clientUrl}/r1/ABROAD/GOV/1/office/desk/x`, {
      headers: { 'X-Road-Client': 'HOME/GOV/1/office', 'X-Road-Id': queryId },
    });
    return {
      status: response.statusCode,
      error: response.headers['x-road-error'],
      body: await response.body.text(),
    };
  };

  it('exchange with evidence that both sides verify, each by what it knows itself', async () => {
    const queryId = `federated-${randomUUID()}`;
    expect(await call(queryId)).toMatchObject({ status: 200, body: 'reached' });
    for (const side of [home, abroad]) {
      const auditor = createAuditor(await readConfigurationFolder(join(side.serverData, 'globalconf')));
      for (const [direction, signer] of [
        ['requestOnly', 'HOME'],
        ['responseOnly', 'ABROAD'],
      ]) {
        const client = `xRoadInstance=${side.code}&memberClass=GOV&memberCode=1&subsystemCode=office`;
        const url = `${side.server.clientUrl}/asic?queryId=${queryId}&${client}&unique&force&${direction}`;
        const container = Buffer.from(await (await request(url)).body.arrayBuffer());
        const verdict = await auditor.judgeContainer('one.asice', container);
        expect(verdict).toMatchObject({ valid: true, code: null, messageId: queryId });
        expect(verdict.signer).toContain(signer);
      }
    }
  });

  it('are refused when the own server has not opted in: the provider is unknown', async () => {
    for (const allowed of ['none', new Set(['ELSEWHERE'])] as const) {
      await home.admit(allowed);
      expect(home.server.configuration().instances).toEqual(['HOME']);
      expect(await call()).toMatchObject({ status: 500, error: 'server.clientproxy.unknown_member' });
    }
    await home.admit(new Set(['ABROAD']));
    expect(await call()).toMatchObject({ status: 200 });
    expect(calls).toBe(1);
  });

  it('are refused when the server of the provider has not opted in: the handshake fails', async () => {
    await abroad.admit('none');
    expect(await call()).toMatchObject({ status: 500, error: 'server.clientproxy.network_error' });
    expect(calls).toBe(0);
    await abroad.admit('all');
    expect(await call()).toMatchObject({ status: 200 });
  });

  it('are refused after either registry removed the anchor of the other', async () => {
    await home.registryAdmin.delete('/trusted-anchors/ABROAD');
    await home.until((known) => !known.includes('ABROAD'));
    expect(await call()).toMatchObject({ status: 500, error: 'server.clientproxy.unknown_member' });
    await home.trust(abroad);
    await home.until((known) => known.includes('ABROAD'));
    await abroad.registryAdmin.delete('/trusted-anchors/HOME');
    await abroad.until((known) => !known.includes('HOME'));
    // The handshake fails; over a connection that was open already, the message is refused.
    expect([
      'server.clientproxy.network_error',
      'server.serverproxy.ssl_authentication_failed.cannot_create_cert_path',
    ]).toContain((await call()).error);
    expect(calls).toBe(0);
  });

  it('grant rights to groups of the other, which keeps their members', async () => {
    const group = '/global-groups/offices';
    await home.registryAdmin.put(group, { description: 'All offices' });
    await allow('GLOBALGROUP:HOME:offices');
    expect(await call()).toMatchObject({ status: 500, error: 'server.serverproxy.access_denied' });
    await home.registryAdmin.post(`${group}/members`, { id: home.office });
    await abroad.until(() => isInOffices(abroad));
    expect(await call()).toMatchObject({ status: 200 });
    // A group of the same code in the instance of the service is another group.
    await abroad.registryAdmin.put(group, { description: 'All offices' });
    await allow('GLOBALGROUP:ABROAD:offices');
    expect(await call()).toMatchObject({ status: 500, error: 'server.serverproxy.access_denied' });
    await allow(home.office);
  });

  it.each([2, 3, 4, 5] as const)('exchange when one publishes no version above %d', async (version) => {
    await abroad.publish(version);
    const newer = await request(`${abroad.registry.configurationUrl}/externalconf?version=${version + 1}`);
    await newer.body.dump();
    expect(newer.statusCode).toBe(404);
    // SHA-1 in version 2, SHA-256 in later ones: what the own version is does not matter.
    const length = version === 2 ? 20 : 32;
    for (const side of [home, abroad]) {
      await side.until(() => hashLengths(side).every((one) => one === length));
    }
    expect(await call()).toMatchObject({ status: 200, body: 'reached' });
    await abroad.publish();
  });

  const isInOffices = ({ server }: SmallInstance) =>
    server
      .configuration()
      .isInGlobalGroup({ kind: 'GLOBALGROUP', instance: 'HOME', groupCode: 'offices' }, homeOffice);
  const hashLengths = ({ server }: SmallInstance) =>
    (server.configuration().shared('ABROAD')?.securityServers ?? []).flatMap(({ authCertHashes }) =>
      authCertHashes.map((hash) => hash.length),
    );
});
