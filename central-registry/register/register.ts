import { openStore, type Store } from '../../gateway/store/index.ts';
import type { Book } from './book.ts';
import { RegisterError } from './error.ts';
import { listGroups } from './groups.ts';
import { listKeys } from './keys.ts';
import { listMemberClasses, listMembers, listSubsystems } from './members.ts';
import type { RegisterContent } from './model.ts';
import { type RegisterTables, registerSteps } from './schema.ts';
import { listServers } from './servers.ts';
import { firstSettings, readRegistrationCertificate, readSettings, writeSettings } from './settings.ts';
import { listCertificationServices, listTimestampingServices } from './trust-services.ts';
import { listTrustedAnchors } from './trusted-anchors.ts';
import { checkCode } from './values.ts';

/** The book of one instance, on disk. */
export class Register {
  readonly instance: string;
  readonly #store: Store<RegisterTables>;
  readonly #listeners = new Set<() => void>();
  #revision = 0;

  private constructor(store: Store<RegisterTables>, instance: string) {
    this.#store = store;
    this.instance = instance;
  }

  /**
   * Founds an instance; its code can never be changed, since every identifier begins with it.
   * @param address where security servers will fetch the configuration
   * @throws RegisterError exists, invalid
   */
  static async create(path: string, instance: string, address: string): Promise<void> {
    checkCode(instance);
    const store = openStore<RegisterTables>(path, registerSteps);
    try {
      await store.db.transaction().execute(async (db) => {
        const founded = await readInstance(db);
        if (founded !== undefined) {
          throw new RegisterError('exists', `${path} holds the register of instance ${founded} already`);
        }
        await db.insertInto('setting').values({ name: 'instance', value: instance }).execute();
        await writeSettings({ db, instance }, { ...firstSettings, address });
      });
    } finally {
      store.close();
    }
  }

  /** @throws RegisterError not-found when no instance was founded there */
  static async open(path: string): Promise<Register> {
    const store = openStore<RegisterTables>(path, registerSteps);
    const instance = await readInstance(store.db);
    if (instance === undefined) {
      store.close();
      throw new RegisterError('not-found', `${path} holds no register: run \`waygate registry init\` first`);
    }
    return new Register(store, instance);
  }

  /** Counts the changes made since it was opened. */
  get revision(): number {
    return this.#revision;
  }

  close(): void {
    this.#store.close();
  }

  /** Everything at one instant. */
  readAll(): Promise<RegisterContent> {
    return this.read(async (book) => {
      const registrationCertificate = await readRegistrationCertificate(book);
      return {
        instance: book.instance,
        memberClasses: await listMemberClasses(book),
        members: await listMembers(book),
        subsystems: await listSubsystems(book),
        servers: await listServers(book),
        groups: await listGroups(book),
        certificationServices: await listCertificationServices(book),
        timestampingServices: await listTimestampingServices(book),
        trustedAnchors: await listTrustedAnchors(book),
        settings: await readSettings(book),
        keys: await listKeys(book),
        ...(registrationCertificate !== undefined && { registrationCertificate }),
      };
    });
  }

  /** Reads in one transaction. */
  read<Answer>(look: (book: Book) => Promise<Answer>): Promise<Answer> {
    return this.#store.db.transaction().execute((db) => look({ db, instance: this.instance }));
  }

  /**
   * Changes the register in one transaction: durable and announced when the promise resolves, undone when `make`
   * throws.
   * @param isPublished whether what was made shows in the configuration; it does unless told
   */
  async change<Answer>(
    make: (book: Book) => Promise<Answer>,
    isPublished: (answer: Answer) => boolean = () => true,
  ): Promise<Answer> {
    const answer = await this.read(make);
    if (!isPublished(answer)) return answer;
    this.#revision++;
    for (const tell of this.#listeners) tell();
    return answer;
  }

  /** @param tell called after each change @returns ends the calls */
  onChange(tell: () => void): () => void {
    this.#listeners.add(tell);
    return () => this.#listeners.delete(tell);
  }
}

async function readInstance(db: Book['db']): Promise<string | undefined> {
  const row = await db
    .selectFrom('setting')
    .select('value')
    .where('name', '=', 'instance')
    .executeTakeFirst();
  return row?.value;
}
