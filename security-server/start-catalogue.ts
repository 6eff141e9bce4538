import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { AdminContext } from './admin/index.ts';
import { CatalogueStore, Gathering } from './catalogue/index.ts';
import type { ConfigurationClient } from './configuration-client/index.ts';
import { type Closers, type ServerSettings, urlOf } from './running-server.ts';
import type { SettingsStore } from './settings/index.ts';
import type { StartedClientSide } from './start-client-side.ts';

interface CatalogueParts extends StartedClientSide {
  readonly configuration: ConfigurationClient;
  readonly settings: SettingsStore;
  readonly mayGather: () => boolean;
  readonly now: () => Date;
}

/** Starts to gather what the members of the instance offer. */
export function startCatalogue(
  options: ServerSettings,
  { configuration, settings, client, clientTls, loopback, mayGather, now }: CatalogueParts,
  closers: Closers,
): AdminContext['catalogue'] {
  const { data, catalogueEveryMs: intervalMs = 0, catalogueClient, onTrouble } = options;
  const store = new CatalogueStore(join(data, 'catalogue.sqlite'));
  closers.push(() => store.close());
  const gathering = new Gathering({
    ...{ store, loopback, intervalMs, mayGather, now, newId: randomUUID, random: Math.random },
    ...(catalogueClient !== undefined && { client: catalogueClient }),
    configuration: () => configuration.current(),
    clients: () => settings.current().content.clients,
    onTrouble: (error) => onTrouble('catalogue', error),
  });
  closers.push(() => gathering.close());
  gathering.start();
  const addresses = () => ({ http: urlOf('http', client), https: urlOf('https', clientTls) });
  return { store, gathering, addresses };
}
