import type { Token } from '../certs/token/index.ts';
import { type ClientSide, createClientListener } from '../gateway/client-side/index.ts';
import { type Listening, listen } from '../gateway/http/index.ts';
import type { Journal } from '../gateway/journal/index.ts';
import type { Road } from '../gateway/road/index.ts';
import { serveTls } from '../gateway/transport/index.ts';
import type { ConfigurationClient } from './configuration-client/index.ts';
import { createPlainHandlers } from './information-system/index.ts';
import { internalContext } from './internal-tls/index.ts';
import type { Loopback } from './management/index.ts';
import type { SqliteMessageLog } from './message-log/index.ts';
import { type Closers, type ServerSettings, urlOf } from './running-server.ts';
import type { SettingsStore } from './settings/index.ts';

interface ClientSideParts {
  readonly road: Road;
  readonly peers: ClientSide['peers'];
  readonly settings: SettingsStore;
  readonly token: Token;
  readonly log: SqliteMessageLog;
  readonly journal: Journal;
  readonly configuration: ConfigurationClient;
  readonly configurationDir: string;
  readonly now: () => Date;
}

export interface StartedClientSide {
  readonly client: Listening;
  readonly clientTls: Listening;
  /** How the server calls through itself. */
  readonly loopback: () => Loopback;
}

/** Starts the listeners for information systems, in the clear and over TLS. */
export async function startClientSide(
  options: ServerSettings,
  { road, peers, settings, token, log, journal, configuration, configurationDir, now }: ClientSideParts,
  closers: Closers,
): Promise<StartedClientSide> {
  const clientSide = {
    ...{ ...road, peers, peerPort: options.instancePeerPort, random: Math.random },
    ...(options.adminUrl !== undefined && { consoleUrl: options.adminUrl }),
  };
  const plain = createPlainHandlers({
    configuration: () => configuration.current(),
    settings: () => settings.current(),
    ...{ log, journal, configurationDir, now },
  });
  const { clientHost, clientPort, clientTlsPort } = options;
  const inClear = createClientListener(clientSide, plain);
  const client = await listen(inClear, clientHost, clientPort, '--client-port');
  closers.push(() => client.close());
  const secure = createClientListener(clientSide, plain);
  const internal = internalContext(token, settings);
  serveTls(secure, { context: async () => internal().context, onFailure: () => undefined });
  const clientTls = await listen(secure, clientHost, clientTlsPort, '--client-tls-port');
  closers.push(() => clientTls.close());
  const loopback = () => ({ url: new URL(urlOf('https', clientTls)), ...internal() });
  return { client, clientTls, loopback };
}
