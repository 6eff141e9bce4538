import { Fault } from '../../gateway/fault/index.ts';
import {
  type ClientId,
  parseEncodedClient,
  printEncoded,
  type ServiceId,
} from '../../gateway/identifier/index.ts';
import { type ConnectionOutcome, tryConnection } from '../../gateway/joining/index.ts';
import { type CircuitBreaker, ServiceCaller } from '../../gateway/provider-side/index.ts';
import type { Signer } from '../../gateway/road/index.ts';
import type { PeerPools } from '../../gateway/transport/index.ts';
import type { AskedBook } from '../asked/index.ts';
import type { ConfigurationClient } from '../configuration-client/index.ts';
import type { SettingsSnapshot } from '../settings/index.ts';
import type { Cause } from './cause.ts';
import { type CauseCode, causes } from './causes/index.ts';
import { configurationCode } from './checks/configuration.ts';
import { idOf, peerCode, serviceCode } from './checks/exchange.ts';
import { messageOf } from './found.ts';
import type { Outcomes } from './outcomes.ts';

export interface ProbeSources {
  readonly configuration: Pick<ConfigurationClient, 'current' | 'latest' | 'refresh' | 'sources'>;
  readonly settings: () => SettingsSnapshot;
  readonly signer: Pick<Signer, 'authenticationIdentity'>;
  readonly asked: AskedBook;
  /** Ways to peers that nothing else uses, as the posture has them. */
  readonly newPeers: () => PeerPools;
  /** Port of the other servers of the instance. */
  readonly peerPort: number;
  readonly peers: Outcomes;
  readonly services: Outcomes;
  /** Lets a service be called again that a test reached; absent: none is left alone. */
  readonly breaker?: CircuitBreaker | undefined;
}

/** What one connection came to. */
export interface Probe {
  readonly kind: 'configuration' | 'registration' | 'peer' | 'service';
  /** Address, or address and whose it is. */
  readonly target: string;
  readonly isGood: boolean;
  readonly found: string;
  readonly code?: CauseCode;
  readonly cause?: Cause;
  readonly durationMs: number;
}

const timeoutMs = 10_000;

/** Fetches the configuration as at any poll, and knocks at the registration service. */
export async function probeRegistry({ configuration, asked }: ProbeSources): Promise<Probe[]> {
  const began = performance.now();
  // What was wrong with each source is told of each below.
  const failure = await configuration.refresh().then(
    () => undefined,
    (error: unknown) => error,
  );
  const durationMs = performance.now() - began;
  const states = asked.all('configuration');
  const sources = configuration.sources().flatMap((url): Probe[] => {
    const last = states.find((state) => state.last.url === url)?.last;
    if (last === undefined) return [];
    return [judged({ kind: 'configuration', target: url, durationMs }, last.error, configurationCode)];
  });
  const isElsewhere = failure !== undefined && sources.every(({ isGood }) => isGood);
  const whole = isElsewhere
    ? [judged({ kind: 'configuration', target: '', durationMs }, failure, configurationCode)]
    : [];
  const address = configuration.latest()?.private?.managementService.authCertRegServiceAddress;
  const registration = address === undefined ? [] : [await probeRegistration(address)];
  return [...sources, ...whole, ...registration];
}

const outcomeCodes: Partial<Record<ConnectionOutcome, CauseCode>> = {
  refused: 'registration-service-unreachable',
  unreachable: 'registration-service-unreachable',
  timeout: 'registration-service-unreachable',
  'unknown-name': 'registration-service-unreachable',
  'no-tls': 'registration-service-unreachable',
};

async function probeRegistration(address: string): Promise<Probe> {
  const { hostname, port } = new URL(address);
  const host = hostname.replace(/^\[|\]$/g, '');
  const began = performance.now();
  const outcome = await tryConnection({ host, port: Number(port || 443), tls: true, timeoutMs });
  const code = outcomeCodes[outcome];
  return {
    ...{ kind: 'registration', target: address, isGood: code === undefined, found: outcome },
    ...(code !== undefined && { code, cause: causes[code] }),
    durationMs: performance.now() - began,
  };
}

/**
 * Connects to each server of a provider anew: TCP, TLS, and the verdict on its certificate.
 * @throws Fault UnknownMember when it has none; OutdatedGlobalConf; SslAuthenticationFailed of this server itself
 */
export async function probePeers(provider: ClientId, sources: ProbeSources): Promise<Probe[]> {
  const configuration = sources.configuration.current();
  const servers = configuration.serversOf(provider);
  if (servers.length === 0) {
    throw new Fault('UnknownMember', `No security server is known for ${printEncoded(provider)}`);
  }
  const identity = await sources.signer.authenticationIdentity();
  const probes = await Promise.all(
    servers.slice(0, maxServers).map(async ({ id, address }) => {
      const began = performance.now();
      const target = `${printEncoded(id)} ${address ?? ''}`.trim();
      const peers = sources.newPeers();
      try {
        const candidates = address === undefined ? [] : [{ host: address, port: sources.peerPort }];
        await peers.connect(candidates, provider, identity, configuration);
        return { target, error: undefined, durationMs: performance.now() - began };
      } catch (error) {
        return { target, error, durationMs: performance.now() - began };
      } finally {
        await peers.close();
      }
    }),
  );
  const isReached = probes.some(({ error }) => error === undefined);
  sources.peers.note(printEncoded(provider), isReached ? undefined : probes[0]?.error);
  return probes.map(({ error, ...about }) => judged({ kind: 'peer', ...about }, error, peerCode));
}

/** Of one provider; nobody has as many. */
const maxServers = 20;

/** Asks a service of this server whether it is there, as its settings say; undefined when there is no such service. */
export async function probeService(
  wanted: { readonly provider: string; readonly serviceCode: string; readonly serviceVersion?: string },
  { settings, services, breaker }: ProbeSources,
): Promise<Probe | undefined> {
  const snapshot = settings();
  const record = snapshot
    .servicesOf(parseEncodedClient(wanted.provider))
    .find((one) => one.serviceCode === wanted.serviceCode && one.serviceVersion === wanted.serviceVersion);
  const service = record && snapshot.service(idOf(record) as ServiceId);
  if (service === undefined) return undefined;
  const began = performance.now();
  const caller = new ServiceCaller({
    onCalled: ({ id }, fault) => services.note(printEncoded(id), fault),
    breaker,
  });
  try {
    const status = await caller.reach(service);
    const durationMs = performance.now() - began;
    return { ...{ kind: 'service', target: service.url, isGood: true, durationMs }, found: `HTTP ${status}` };
  } catch (error) {
    const durationMs = performance.now() - began;
    return judged({ kind: 'service', target: service.url, durationMs }, error, serviceCode);
  } finally {
    await caller.close();
  }
}

function judged(
  about: Pick<Probe, 'kind' | 'target' | 'durationMs'>,
  error: unknown,
  codeOf: (error: unknown) => CauseCode,
): Probe {
  if (error === undefined) return { ...about, isGood: true, found: 'reached' };
  const code = codeOf(error);
  return { ...about, isGood: false, found: messageOf(error), code, cause: causes[code] };
}
