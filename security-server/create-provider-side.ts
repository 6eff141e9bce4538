import { printEncoded } from '../gateway/identifier/index.ts';
import {
  type CircuitBreaker,
  createPeerCheck,
  createProviderListener,
  type Quotas,
  ServiceCaller,
} from '../gateway/provider-side/index.ts';
import type { Road } from '../gateway/road/index.ts';
import type { Outcomes } from './diagnostics/index.ts';
import { createProviderServices, createSoapServices } from './metadata/index.ts';
import { firstAnswering, type Monitoring } from './monitoring/index.ts';
import type { PeerPosture } from './peers/index.ts';
import type { CheckpointExchange } from './registry-history/index.ts';
import type { Closers } from './running-server.ts';
import type { SettingsStore } from './settings/index.ts';

/** The listener for other security servers, with the services that the server has by itself. */
export function createProviderSide(
  { breaker, ...road }: Road & { readonly quotas: Quotas; readonly breaker: CircuitBreaker | undefined },
  settings: SettingsStore,
  { staples, pooled, minimumVersion }: PeerPosture,
  monitoring: Monitoring,
  outcomes: Outcomes,
  checkpoints: CheckpointExchange,
  closers: Closers,
) {
  const services = new ServiceCaller({
    breaker,
    onCalled: ({ id }, fault) => outcomes.note(printEncoded(id), fault),
  });
  closers.push(() => services.close());
  return createProviderListener({
    ...road,
    services,
    builtIn: createProviderServices({
      settings: () => settings.current(),
      publishedOpenApi: (provider, code) => settings.publishedOpenApi(provider, code),
    }),
    builtInSoap: firstAnswering(
      createSoapServices({
        settings: () => settings.current(),
        publishedDescription: (provider, id) => settings.publishedDescription(provider, id),
      }),
      monitoring.services,
    ),
    checkPeer: createPeerCheck(),
    staples,
    oneShot: !pooled,
    beside: (incoming, outgoing, chain) => checkpoints.answer(incoming, outgoing, chain),
    ...(minimumVersion !== undefined && { minimumPeerVersion: minimumVersion }),
  });
}
