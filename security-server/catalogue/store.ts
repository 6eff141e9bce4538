import { parseEncodedClient, printEncoded } from '../../gateway/identifier/index.ts';
import { openStore, type Store } from '../../gateway/store/index.ts';
import { serviceIdOf } from '../settings/index.ts';
import type { Attempt, CatalogueProvider, CatalogueService, Description, Failure } from './model.ts';
import type { ProviderToAsk } from './providers.ts';
import type { OfferedEndpoint, OfferedService } from './read-methods.ts';
import {
  type ProviderRow,
  providerColumns,
  type ServiceRow,
  serviceColumns,
  showProvider,
  showService,
} from './rows.ts';
import { catalogueSteps } from './schema.ts';

/** Which services are listed. */
export interface CatalogueQuestion {
  /** Encoded: for whom it is told what they may call. */
  readonly client: string;
  readonly q?: string;
  /** Encoded. */
  readonly provider?: string;
  /** Encoded identifier of a service: only those behind it. */
  readonly after: string | undefined;
  readonly limit: number;
}

const maxWords = 10;

/** What was gathered, on disk. It can be thrown away: everything is gathered again. */
export class CatalogueStore {
  readonly #store: Store<never>;

  constructor(path: string) {
    this.#store = openStore(path, catalogueSteps);
  }

  close(): void {
    this.#store.close();
  }

  /**
   * Takes over who there is. What left the configuration leaves the catalogue, and so does what clients that left may
   * call.
   * @param firstAt milliseconds since 1970 from when on one that is new is asked by itself
   */
  sync(providers: readonly ProviderToAsk[], clients: readonly string[], firstAt: () => number): void {
    const { database } = this.#store;
    const put = database.prepare(
      `INSERT INTO provider (id, memberName, name, search, nextAt) VALUES (@id, @memberName, @name, @search, @nextAt)
       ON CONFLICT (id) DO UPDATE
         SET memberName = excluded.memberName, name = excluded.name, search = excluded.search
         WHERE memberName != excluded.memberName OR name != excluded.name`,
    );
    const remove = database.prepare('DELETE FROM provider WHERE id = ?');
    database.transaction(() => {
      for (const { id, memberName, name } of providers) {
        const search = `${id}\n${memberName}\n${name}`.toLowerCase();
        put.run({ id, memberName, name, search, nextAt: firstAt() });
      }
      const known = new Set(providers.map(({ id }) => id));
      const kept = database.prepare<[], string>('SELECT id FROM provider').pluck().all();
      for (const id of kept) if (!known.has(id)) remove.run(id);
      for (const table of ['asked', 'allowed']) {
        database
          .prepare(`DELETE FROM ${table} WHERE client NOT IN (SELECT value FROM json_each(?))`)
          .run(JSON.stringify(clients));
      }
    })();
  }

  /** Providers whose turn it is, those that have waited longest first. */
  due(at: Date, limit: number): string[] {
    return this.#store.database
      .prepare<[number, number], string>(
        'SELECT id FROM provider WHERE nextAt <= ? ORDER BY nextAt, id LIMIT ?',
      )
      .pluck()
      .all(at.getTime(), limit);
  }

  provider(id: string): CatalogueProvider | undefined {
    const row = this.#store.database
      .prepare<[string], ProviderRow>(`SELECT ${providerColumns} FROM provider p WHERE p.id = ?`)
      .get(id);
    return row && showProvider(row);
  }

  /** Providers behind one, in the order of their identifiers. */
  providers(after: string | undefined, limit: number): CatalogueProvider[] {
    return this.#store.database
      .prepare<[string, number], ProviderRow>(
        `SELECT ${providerColumns} FROM provider p WHERE p.id > ? ORDER BY p.id LIMIT ?`,
      )
      .all(after ?? '', limit)
      .map(showProvider);
  }

  /** Services in the order of their identifiers. */
  services({ client, q = '', provider, after = '', limit }: CatalogueQuestion): CatalogueService[] {
    const words = q.toLowerCase().split(/\s+/).filter(Boolean).slice(0, maxWords);
    const found = words.map((_, index) => `AND instr(s.search || char(10) || p.search, @word${index}) > 0`);
    return this.#services(
      `s.id > @after ${provider === undefined ? '' : 'AND s.provider = @provider'} ${found.join(' ')}
       ORDER BY s.id LIMIT @limit`,
      {
        ...{ client, after, limit },
        ...(provider !== undefined && { provider }),
        ...Object.fromEntries(words.map((word, index) => [`word${index}`, word])),
      },
    );
  }

  service(id: string, client: string): CatalogueService | undefined {
    return this.#services('s.id = @id', { id, client })[0];
  }

  #services(where: string, values: Readonly<Record<string, string | number>>): CatalogueService[] {
    return this.#store.database
      .prepare<[object], ServiceRow>(
        `SELECT ${serviceColumns} FROM service s JOIN provider p ON p.id = s.provider
         LEFT JOIN asked q ON q.provider = s.provider AND q.client = @client
         LEFT JOIN allowed a ON a.service = s.id AND a.client = @client
         WHERE ${where}`,
      )
      .all(values)
      .map(showService);
  }

  /** Endpoints that a service lists. */
  endpointsOf(id: string): readonly OfferedEndpoint[] {
    return this.#json('SELECT endpoints FROM service WHERE id = ?', [id]) ?? [];
  }

  /** Endpoints of a service that a client may call; undefined when it may call none, or nobody asked. */
  allowedEndpoints(id: string, client: string): readonly OfferedEndpoint[] | undefined {
    return this.#json('SELECT endpoints FROM allowed WHERE service = ? AND client = ?', [id, client]);
  }

  descriptionOf(id: string): Description | undefined {
    return this.#json('SELECT description FROM service WHERE id = ?', [id]);
  }

  /** Octets of the descriptions of a provider's other services. */
  descriptionBytes(provider: string, besides: OfferedService): number {
    return (
      this.#store.database
        .prepare<[string, string], number>(
          'SELECT coalesce(sum(octet_length(description)), 0) FROM service WHERE provider = ? AND id != ?',
        )
        .pluck()
        .get(provider, serviceKey(provider, besides)) ?? 0
    );
  }

  /** Services of a provider whose description was asked for before an instant, or in vain, or never: these first. */
  undescribed(provider: string, before: Date, limit: number): OfferedService[] {
    return this.#store.database
      .prepare<[string, number, number], { code: string; version: string; kind: OfferedService['kind'] }>(
        `SELECT code, version, kind FROM service
         WHERE provider = ? AND kind != 'REST' AND (coalesce(describedAt, 0) < ? OR descriptionCode IS NOT NULL)
         ORDER BY coalesce(describedAt, 0), id LIMIT ?`,
      )
      .all(provider, before.getTime(), limit)
      .map(({ code, version, kind }) => ({
        ...{ serviceCode: code, kind, endpoints: [] },
        ...(version !== '' && { serviceVersion: version }),
      }));
  }

  /**
   * Takes over what a provider offers of some kinds; descriptions of what it still offers stay.
   * @param allowed what a client may call of it
   */
  putOffered(
    { provider, client }: Pick<Attempt, 'provider' | 'client'>,
    kinds: readonly OfferedService['kind'][],
    offered: readonly OfferedService[],
    allowed: readonly OfferedService[],
  ): void {
    const { database } = this.#store;
    const idOf = (service: OfferedService) => serviceKey(provider, service);
    const put = database.prepare(
      `INSERT INTO service (id, provider, code, version, kind, endpoints, endpointCount, search)
       VALUES (@id, @provider, @code, @version, @kind, @endpoints, @count, @search)
       ON CONFLICT (id) DO UPDATE
         SET kind = excluded.kind, endpoints = excluded.endpoints, endpointCount = excluded.endpointCount`,
    );
    const allow = database.prepare(
      'INSERT INTO allowed (client, service, endpoints, count) VALUES (?, ?, ?, ?)',
    );
    database.transaction(() => {
      // It may have left the configuration while it was asked.
      if (this.provider(provider) === undefined) return;
      const listed = JSON.stringify(kinds);
      const ofKinds = `provider = ? AND kind IN (SELECT value FROM json_each(?))`;
      database
        .prepare(`DELETE FROM service WHERE ${ofKinds} AND id NOT IN (SELECT value FROM json_each(?))`)
        .run(provider, listed, JSON.stringify(offered.map(idOf)));
      for (const service of offered) {
        const { serviceCode: code, serviceVersion: version = '', kind, endpoints } = service;
        put.run({
          ...{ id: idOf(service), provider, code, version, kind, search: code.toLowerCase() },
          ...{ endpoints: JSON.stringify(endpoints), count: endpoints.length },
        });
      }
      database
        .prepare(
          `DELETE FROM allowed WHERE client = ? AND service IN (SELECT id FROM service WHERE ${ofKinds})`,
        )
        .run(client, provider, listed);
      const known = new Set(offered.map(idOf));
      for (const service of allowed) {
        const id = idOf(service);
        // What a provider lets somebody call and does not list is not there.
        if (known.has(id)) allow.run(client, id, JSON.stringify(service.endpoints), service.endpoints.length);
      }
    })();
  }

  /** Keeps how an attempt ended. */
  putAttempt({ provider, client, at, error, nextAt }: Attempt): void {
    const { database } = this.#store;
    const outcome = [error?.code ?? null, error?.text ?? null] as const;
    database.transaction(() => {
      const { changes } = database
        .prepare(
          `UPDATE provider SET triedAt = @at, errorCode = @code, errorText = @text, nextAt = @nextAt,
             gatheredAt = CASE WHEN @code IS NULL THEN @at ELSE gatheredAt END,
             failures = CASE WHEN @code IS NULL THEN 0 ELSE failures + 1 END
           WHERE id = @provider`,
        )
        .run({
          ...{ provider, at: at.getTime(), nextAt: nextAt.getTime() },
          ...{ code: outcome[0], text: outcome[1] },
        });
      // It may have left the configuration while it was asked.
      if (changes === 0) return;
      database
        .prepare(
          'INSERT OR REPLACE INTO asked (client, provider, at, errorCode, errorText) VALUES (?, ?, ?, ?, ?)',
        )
        .run(client, provider, at.getTime(), ...outcome);
    })();
  }

  /** Keeps what describes a service, or why it could not be had: then a former description stays. */
  putDescription(
    provider: string,
    service: OfferedService,
    at: Date,
    { description, error }: { readonly description?: Description; readonly error?: Failure },
  ): void {
    const title = description?.outline.title ?? '';
    const words = description === undefined ? '' : [title, description.outline.description].join('\n');
    this.#store.database
      .prepare(
        `UPDATE service SET describedAt = @at, descriptionCode = @code, descriptionText = @text
           ${description === undefined ? '' : ', description = @description, title = @title, search = @search'}
         WHERE id = @id`,
      )
      .run({
        ...{ id: serviceKey(provider, service), at: at.getTime() },
        ...{ code: error?.code ?? null, text: error?.text ?? null },
        ...(description !== undefined && {
          ...{ description: JSON.stringify(description), title },
          search: `${service.serviceCode}\n${words}`.toLowerCase(),
        }),
      });
  }

  #json<Value>(sql: string, values: readonly string[]): Value | undefined {
    const text = this.#store.database
      .prepare<string[], string | null>(sql)
      .pluck()
      .get(...values);
    return text === undefined || text === null ? undefined : (JSON.parse(text) as Value);
  }
}

function serviceKey(provider: string, { serviceCode, serviceVersion }: OfferedService): string {
  return printEncoded(serviceIdOf(parseEncodedClient(provider), serviceCode, serviceVersion));
}
