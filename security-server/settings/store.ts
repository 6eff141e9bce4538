import { existsSync } from 'node:fs';
import type { Kysely, Transaction } from 'kysely';
import {
  type ClientId,
  parseEncodedClient,
  parseEncodedServer,
  printEncoded,
  type ServerId,
} from '../../gateway/identifier/index.ts';
import type { ConnectionType } from '../../gateway/road/index.ts';
import { openStore, type Store } from '../../gateway/store/index.ts';
import type {
  AccessRight,
  ClientRecord,
  Endpoint,
  LocalGroup,
  ServiceRecord,
  SettingsContent,
  Subject,
} from './model.ts';
import { type SettingsTables, settingsSteps } from './schema.ts';
import { buildSnapshot, type SettingsSnapshot } from './snapshot.ts';
import { parseSubject, printSubject } from './subject.ts';

/** Certificates of a record travel through JSON as base64. */
type ServiceJson = Omit<ServiceRecord, 'provider' | 'certificates'> & {
  readonly certificates: readonly string[];
};

/**
 * The settings of one security server on disk, and their snapshot in force. A change is durable, and in force for
 * every later message, when its promise resolves.
 */
export class SettingsStore {
  readonly #store: Store<SettingsTables>;
  readonly #serverId: ServerId;
  #snapshot: SettingsSnapshot;

  private constructor(store: Store<SettingsTables>, serverId: ServerId, content: SettingsContent) {
    this.#store = store;
    this.#serverId = serverId;
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
    const row = await store.db
      .selectFrom('server')
      .select('value')
      .where('name', '=', 'id')
      .executeTakeFirst();
    if (row === undefined) {
      store.close();
      throw notFounded();
    }
    const serverId = parseEncodedServer(row.value);
    return new SettingsStore(store, serverId, await readContent(store.db, serverId));
  }

  get serverId(): ServerId {
    return this.#serverId;
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
    const values = { status, connectionType, certificates: JSON.stringify(certificates.map(toBase64)) };
    return this.#change((tx) =>
      tx
        .insertInto('client')
        .values({ id: printEncoded(id), ...values })
        .onConflict((conflict) => conflict.column('id').doUpdateSet(values))
        .execute(),
    );
  }

  /** Its services, rights and groups go with it. */
  removeClient(id: ClientId): Promise<void> {
    return this.#change((tx) => tx.deleteFrom('client').where('id', '=', printEncoded(id)).execute());
  }

  putService({ provider, certificates, ...rest }: ServiceRecord): Promise<void> {
    const json: ServiceJson = { ...rest, certificates: certificates.map(toBase64) };
    const record = JSON.stringify(json);
    return this.#change((tx) =>
      tx
        .insertInto('service')
        .values({ provider: printEncoded(provider), code: rest.serviceCode, record })
        .onConflict((conflict) => conflict.columns(['provider', 'code']).doUpdateSet({ record }))
        .execute(),
    );
  }

  removeService(provider: ClientId, code: string): Promise<void> {
    return this.#change((tx) =>
      tx
        .deleteFrom('service')
        .where('provider', '=', printEncoded(provider))
        .where('code', '=', code)
        .execute(),
    );
  }

  /** Gives `subject` exactly these endpoints of a service, and no others; none takes every right away. */
  setRights(
    provider: ClientId,
    code: string,
    subject: Subject,
    endpoints: readonly Endpoint[],
  ): Promise<void> {
    const row = { provider: printEncoded(provider), code, subject: printSubject(subject) };
    return this.#change(async (tx) => {
      await tx
        .deleteFrom('accessRight')
        .where('provider', '=', row.provider)
        .where('code', '=', code)
        .where('subject', '=', row.subject)
        .execute();
      if (endpoints.length === 0) return;
      await tx
        .insertInto('accessRight')
        .values(endpoints.map(({ method, path }) => ({ ...row, method, path })))
        .execute();
    });
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

  removeLocalGroup(owner: ClientId, code: string): Promise<void> {
    return this.#change((tx) =>
      tx.deleteFrom('localGroup').where('owner', '=', printEncoded(owner)).where('code', '=', code).execute(),
    );
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

  async #change(work: (tx: Transaction<SettingsTables>) => Promise<unknown>): Promise<void> {
    await this.#store.db.transaction().execute(work);
    this.#snapshot = buildSnapshot(await readContent(this.#store.db, this.#serverId));
  }
}

async function readContent(db: Kysely<SettingsTables>, serverId: ServerId): Promise<SettingsContent> {
  const clients = await db.selectFrom('client').selectAll().orderBy('id').execute();
  const services = await db.selectFrom('service').selectAll().orderBy('provider').orderBy('code').execute();
  const rights = await db.selectFrom('accessRight').selectAll().execute();
  const groups = await db.selectFrom('localGroup').selectAll().execute();
  const internal = await db
    .selectFrom('server')
    .select('value')
    .where('name', '=', 'internalCertificate')
    .executeTakeFirst();
  return {
    serverId,
    clients: clients.map(
      (row): ClientRecord => ({
        id: parseEncodedClient(row.id),
        status: row.status as ClientRecord['status'],
        connectionType: row.connectionType as ConnectionType,
        certificates: (JSON.parse(row.certificates) as string[]).map(fromBase64),
      }),
    ),
    services: services.map((row): ServiceRecord => {
      const json = JSON.parse(row.record) as ServiceJson;
      return {
        ...json,
        provider: parseEncodedClient(row.provider),
        certificates: json.certificates.map(fromBase64),
      };
    }),
    rights: rights.map(
      (row): AccessRight => ({
        provider: parseEncodedClient(row.provider),
        serviceCode: row.code,
        endpoint: { method: row.method, path: row.path },
        subject: parseSubject(row.subject),
      }),
    ),
    localGroups: groups.map(
      (row): LocalGroup => ({
        owner: parseEncodedClient(row.owner),
        groupCode: row.code,
        description: row.description,
        members: (JSON.parse(row.members) as string[]).map(parseEncodedClient),
      }),
    ),
    ...(internal !== undefined && { internalCertificate: fromBase64(internal.value) }),
  };
}

function toBase64(der: Buffer): string {
  return der.toString('base64');
}

function fromBase64(text: string): Buffer {
  return Buffer.from(text, 'base64');
}
