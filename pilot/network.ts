import { access, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { initRegistry, startRegistry } from '../central-registry/index.ts';
import { createAuthority, openAuthority, startAuthority } from '../certs/authority/index.ts';
import type { KeySpec } from '../certs/key/index.ts';
import { listen, serverOf } from '../gateway/http/index.ts';
import { parseEncodedClient, parseEncodedServer } from '../gateway/identifier/index.ts';
import { writeFileDurably } from '../gateway/store/index.ts';
import {
  initServer,
  type PeerSettings,
  type RunningServer,
  type ServerSettings,
  startServer,
} from '../security-server/index.ts';
import { PilotAcme } from './acme.ts';
import { type AdminClient, adminClient } from './admin-client.ts';
import { foundInstance } from './found-instance.ts';
import { hostManagement, registerClients, registerServer } from './join-instance.ts';
import {
  administrations,
  city,
  instance,
  managementSubsystem,
  memberId,
  ministry,
  type PilotAdministration,
  type PilotPorts,
  portsFrom,
  serverId,
  subsystemId,
} from './plan.ts';
import { pilotServices, publishService, publishSoapServices } from './publish-services.ts';
import { loadOrMakeSecrets, type PilotSecrets } from './secrets.ts';
import { createBuildingPermits, createPopulationRegister } from './services/index.ts';

export interface PilotOptions {
  readonly data: string;
  /** First of `portCount` ports in a row. */
  readonly portBase: number;
  /** Of signing and authentication keys, when the network is founded. */
  readonly keySpec?: KeySpec;
  /** How the security servers speak with each other; the ports are the network's. Default: posture `modern`. */
  readonly peers?: Omit<PeerSettings, 'ocspPort' | 'instanceOcspPort'>;
  /** When the servers leave services alone that fail. */
  readonly circuit?: ServerSettings['circuit'];
  /** Where the servers send traces. */
  readonly tracing?: ServerSettings['tracing'];
  /** Has the authority take orders over ACME, by which the servers renew their certificates. */
  readonly acme?: {
    readonly port: number;
    /** At which the servers show that their addresses are theirs. */
    readonly httpPort: number;
    readonly renewal?: ServerSettings['renewal'];
  };
  /** Told of each step when it is done. */
  readonly onStep: (step: string) => void;
  /** Told of troubles of any component. */
  readonly onTrouble: (component: string, about: string, error: unknown) => void;
}

export interface PilotNetwork {
  readonly registry: {
    readonly configurationUrl: string;
    readonly adminUrl: string;
    readonly apiKey: string;
  };
  readonly ministry: RunningServer;
  readonly city: RunningServer;
  readonly ports: PilotPorts;
  close(): Promise<void>;
}

/** Ends in reverse order what was begun. */
class Closers {
  readonly #ends: (() => Promise<void> | void)[] = [];

  add(end: () => Promise<void> | void): void {
    this.#ends.push(end);
  }

  async close(): Promise<void> {
    for (const end of this.#ends.splice(0).reverse()) await end();
  }
}

/**
 * Founds the pilot network, or finds it in its folder, and starts all of it: every part is the product's own code on
 * real sockets, started as it is started alone.
 */
export async function startPilot(options: PilotOptions): Promise<PilotNetwork> {
  const { data, onStep } = options;
  await mkdir(data, { recursive: true, mode: 0o700 });
  const secrets = await loadOrMakeSecrets(data);
  const ports = portsFrom(options.portBase);
  const marker = join(data, 'founded');
  const isFounded = await exists(marker);
  const closers = new Closers();
  try {
    const {
      authority,
      url: authorityUrl,
      acme,
      ocspUrl,
      tsaUrl,
    } = await startPilotAuthority(options, secrets, ports, closers);
    onStep('certification authority, OCSP responder and timestamping authority are running');

    const registry = await startPilotRegistry(options, secrets, ports, closers);
    const registryAdmin = adminClient(registry.adminUrl, registry.apiKey);
    const { registrationUrl, managementUrl } = registry;
    if (registrationUrl === undefined || managementUrl === undefined) {
      throw new Error('the registry of a pilot takes management requests');
    }
    const acmeUrl = acme?.directoryUrl;
    if (!isFounded) {
      await foundInstance(registryAdmin, { authority, ocspUrl, tsaUrl, registrationUrl, acmeUrl });
    }
    onStep(`registry of instance ${instance} is publishing its configuration`);

    const anchor = (await registry.anchor('internal')).xml;
    const servers = await startPilotServers((administration) =>
      startPilotServer(administration, anchor, options, acme, secrets, ports, closers),
    );
    for (const administration of administrations) {
      if (!isFounded) {
        const { running, admin } = servers[administration.key];
        const { issue: issueSecret } = secrets;
        const keySpec = options.keySpec ?? ({ type: 'ec', curve: 'P-256' } as const);
        await waitUntil(admin, () => isManagementKnown(running, registrationUrl));
        await registerServer({ administration, server: admin, authorityUrl, issueSecret, keySpec });
        if (administration === ministry) await hostManagement(ministry, admin, registryAdmin, managementUrl);
        // The server that takes requests has to know who sends them, and where the answer goes.
        for (const one of [servers[administration.key], servers.ministry]) {
          await waitUntil(one.admin, () => isServing(one.running, administration));
        }
        await registerClients(administration, admin);
      }
      onStep(`security server of the ${administration.name} is running`);
    }

    await startServices(ports, servers.city.running.clientUrl, closers);
    if (!isFounded) {
      for (const service of pilotServices(ports.populationRegister, ports.buildingPermits)) {
        await publishService(servers[service.provider.key].admin, service);
      }
      await publishSoapServices(servers.ministry.admin, ports.populationRegister);
      await writeFileDurably(marker, `${new Date().toISOString()}\n`);
    }
    onStep('population register and building permits are running and published');

    for (const { running, admin } of Object.values(servers)) {
      await waitUntil(admin, () => isEverybodyKnown(running));
    }
    await requireReady(servers.ministry.running);
    await requireReady(servers.city.running);
    onStep('both security servers are ready');
    const { configurationUrl, adminUrl, apiKey } = registry;
    return {
      registry: { configurationUrl, adminUrl, apiKey },
      ministry: servers.ministry.running,
      city: servers.city.running,
      ports,
      close: () => closers.close(),
    };
  } catch (error) {
    await closers.close();
    throw error;
  }
}

/**
 * Starts the authority and the registry of a network that was founded, and no security server.
 * @throws Error when no network was founded there
 */
export async function startInfrastructure(options: PilotOptions): Promise<{ close(): Promise<void> }> {
  const { data } = options;
  if (!(await exists(join(data, 'founded')))) throw new Error(`${data} holds no pilot network`);
  const secrets = await loadOrMakeSecrets(data);
  const ports = portsFrom(options.portBase);
  const closers = new Closers();
  try {
    await startPilotAuthority(options, secrets, ports, closers);
    await startPilotRegistry(options, secrets, ports, closers);
    return { close: () => closers.close() };
  } catch (error) {
    await closers.close();
    throw error;
  }
}

async function startPilotAuthority(
  options: PilotOptions,
  secrets: PilotSecrets,
  ports: PilotPorts,
  closers: Closers,
) {
  const dir = join(options.data, 'authority');
  const pin = secrets.authority;
  const authority = (await exists(join(dir, 'tsa.pem')))
    ? await openAuthority(dir, { pin })
    : await createAuthority(dir, { name: 'Waygate Pilot', pin });
  const running = await startAuthority({
    authority,
    host: '127.0.0.1',
    port: ports.authority,
    issueSecret: secrets.issue,
    report: (error) => options.onTrouble('authority', 'request', error),
  });
  closers.add(() => running.close());
  const { ocspUrl } = running;
  const report = (error: unknown) => options.onTrouble('authority', 'ACME', error);
  const acme =
    options.acme &&
    (await PilotAcme.start({
      ...{ ...options.acme, data: options.data, authority, ocspUrl, issueSecret: secrets.issue, report },
    }));
  closers.add(() => acme?.close());
  return { authority, acme, ...running };
}

async function startPilotRegistry(
  options: PilotOptions,
  secrets: PilotSecrets,
  ports: PilotPorts,
  closers: Closers,
) {
  const data = join(options.data, 'registry');
  const pin = secrets.registry;
  if (!(await exists(join(options.data, 'founded')))) {
    await initRegistry({ data, instance, address: '127.0.0.1', pin });
  }
  const registry = await startRegistry({
    data,
    pin,
    configurationHost: '127.0.0.1',
    configurationPort: ports.configuration,
    adminHost: '127.0.0.1',
    adminPort: ports.registryAdmin,
    management: { host: '127.0.0.1', port: ports.management },
    registration: { host: '127.0.0.1', port: ports.registration },
    joining: {
      authority: { url: `http://127.0.0.1:${ports.authority}`, secret: secrets.issue, profile: 'basic' },
      reach: { ports: [ports.peers], addresses: 'loopback' },
    },
    report: (error) => options.onTrouble('registry', 'operation', error),
  });
  closers.add(() => registry.close());
  return registry;
}

interface PilotServer {
  readonly running: RunningServer;
  readonly admin: AdminClient;
}

/** Starts the servers side by side: opening a token takes its time, whoever waits for it. */
async function startPilotServers(
  start: (administration: PilotAdministration) => Promise<RunningServer>,
): Promise<Readonly<Record<PilotAdministration['key'], PilotServer>>> {
  const starting = [start(ministry), start(city)] as const;
  // When one cannot start, the other is closed, and for that it has to be there.
  await Promise.allSettled(starting);
  const [gov, mun] = await Promise.all(starting);
  const withAdmin = (running: RunningServer) => ({
    running,
    admin: adminClient(running.adminUrl, running.apiKey),
  });
  return { ministry: withAdmin(gov), city: withAdmin(mun) };
}

async function startPilotServer(
  administration: PilotAdministration,
  anchor: Uint8Array,
  options: PilotOptions,
  acme: PilotAcme | undefined,
  secrets: PilotSecrets,
  ports: PilotPorts,
  closers: Closers,
): Promise<RunningServer> {
  const { key, host } = administration;
  const data = join(options.data, key);
  const pin = secrets[key];
  if (!(await exists(join(data, 'settings.sqlite')))) {
    await initServer({
      data,
      id: parseEncodedServer(serverId(administration)),
      pin,
      anchor,
    });
  }
  const server = await startServer({
    data,
    pin,
    clientHost: '127.0.0.1',
    clientPort: ports[`${key}Client`],
    clientTlsPort: ports[`${key}ClientTls`],
    peerHost: host,
    peerPort: ports.peers,
    instancePeerPort: ports.peers,
    peers: { ...options.peers, ocspPort: ports.ocsp, instanceOcspPort: ports.ocsp },
    adminHost: '127.0.0.1',
    adminPort: ports[`${key}Admin`],
    timestampUrls: [],
    acceptableTimestampFailureMs: 14_400_000,
    // Whoever tries things out need not wait a minute to see what was kept.
    operationalDataOffsetSeconds: 1,
    configurationPollMs: 2_000,
    allowedFederations: 'none',
    ...(acme !== undefined && { acme: await acme.settingsFor(administration) }),
    ...(options.acme?.renewal !== undefined && { renewal: options.acme.renewal }),
    ...(options.circuit !== undefined && { circuit: options.circuit }),
    ...(options.tracing !== undefined && { tracing: options.tracing }),
    maxBodyBytes: 10 * 1024 ** 3,
    onExchange: ({ error, side, detail }) => {
      if (error !== undefined) options.onTrouble(key, `exchange ${side} ${detail ?? ''}`, error);
    },
    onTrouble: (about, error) => options.onTrouble(key, about, error),
  });
  closers.add(() => server.close());
  return server;
}

async function startServices(ports: PilotPorts, cityUrl: string, closers: Closers): Promise<void> {
  const population = createPopulationRegister();
  const permits = createBuildingPermits({
    securityServerUrl: cityUrl,
    client: `${instance}/${city.memberClass}/${city.memberCode}/permits`,
    populationRegister: `/r1/${instance}/${ministry.memberClass}/${ministry.memberCode}/population/register`,
  });
  for (const [app, port] of [
    [population, ports.populationRegister],
    [permits, ports.buildingPermits],
  ] as const) {
    const listening = await listen(serverOf(app.fetch), '127.0.0.1', port, '--port-base');
    closers.add(() => listening.close());
  }
}

/** Whether a server's configuration tells of every subsystem, and on which server it is. */
function isEverybodyKnown(server: RunningServer): boolean {
  const configuration = server.configuration();
  return administrations
    .flatMap((one) => one.subsystems.map(({ code }) => parseEncodedClient(subsystemId(one, code))))
    .every((client) => configuration.serversOf(client).length > 0);
}

/** Whether a server's configuration tells where authentication certificates are registered. */
function isManagementKnown(server: RunningServer, registrationUrl: string): boolean {
  return server.configuration().private?.managementService.authCertRegServiceAddress === registrationUrl;
}

/** Whether a server's configuration tells of an administration's server, and who takes management requests. */
function isServing(server: RunningServer, administration: PilotAdministration): boolean {
  const configuration = server.configuration();
  const clients = [memberId(administration), subsystemId(ministry, managementSubsystem.code)];
  return clients.every((client) => configuration.serversOf(parseEncodedClient(client)).length > 0);
}

/** Has a server fetch its configuration until it tells so: the registry publishes a moment after a change. */
async function waitUntil(admin: AdminClient, isSo: () => boolean): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    await admin.post('/configuration/refresh');
    if (isSo()) return;
    await setTimeout(50);
  }
  throw new Error('the registry did not publish what the pilot waits for within five seconds');
}

async function requireReady(server: RunningServer): Promise<void> {
  const { isReady, checks } = await server.health();
  if (isReady) return;
  const reasons = checks.filter(({ isGood }) => !isGood).map(({ name, detail }) => `${name}: ${detail}`);
  throw new Error(`a security server is not ready: ${reasons.join('; ')}`);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false;
      throw error;
    },
  );
}
