import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePorts } from '../../gateway/http/testing/free-ports.ts';
import { finished, Programs } from '../../gateway/journeys/testing/programs.ts';
import { type AdminClient, adminClient } from '../../pilot/admin-client.ts';

const pin = 'Correct-Horse-7';
const profile = 'ee.ria.xroad.common.certificateprofile.impl.BasicACMECertificateProfileInfoProvider';
const host = '127.0.0.2';

/** An instance whose registry opens nothing at the authority: the joiner has an account with it. */
describe('a server of an instance whose authority speaks ACME', () => {
  const programs = new Programs();
  let folder: string;
  let ports: number;
  let registry: AdminClient;
  let acmeUrl: string;
  let account: { readonly keyId: string; readonly macKey: string };
  const at = (name: string) => join(folder, name);
  const pinned = () => ['--pin-file', at('pin.txt')];
  const httpPort = () => ports + 6;
  const registryArgs = () => ['--data', at('registry'), '--admin', `http://127.0.0.1:${ports}`];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'waygate-acme-'));
    ports = await freePorts(10);
    await writeFile(at('pin.txt'), `${pin}\n`);
    await programs.finish('authority', 'init', '--data', at('authority'), '--name', 'Rivertown', ...pinned());
    const authority = programs.run(
      ...['authority', 'start', '--data', at('authority'), ...pinned(), '--port', '0', '--json'],
      ...['--acme-port', '0', '--acme-http-port', String(httpPort())],
    );
    await authority.until('acmeUrl');
    const urls = JSON.parse(authority.out()) as { ocspUrl: string; tsaUrl: string; acmeUrl: string };
    ({ acmeUrl } = urls);
    await programs.finish(
      ...['registry', 'init', '--data', at('registry'), '--instance', 'CITY', '--address', '127.0.0.1'],
      ...pinned(),
    );
    await writeFile(
      at('registry.yaml'),
      JSON.stringify({
        ...{ data: at('registry'), pinFile: at('pin.txt'), adminPort: ports, configurationPort: ports + 1 },
        ...{ managementPort: ports + 2, registrationPort: ports + 3, registrationHost: '127.0.0.1' },
        ...{ configurationHost: '127.0.0.1', joinAddresses: 'loopback', joinPorts: String(ports + 4) },
      }),
    );
    await programs.run('registry', 'start', '--settings', at('registry.yaml'), '--json').until('adminUrl');
    registry = adminClient(
      `http://127.0.0.1:${ports}`,
      (await readFile(at('registry/api-key'), 'utf8')).trim(),
    );
    await found(urls);
    account = JSON.parse(
      await programs.finish(
        ...['authority', 'open-account', '--data', at('authority'), '--acme', acmeUrl, '--instance', 'CITY'],
        ...['--class', 'GOV', '--code', '1001', '--name', 'City of Rivertown'],
      ),
    );
  }, 60_000);
  afterAll(async () => {
    programs.end('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  });

  /** What the officer enters before anybody is invited. */
  async function found({ ocspUrl, tsaUrl }: { ocspUrl: string; tsaUrl: string }): Promise<void> {
    const pem = (name: string) => readFile(at(`authority/${name}.pem`), 'utf8');
    await registry.post('/certification-services', {
      ...{ name: 'Rivertown CA', profile },
      top: {
        certificate: await pem('ca'),
        ocspResponders: [{ url: ocspUrl, certificate: await pem('ocsp') }],
      },
      acmeServer: {
        directoryUrl: acmeUrl,
        signingCertificateProfileId: 'signing',
        authenticationCertificateProfileId: 'authentication',
      },
    });
    await registry.post('/timestamping-services', {
      ...{ name: 'Rivertown TSA', url: tsaUrl, certificate: await pem('tsa') },
    });
    await registry.put('/member-classes/GOV', { description: 'Government' });
    await registry.post('/members', { id: 'CITY:GOV:1001', name: 'City of Rivertown' });
    const providerId = 'CITY:GOV:1001:management';
    await registry.post('/subsystems', { id: providerId, name: 'Management services' });
    const serviceAddress = `https://127.0.0.1:${ports + 3}/managementservice/`;
    await registry.put('/management-service', { providerId, serviceAddress });
  }

  async function invite(): Promise<{ readonly id: string; readonly invitation: string }> {
    const about = [
      '--class',
      'GOV',
      '--code',
      '1001',
      '--name',
      'City of Rivertown',
      '--contact',
      'a@city.example',
    ];
    return JSON.parse(await programs.finish('registry', 'invite', ...registryArgs(), ...about, '--json'));
  }

  async function settings(acme: object): Promise<string[]> {
    await writeFile(
      at('server.yaml'),
      JSON.stringify({
        ...{ data: at('server'), pinFile: at('pin.txt'), peerHost: host, peerPort: ports + 4 },
        ...{
          instancePeerPort: ports + 4,
          clientPort: ports + 5,
          clientTlsPort: ports + 7,
          adminPort: ports + 8,
        },
        ...{ configurationPollSeconds: 0.5, logLevel: 'warn' },
        acme,
      }),
    );
    return ['--settings', at('server.yaml')];
  }

  it('orders its certificates itself, though it is killed on its way; refused at first, it is told what to do', async () => {
    const { id, invitation } = await invite();
    const directory = { url: acmeUrl, trustFile: at('authority/ca.pem') };
    const responder = { listenHost: host, listenPort: httpPort() };
    const begin = [
      invitation,
      '--address',
      host,
      '--subsystem',
      'management=Management services',
      '--no-wait',
      '--json',
    ];
    const refused = await programs.run(
      ...['server', 'join', ...begin, ...(await settings({ ...responder, directories: [directory] }))],
    ).done;
    const { result, steps } = JSON.parse(refused.out) as {
      result: string;
      steps: readonly { code: string; state: string; detail?: string; remedy?: string }[];
    };
    expect([result, steps.find(({ state }) => state === 'failed')]).toMatchObject([
      'failed',
      {
        code: 'certificates',
        detail: expect.stringContaining('account-required'),
        remedy: expect.stringContaining('externalAccount'),
      },
    ]);

    await writeFile(at('mac.txt'), account.macKey, { mode: 0o600 });
    const externalAccount = { keyId: account.keyId, macKeyFile: at('mac.txt') };
    const args = await settings({ ...responder, directories: [{ ...directory, externalAccount }] });
    const killed = programs.run('server', 'join', ...args, '--json');
    await killed.until('obtain certificates');
    await killed.end('SIGKILL');
    const joining = programs.run('server', 'join', ...args, '--json');
    await joining.until('waits for the registration officer');
    await programs.finish('registry', 'decide', id, '--approve', ...registryArgs());
    expect(JSON.parse(await finished(joining))).toMatchObject({ result: 'joined' });
    const [kept] = JSON.parse(await readFile(at('authority/acme-accounts.json'), 'utf8')) as {
      issued: object[];
    }[];
    expect(kept?.issued.length).toBeGreaterThanOrEqual(2);
  }, 120_000);
});
