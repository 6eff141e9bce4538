import { checkClient, findPeer } from '../../gateway/client-side/index.ts';
import type { GlobalConfiguration } from '../../gateway/configuration/index.ts';
import { Fault } from '../../gateway/fault/index.ts';
import {
  type ClientId,
  memberOf,
  printEncoded,
  printFull,
  printRest,
  providerOf,
} from '../../gateway/identifier/index.ts';
import { normaliseServicePath } from '../../gateway/message/index.ts';
import { admit, baseEndpoint, explainService, type Quotas } from '../../gateway/provider-side/index.ts';
import {
  type ConfigurationSource,
  type MessageLog,
  proxyVersion,
  type Signer,
} from '../../gateway/road/index.ts';
import type { SettingsSnapshot } from '../settings/index.ts';
import type { HypotheticalCall } from './call.ts';
import { sawAccess } from './saw-access.ts';
import { type ExplainedStep, Steps } from './steps.ts';

export interface ExplainContext {
  readonly configuration: ConfigurationSource;
  readonly settings: () => SettingsSnapshot;
  readonly signer: Signer;
  readonly log: Pick<MessageLog, 'requireAccepting'>;
  readonly quotas: Quotas;
  readonly peerPort: number;
  readonly now: () => Date;
}

export interface Explanation {
  /** Whether every decision that this server takes lets the call pass. */
  readonly isAllowed: boolean;
  /** Whether the provider's side is here: otherwise its server decides about access, and is asked there. */
  readonly isProviderHere: boolean;
  /** The refusal, as the caller is told it; undefined when nothing refuses. */
  readonly code?: string;
  readonly steps: readonly ExplainedStep[];
}

/**
 * The decisions that this server would take about a call now: those of the client side for a client of its own, those
 * of the provider side for a service of its own. They are taken by the road's own functions; nothing is sent, counted
 * or written.
 */
export async function explainCall(call: HypotheticalCall, context: ExplainContext): Promise<Explanation> {
  const settings = context.settings();
  const known = (id: ClientId) =>
    settings.client(id) !== undefined ||
    settings.content.clients.some((one) => printEncoded(one.id) === printEncoded(id));
  const isOurs = call.entersHere ?? known(call.client);
  const isForUs = known(providerOf(call.service));
  const client = new Steps('client');
  if (isOurs || !isForUs) await explainClientSide(client, call, context, settings);
  const provider = new Steps('provider');
  if (isForUs && client.fault === undefined) await explainProviderSide(provider, call, context, settings);
  const fault = client.fault ?? provider.fault;
  const refused = [...client.list, ...provider.list].find(({ state }) => state === 'refused');
  return {
    isAllowed: fault === undefined,
    isProviderHere: isForUs,
    ...(refused?.code !== undefined && { code: refused.code }),
    steps: [...client.list, ...provider.list],
  };
}

async function explainClientSide(
  steps: Steps,
  { protocol, client, service, path, securityServer, isSecure }: HypotheticalCall,
  { configuration, log, signer, peerPort, now }: ExplainContext,
  settings: SettingsSnapshot,
): Promise<void> {
  let current: GlobalConfiguration | undefined;
  const inForce = () => {
    current ??= configuration.current();
    return current;
  };
  await steps.take('configuration', inForce, () => sawConfiguration(current));
  await steps.take('log', () => log.requireAccepting());
  if (protocol === 'rest')
    await steps.take(
      'path',
      () => normaliseServicePath(path),
      () => [['path', path]],
    );
  const known = settings.client(client);
  await steps.take(
    'client',
    () => {
      const isTls = isSecure ?? known?.connectionType !== 'NOSSL';
      checkClient(client, callerAs(known?.connectionType, isTls, settings, now()), settings, now());
    },
    () => sawClient(client, settings),
    `/clients/${encodeURIComponent(printEncoded(client))}`,
  );
  const provider = providerOf(service);
  await steps.take(
    'provider-server',
    () => findPeer(provider, securityServer, inForce(), peerPort, () => 0),
    () => sawServers(provider, current),
  );
  await steps.take('authentication', () => signer.authenticationIdentity(), undefined, '/certificates');
  await steps.take('signature', () => signer.signingIdentity(memberOf(client)), undefined, '/certificates');
}

async function explainProviderSide(
  steps: Steps,
  call: HypotheticalCall,
  { configuration, log, signer, quotas, now }: ExplainContext,
  settings: SettingsSnapshot,
): Promise<void> {
  const { protocol, client, service, method, path, securityServer } = call;
  const exchange = {
    // What a server of this release says of itself: of others nothing is known here.
    ...{ protocol, client, service, peerVersion: proxyVersion },
    ...(securityServer !== undefined && { securityServer }),
  };
  let current: GlobalConfiguration | undefined;
  const inForce = () => {
    current ??= configuration.current();
    return current;
  };
  await steps.take('configuration', inForce, () => sawConfiguration(current));
  await steps.take('log', () => log.requireAccepting());
  const provider = providerOf(service);
  const page = `/clients/${encodeURIComponent(printEncoded(provider))}`;
  await steps.take(
    'provider',
    () => admit(exchange, settings, signer),
    () => sawClient(provider, settings),
    page,
  );
  await steps.take(
    'client-server',
    () => {
      if (inForce().serversOf(client).length > 0) return;
      const message = `No security server is registered for client '${printFull(client)}'`;
      throw new Fault('SslAuthenticationFailed', message);
    },
    () => sawServers(client, current),
  );
  let called = baseEndpoint;
  if (protocol === 'rest') {
    await steps.take(
      'path',
      () => {
        called = { method, path: normaliseServicePath(path) };
      },
      () => [['path', path]],
    );
  }
  if (steps.fault !== undefined) return;
  const at = now();
  const told = explainService({
    ...{ exchange, endpoint: called, settings, configuration: inForce(), at },
    findUsedUp: (limits, when) => quotas.find(limits, when),
  });
  const servicePage = `${page}/services/${encodeURIComponent(service.serviceCode)}`;
  for (const { id, fault } of told) {
    await steps.take(
      id,
      () => {
        if (fault !== undefined) throw fault;
      },
      () => sawService(id),
      // What is not there has no page: its provider has.
      id === 'service' ? page : id === 'access' ? `${servicePage}/access` : servicePage,
    );
  }

  function sawService(id: (typeof told)[number]['id']): ExplainedStep['saw'] {
    if (id === 'access') return sawAccess(call, called, settings, inForce(), at);
    if (id === 'version') {
      const least = settings.service(service)?.minimumPeerVersion;
      return least === undefined ? [] : [['least release', least]];
    }
    if (id === 'quota') {
      return settings
        .limitsOf(client, service)
        .map((limit) => [
          `${limit.scope === 'all' ? 'all' : 'consumer'}, ${limit.periodMs / 1000} s`,
          `${quotas.countOf(limit, at)} / ${limit.requests}`,
        ]);
    }
    const found = settings.service(service);
    if (found === undefined) return [['service', printRest(service)]];
    return id === 'kind' ? [['kind', found.kind]] : [];
  }
}

/** An information system that comes as the connection type demands, or in the clear. */
function callerAs(
  connectionType: string | undefined,
  isSecure: boolean,
  { internalCertificateHash }: SettingsSnapshot,
  now: Date,
): Parameters<typeof checkClient>[1] {
  if (!isSecure) return { isSecure };
  if (connectionType !== 'SSLAUTH' || internalCertificateHash === undefined) return { isSecure };
  // The server itself is let in as any information system with its certificate is.
  return { isSecure, certificate: { sha256: internalCertificateHash, notBefore: now, notAfter: now } };
}

function sawConfiguration(configuration: GlobalConfiguration | undefined): ExplainedStep['saw'] {
  return configuration === undefined ? [] : [['configuration', configuration.id]];
}

function sawClient(client: ClientId, settings: SettingsSnapshot): ExplainedStep['saw'] {
  const key = printEncoded(client);
  const record = settings.content.clients.find(({ id }) => printEncoded(id) === key);
  const known = settings.client(client);
  return [
    ['identifier', key],
    ['state', record?.status ?? (known === undefined ? 'not here' : 'owner')],
    ...(known === undefined ? [] : [['connection', known.connectionType] as const]),
  ];
}

function sawServers(party: ClientId, configuration: GlobalConfiguration | undefined): ExplainedStep['saw'] {
  const servers = configuration?.serversOf(party) ?? [];
  if (servers.length === 0) return [['servers', 'none']];
  return servers.map(({ id, address, inMaintenanceMode }) => [
    printRest(id),
    [address ?? 'no address', ...(inMaintenanceMode === undefined ? [] : ['in maintenance'])].join(', '),
  ]);
}
