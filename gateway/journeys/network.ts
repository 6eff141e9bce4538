import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { request } from 'undici';
import { type AdminClient, adminClient } from '../../pilot/admin-client.ts';
import { type PilotNetwork, type PilotOptions, portCount, startPilot } from '../../pilot/index.ts';
import { type Listening, listen } from '../http/index.ts';
import { freePorts } from '../http/testing/free-ports.ts';

/** The pilot network in a folder of its own, on free ports, with administrators' access to every part. */
export interface TestNetwork extends PilotNetwork {
  readonly data: string;
  readonly registryAdmin: AdminClient;
  readonly ministryAdmin: AdminClient;
  readonly cityAdmin: AdminClient;
  /** Troubles that components reported so far, for assertions and for people. */
  readonly troubles: readonly {
    readonly component: string;
    readonly about: string;
    readonly error: unknown;
  }[];
  /**
   * Publishes a service of the ministry's population subsystem, which the city's portal may call entirely.
   * @param kind REST unless told
   * @returns path under which the portal calls it, without service path
   */
  publish(
    code: string,
    handler: RequestListener,
    kind?: 'REST' | 'WSDL',
  ): Promise<{ readonly path: string; readonly url: string; readonly listening: Listening }>;
}

/** Who calls in most journeys. */
const portal = 'PILOT/MUN/2001/portal';
const population = '/clients/PILOT%3AGOV%3A1001%3Apopulation';

export async function startNetwork({
  renewal,
  ...options
}: Partial<Pick<PilotOptions, 'keySpec' | 'peers' | 'tracing' | 'circuit'>> & {
  readonly renewal?: NonNullable<PilotOptions['acme']>['renewal'];
} = {}): Promise<TestNetwork> {
  const data = await mkdtemp(join(tmpdir(), 'waygate-journey-'));
  const troubles: { component: string; about: string; error: unknown }[] = [];
  const portBase = await freePorts(portCount + 2);
  const acme = { port: portBase + portCount, httpPort: portBase + portCount + 1 };
  const network = await startPilot({
    ...options,
    ...(renewal !== undefined && { acme: { ...acme, renewal } }),
    data,
    portBase,
    onStep: () => undefined,
    onTrouble: (component, about, error) => troubles.push({ component, about, error }),
  });
  const ministryAdmin = adminClient(network.ministry.adminUrl, network.ministry.apiKey);
  const listeners: Listening[] = [];
  return {
    ...network,
    data,
    troubles,
    registryAdmin: adminClient(network.registry.adminUrl, network.registry.apiKey),
    ministryAdmin,
    cityAdmin: adminClient(network.city.adminUrl, network.city.apiKey),
    publish: async (code, handler, kind = 'REST') => {
      const listening = await listen(createServer(handler), '127.0.0.1', 0, 'none');
      listeners.push(listening);
      const url = `http://127.0.0.1:${listening.port}`;
      const settings = { kind, timeoutSeconds: 5, verifyTls: true, certificates: [], endpoints: [] };
      await ministryAdmin.put(`${population}/services/${code}`, { ...settings, url });
      await ministryAdmin.put(`${population}/services/${code}/access-rights`, [
        { subject: 'PILOT:MUN:2001:portal', endpoints: [{ method: '*', path: '**' }] },
      ]);
      return { path: `/r1/PILOT/GOV/1001/population/${code}`, url, listening };
    },
    close: async () => {
      await network.close();
      for (const listening of listeners) await listening.close(100);
      await rm(data, { recursive: true, force: true });
    },
  };
}

/** Calls through the city's security server as its portal, and reads the whole answer. */
export async function call(
  network: TestNetwork,
  path: string,
  options: {
    readonly method?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string | Buffer | AsyncIterable<Buffer>;
    readonly client?: string;
  } = {},
) {
  const { method = 'GET', headers = {}, body, client = portal } = options;
  const response = await request(`${network.city.clientUrl}${path}`, {
    method: method as 'GET',
    headers: { 'X-Road-Client': client, ...headers },
    body: (body ?? null) as never,
    headersTimeout: 60_000,
    bodyTimeout: 60_000,
  });
  const bytes = Buffer.from(await response.body.arrayBuffer());
  return { status: response.statusCode, headers: response.headers, body: bytes };
}

/** Whole body of a request that a service received. */
export async function bodyOf(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}
