import { join } from 'node:path';
import type { KeySpec } from '../certs/key/index.ts';
import { adminClient, loadOrMakeSecrets, startPilot } from '../pilot/index.ts';
import { type Running, start } from './processes.ts';

export interface WaygateRung {
  /** Of the city's security server, with the path of the benched service. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly servers: readonly Running[];
  stop(): Promise<void>;
}

const path = '/r1/PILOT/GOV/1001/population/bench';
const service = '/clients/PILOT%3AGOV%3A1001%3Apopulation/services/bench';

/** Founds a pilot network for one kind of keys, and starts its two security servers as processes of their own. */
export async function startWaygate(
  data: string,
  portBase: number,
  keySpec: KeySpec,
  serviceUrl: string,
): Promise<WaygateRung> {
  const quiet = { data, portBase, onStep: () => undefined, onTrouble: () => undefined };
  const network = await startPilot({ ...quiet, keySpec });
  const admin = adminClient(network.ministry.adminUrl, network.ministry.apiKey);
  const settings = {
    kind: 'REST',
    url: serviceUrl,
    timeoutSeconds: 60,
    verifyTls: true,
    certificates: [],
    endpoints: [],
  };
  await admin.put(service, settings);
  await admin.put(`${service}/access-rights`, [
    { subject: 'PILOT:MUN:2001:portal', endpoints: [{ method: '*', path: '**' }] },
  ]);
  const { ports } = network;
  await network.close();

  const infrastructure = await start('infrastructure', './infrastructure.js', [data, String(portBase)]);
  const secrets = await loadOrMakeSecrets(data);
  const server = (key: 'ministry' | 'city', host: string) =>
    start(
      key,
      '../bin/waygate.js',
      [
        ...['server', 'start', '--json', '--data', join(data, key), '--log-level', 'error'],
        ...[
          '--client-port',
          String(ports[`${key}Client`]),
          '--client-tls-port',
          String(ports[`${key}ClientTls`]),
        ],
        ...[
          '--peer-host',
          host,
          '--peer-port',
          String(ports.peers),
          '--instance-peer-port',
          String(ports.peers),
        ],
        ...['--admin-port', String(ports[`${key}Admin`])],
      ],
      { WAYGATE_SERVER_PIN: secrets[key] },
    );
  const servers = [await server('ministry', '127.0.0.1'), await server('city', '127.0.0.2')];
  return {
    url: `http://127.0.0.1:${ports.cityClient}${path}`,
    headers: { 'X-Road-Client': 'PILOT/MUN/2001/portal' },
    servers,
    stop: async () => {
      for (const one of [...servers, infrastructure]) await one.stop();
    },
  };
}
