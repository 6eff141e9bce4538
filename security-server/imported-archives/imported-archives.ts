import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readArchive } from '../../gateway/signature/index.ts';
import { openStore, type Store, writeFileDurably } from '../../gateway/store/index.ts';
import {
  type ArchiveToImport,
  type FoundMessage,
  ImportError,
  type ImportedArchive,
  type ImportedQuery,
} from './model.ts';
import { readCursor, whereOf, writeCursor } from './query.ts';
import { schemaSteps } from './schema.ts';
import { findHoles, insertStretch } from './stretches.ts';

export interface FoundContainer {
  /** File name that tells it from all others of the folder. */
  readonly name: string;
  readonly bytes: Buffer;
}

/** A page of what was found, newest first. */
export interface FoundMessages {
  readonly messages: readonly FoundMessage[];
  /** Null when there is nothing more. */
  readonly next: string | null;
}

const columns = `entry, query_id AS queryId, direction, client, service, user_id AS userId, issue, status,
  CASE WHEN at < 0 THEN NULL ELSE at END AS at, code, reason`;

/**
 * A folder of archives and an index of the messages in them. The archives stay as they were made, and a container is
 * taken from its archive whenever it is wanted, so that the index is no evidence and needs no trust.
 */
export class ImportedArchives {
  readonly #dir: string;
  readonly #store: Store<Record<string, never>>;

  private constructor(dir: string, store: Store<Record<string, never>>) {
    this.#dir = dir;
    this.#store = store;
  }

  /** Creates the folder if need be. */
  static async create(dir: string): Promise<ImportedArchives> {
    await mkdir(join(dir, 'archives'), { recursive: true, mode: 0o700 });
    return new ImportedArchives(dir, openStore(join(dir, indexName), schemaSteps));
  }

  /** @throws Error when nothing was imported there */
  static open(dir: string): ImportedArchives {
    const path = join(dir, indexName);
    if (!existsSync(path)) {
      throw new Error(`${dir} holds no imported archives: make them with waygate audit import --into ${dir}`);
    }
    return new ImportedArchives(dir, openStore(path, schemaSteps));
  }

  /**
   * Keeps an archive. It is on disk when this returns, and a crash before leaves at most a file that the next time is
   * written again.
   * @returns false when it was here already
   */
  async add({
    name,
    bytes,
    maker,
    lastDigest,
    previous,
    messages,
    stretch,
  }: ArchiveToImport): Promise<boolean> {
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const { database } = this.#store;
    if (database.prepare('SELECT 1 FROM archive WHERE sha256 = ?').get(sha256) !== undefined) return false;
    await writeFileDurably(this.#pathOf(sha256), bytes);
    database.transaction(() => {
      const { lastInsertRowid: archive } = database
        .prepare(
          `INSERT INTO archive (name, sha256, octets, maker, last_digest, follows, follows_digest)
           VALUES (?, ?, ?, ?, ?, ?, ?)`,
        )
        .run(name, sha256, bytes.length, maker, lastDigest, previous?.fileName, previous?.digest);
      const insert = database.prepare(
        `INSERT INTO message (archive, entry, query_id, direction, client, service, user_id, issue, status, at, code,
           reason)
         VALUES (@archive, @entry, @queryId, @direction, @client, @service, @userId, @issue, @status, @at, @code,
           @reason)`,
      );
      for (const message of messages) insert.run({ ...message, at: message.at ?? -1, archive });
      if (stretch !== undefined) insertStretch(database, archive, stretch);
    })();
    return true;
  }

  /** In the order in which they came. */
  archives(): ImportedArchive[] {
    const { database } = this.#store;
    const rows = database
      .prepare<
        [],
        Omit<ImportedArchive, 'isLinked' | 'hole'> & { readonly id: number; readonly isLinked: number }
      >(
        `SELECT id, name, maker, sha256, octets, follows,
           (SELECT count(*) FROM message WHERE archive = archive.id) AS messages,
           (SELECT count(*) FROM message WHERE archive = archive.id AND code IS NOT NULL) AS bad,
           follows IS NULL OR EXISTS (SELECT 1 FROM archive AS before
             WHERE before.last_digest = archive.follows_digest AND before.id <> archive.id) AS isLinked
         FROM archive ORDER BY id`,
      )
      .all();
    const holes = findHoles(database);
    return rows.map(({ id, ...row }) => ({
      ...row,
      isLinked: row.isLinked === 1,
      hole: holes.get(id) ?? null,
    }));
  }

  /** @throws ImportError cursor-unreadable */
  search(query: ImportedQuery): FoundMessages {
    const after = query.cursor === undefined ? undefined : readCursor(query.cursor);
    const { where, values } = whereOf(query, after);
    const rows = this.#store.database
      .prepare<unknown[], FoundMessage & { readonly id: number; readonly sortedAt: number }>(
        `SELECT message.id, at AS sortedAt, ${columns}, archive.name AS archive
         FROM message JOIN archive ON archive.id = message.archive
         ${where} ORDER BY at DESC, message.id DESC LIMIT ?`,
      )
      .all(...values, query.limit + 1);
    const shown = rows.slice(0, query.limit);
    const last = shown.at(-1);
    return {
      messages: shown.map(({ id: _, sortedAt: __, ...message }) => message),
      next: rows.length > query.limit && last !== undefined ? writeCursor(last.sortedAt, last.id) : null,
    };
  }

  /**
   * Containers of a message id, as they were archived.
   * @throws ImportError altered when an archive is no longer what was imported
   */
  async containers(queryId: string): Promise<FoundContainer[]> {
    const rows = this.#store.database
      .prepare<[string], { readonly id: number; readonly sha256: string; readonly entry: string }>(
        `SELECT message.id, sha256, entry FROM message JOIN archive ON archive.id = message.archive
         WHERE query_id = ? ORDER BY message.archive, message.id`,
      )
      .all(queryId);
    const found: FoundContainer[] = [];
    let opened: { readonly sha256: string; readonly entries: ReadonlyMap<string, Buffer> } | undefined;
    for (const { id, sha256, entry } of rows) {
      if (opened?.sha256 !== sha256) opened = { sha256, entries: await this.#entries(sha256) };
      const bytes = opened.entries.get(entry);
      if (bytes === undefined) throw altered(sha256);
      found.push({ name: `${id}-${entry}`, bytes });
    }
    return found;
  }

  close(): void {
    this.#store.close();
  }

  async #entries(sha256: string): Promise<ReadonlyMap<string, Buffer>> {
    const bytes = await readFile(this.#pathOf(sha256));
    if (createHash('sha256').update(bytes).digest('hex') !== sha256) throw altered(sha256);
    return new Map(
      (await readArchive(bytes)).containers.map(({ name, bytes: container }) => [name, container]),
    );
  }

  #pathOf(sha256: string): string {
    return join(this.#dir, 'archives', `${sha256}.zip`);
  }
}

const indexName = 'imported.sqlite';

function altered(sha256: string): ImportError {
  const remedy = 'remove it with its index, and import the archive again';
  return new ImportError('altered', `archives/${sha256}.zip is not what was imported: ${remedy}`);
}
