import { existsSync } from 'node:fs';
import type { Kysely, Transaction } from 'kysely';
import {
  type ClientId,
  parseEncodedServer,
  printEncoded,
  type ServerId,
} from '../../gateway/identifier/index.ts';
import { openStore, type Store } from '../../gateway/store/index.ts';
import { readContent, toBase64, writeCertificates } from './content.ts';
import { removeOrphanedLimits, setLimits } from './limit-table.ts';
import type {
  ClientRecord,
  DescribedService,
  Endpoint,
  Grant,
  GrantTo,
  LocalGroup,
  OpenApiDescription,
  ServiceLimit,
  ServiceRecord,
  SettingsContent,
  Subject,
  WsdlDescription,
} from './model.ts';
import { acceptOpenApi } from './open-api-table.ts';
import { giveRights, removeSubject, setRights, takeRights } from './right-table.ts';
import { type SettingsTables, settingsSteps } from './schema.ts';
import {
  addDescription,
  changeDescribed,
  type DescribedChange,
  putService,
  refreshDescription,
  removeOrphans,
} from './service-table.ts';
import { buildSnapshot, type SettingsSnapshot } from './snapshot.ts';
import { printSubject } from './subject.ts';

/**
 * The settings of one security server on disk, and their snapshot in force. A change is durable, and in force for
 * every later message, when its promise resolves.
 */
export class SettingsStore {
  readonly #store: Store<SettingsTables>;
  #snapshot: SettingsSnapshot;

  private constructor(store: Store<SettingsTables>, content: SettingsContent) {
    this.#store = store;
    this.#snapshot = buildSnapshot(content);
  }

  /** Founds the settings of a new server. @throws Error when they were founded before */
  static async create(path: string, serverId: ServerId): Promise<void> {
    const store = openStore<SettingsTables>(path, settingsSteps);
    try {
      await store.db
        .insertInto('server')
        .values({ name: 'id', value: printEncoded(serverId) })
        .execute();
    } finally {
      store.close();
    }
  }

  /** @throws Error when no server was founded there */
  static async open(path: string): Promise<SettingsStore> {
    const notFounded = () =>
      new Error(`${path} holds no security server yet: run \`waygate server init\` first`);
    // Opening would create the file, and a folder with settings is taken for a founded server.
    if (!existsSync(path)) throw notFounded();
    const store = openStore<SettingsTables>(path, settingsSteps);
    const serverId = await readServerId(store.db);
    if (serverId === undefined) {
      store.close();
      throw notFounded();
    }
    return new SettingsStore(store, await readContent(store.db, serverId));
  }

  get serverId(): ServerId {
    return this.#snapshot.serverId;
  }

  /** The database, for neighbours that keep tables of their own beside the settings. */
  get db(): Kysely<SettingsTables> {
    return this.#store.db;
  }

  current(): SettingsSnapshot {
    return this.#snapshot;
  }

  close(): void {
    this.#store.close();
  }

  putClient({ id, status, connectionType, certificates }: ClientRecord): Promise<void> {
    const values = { status, connectionType, certificates: writeCertificates(certificates) };
    return this.#change((tx) =>
      tx
        .insertInto('client')
        .values({ id: printEncoded(id), ...values })
        .onConflict((conflict) => conflict.column('id').doUpdateSet(values))
        .execute(),
    );
  }

  /**
   * Its services, the rights on them and its groups go with it.
   * @param withOrphans whether rights and places in groups that other clients gave to it go, too
   */
  removeClient(id: ClientId, { withOrphans = false } = {}): Promise<void> {
    return this.#change(async (tx) => {
      await tx.deleteFrom('client').where('id', '=', printEncoded(id)).execute();
      if (withOrphans) await removeSubject(tx, id);
    });
  }

  /** @throws SettingsConflict service-described */
  putService(service: ServiceRecord): Promise<void> {
    return this.#change((tx) => putService(tx, service));
  }

  removeService(provider: ClientId, code: string): Promise<void> {
    return this.#change((tx) =>
      tx
        .deleteFrom('service')
        .where('provider', '=', printEncoded(provider))
        .where('code', '=', code)
        .where('description', 'is', null)
        .execute(),
    );
  }

  /**
   * Adds a WSDL with its services, all at once.
   * @param published the document as callers are given it
   * @throws SettingsConflict service-exists
   */
  addDescription(
    description: WsdlDescription,
    services: readonly DescribedService[],
    published: Buffer,
  ): Promise<void> {
    return this.#change((tx) => addDescription(tx, description, services, published));
  }

  /**
   * Accepts a WSDL that was read again: its services come, change and go with it, all at once. What an administrator
   * set on a service stays, and so do its notice and the rights on services that stay.
   * @throws SettingsConflict service-exists, unknown-description
   */
  refreshDescription(
    description: WsdlDescription,
    services: readonly DescribedService[],
    published: Buffer,
  ): Promise<void> {
    return this.#change((tx) => refreshDescription(tx, description, services, published));
  }

  /** Switches all services of a WSDL off with a notice for their callers, or on again without one. */
  setDescriptionNotice(provider: ClientId, id: string, notice: string | undefined): Promise<void> {
    return this.#change((tx) =>
      tx
        .updateTable('wsdlDescription')
        .set({ disabledNotice: notice ?? null })
        .where('provider', '=', printEncoded(provider))
        .where('id', '=', id)
        .execute(),
    );
  }

  /** Its services go with it. */
  removeDescription(provider: ClientId, id: string): Promise<void> {
    return this.#change((tx) =>
      tx
        .deleteFrom('wsdlDescription')
        .where('provider', '=', printEncoded(provider))
        .where('id', '=', id)
        .execute(),
    );
  }

  /** The document of a WSDL as callers are given it; undefined when there is no such description. */
  async publishedDescription(provider: ClientId, id: string): Promise<Buffer | undefined> {
    const row = await this.#store.db
      .selectFrom('wsdlDescription')
      .select('published')
      .where('provider', '=', printEncoded(provider))
      .where('id', '=', id)
      .executeTakeFirst();
    return row?.published;
  }

  /**
   * Accepts the OpenAPI description of a service, which is made if it is not there: endpoints come and go with it, all
   * at once, and rights on those that go. Endpoints that were set by hand stay.
   * @param fresh the service, should it not be there; one that is stays as it is but for kind, title and endpoints
   * @param address given by hand: in place of the one it has
   * @throws SettingsConflict service-described when a WSDL has it
   */
  acceptOpenApi(
    fresh: ServiceRecord,
    description: OpenApiDescription,
    published: Buffer,
    address?: string,
  ): Promise<void> {
    return this.#change((tx) => acceptOpenApi(tx, fresh, description, published, address));
  }

  /** The OpenAPI document of a service as callers are given it; undefined when it has none. */
  publishedOpenApi(
    provider: ClientId,
    serviceCode: string,
  ): Promise<{ readonly published: Buffer; readonly contentType: string } | undefined> {
    return this.#store.db
      .selectFrom('openApiDescription')
      .select(['published', 'contentType'])
      .where('provider', '=', printEncoded(provider))
      .where('code', '=', serviceCode)
      .executeTakeFirst();
  }

  /** Changes a service of a WSDL; an address other than the description's stays when that is read again. */
  changeDescribed(
    service: Pick<ServiceRecord, 'provider' | 'serviceCode' | 'serviceVersion'>,
    changed: DescribedChange,
  ): Promise<void> {
    return this.#change((tx) => changeDescribed(tx, service.provider, service, changed));
  }

  /**
   * Gives `subject` exactly these endpoints of a service, and no others; none takes every right away.
   * @throws SettingsConflict unknown-service
   */
  setRights(provider: ClientId, code: string, subject: Subject, grants: readonly Grant[]): Promise<void> {
    return this.setRightsOf(provider, code, [{ subject, grants }]);
  }

  /** The same for several subjects, all at once. @throws SettingsConflict unknown-service */
  setRightsOf(
    provider: ClientId,
    code: string,
    wanted: readonly { readonly subject: Subject; readonly grants: readonly Grant[] }[],
  ): Promise<void> {
    return this.#change(async (tx) => {
      for (const { subject, grants } of wanted) await setRights(tx, provider, code, subject, grants);
    });
  }

  /**
   * Adds rights to those that are there, all at once; one that is there already holds as long as is said now.
   * @throws SettingsConflict unknown-service
   */
  giveRights(provider: ClientId, code: string, grants: readonly GrantTo[]): Promise<void> {
    return this.#change((tx) => giveRights(tx, provider, code, grants));
  }

  /** Takes single rights away, all at once. */
  takeRights(
    provider: ClientId,
    code: string,
    rights: readonly (Endpoint & { readonly subject: Subject })[],
  ): Promise<void> {
    return this.#change((tx) => takeRights(tx, provider, code, rights));
  }

  /** Gives a service exactly these limits; none takes every limit away. @throws SettingsConflict unknown-service */
  setLimits(
    provider: ClientId,
    code: string,
    limits: readonly Pick<ServiceLimit, 'consumer' | 'requests' | 'periodSeconds'>[],
  ): Promise<void> {
    return this.#change((tx) => setLimits(tx, provider, code, limits));
  }

  putLocalGroup({ owner, groupCode, description, members }: LocalGroup): Promise<void> {
    const values = { description, members: JSON.stringify(members.map(printSubject)) };
    return this.#change((tx) =>
      tx
        .insertInto('localGroup')
        .values({ owner: printEncoded(owner), code: groupCode, ...values })
        .onConflict((conflict) => conflict.columns(['owner', 'code']).doUpdateSet(values))
        .execute(),
    );
  }

  /** Rights that were given to it go with it: another group of that name would have them otherwise. */
  removeLocalGroup(owner: ClientId, code: string): Promise<void> {
    const key = printEncoded(owner);
    const subject = printSubject({ kind: 'LOCALGROUP', groupCode: code });
    return this.#change(async (tx) => {
      await tx.deleteFrom('localGroup').where('owner', '=', key).where('code', '=', code).execute();
      await tx.deleteFrom('accessRight').where('provider', '=', key).where('subject', '=', subject).execute();
    });
  }

  /** The certificate this server shows to information systems, and is let in with itself. */
  setInternalCertificate(der: Buffer): Promise<void> {
    const value = toBase64(der);
    return this.#change((tx) =>
      tx
        .insertInto('server')
        .values({ name: 'internalCertificate', value })
        .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
        .execute(),
    );
  }

  /** The same server under another owner, as its registration says. */
  setServerId(serverId: ServerId): Promise<void> {
    return this.#change((tx) =>
      tx
        .updateTable('server')
        .set({ value: printEncoded(serverId) })
        .where('name', '=', 'id')
        .execute(),
    );
  }

  async #change(work: (tx: Transaction<SettingsTables>) => Promise<unknown>): Promise<void> {
    const content = await this.#store.db.transaction().execute(async (tx) => {
      await work(tx);
      await removeOrphans(tx);
      await removeOrphanedLimits(tx);
      // Read before others change more: a snapshot never shows half of a change.
      return readContent(tx, (await readServerId(tx)) ?? this.serverId);
    });
    this.#snapshot = buildSnapshot(content);
  }
}

async function readServerId(db: Kysely<SettingsTables>): Promise<ServerId | undefined> {
  const row = await db.selectFrom('server').select('value').where('name', '=', 'id').executeTakeFirst();
  return row && parseEncodedServer(row.value);
}
