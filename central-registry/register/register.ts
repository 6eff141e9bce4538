import { openStore, type Store } from '../../gateway/store/index.ts';
import { type Act, HistoryRows } from '../history/index.ts';
import type { Book } from './book.ts';
import { listOwnProfiles } from './certificate-profiles.ts';
import { RegisterError } from './error.ts';
import { listGroups } from './groups.ts';
import { listKeys } from './keys.ts';
import { listMemberClasses, listMembers, listSubsystems } from './members.ts';
import type { RegisterContent } from './model.ts';
import { captureRules, type RegisterTables, registerSteps } from './schema.ts';
import { listServers } from './servers.ts';
import { firstSettings, readRegistrationCertificate, readSettings, writeSettings } from './settings.ts';
import { listCertificationServices, listTimestampingServices } from './trust-services.ts';
import { listTrustedAnchors } from './trusted-anchors.ts';
import { checkCode } from './values.ts';

/** The book of one instance, on disk. */
export class Register {
  readonly instance: string;
  /** Every change of it, written down with the change. */
  readonly history: HistoryRows;
  readonly #now: () => Date;
  readonly #store: Store<RegisterTables>;
  readonly #listeners = new Set<() => void>();
  #revision = 0;

  private constructor(store: Store<RegisterTables>, history: HistoryRows, instance: string, now: () => Date) {
    this.#store = store;
    this.history = history;
    this.#now = now;
    this.instance = instance;
  }

  /**
   * Founds an instance; its code can never be changed, since every identifier begins with it.
   * @param address where security servers will fetch the configuration
   * @throws RegisterError exists, invalid
   */
  static async create(
    path: string,
    instance: string,
    address: string,
    now: () => Date = () => new Date(),
  ): Promise<void> {
    checkCode(instance);
    const store = openStore<RegisterTables>(path, registerSteps);
    try {
      const history = new HistoryRows(store.database, captureRules);
      await store.db.transaction().execute(async (db) => {
        const founded = await readInstance(db);
        if (founded !== undefined) {
          throw new RegisterError('exists', `${path} holds the register of instance ${founded} already`);
        }
        await db.insertInto('setting').values({ name: 'instance', value: instance }).execute();
        await writeSettings({ db, instance }, { ...firstSettings, address });
        history.record(now(), { by: 'system', why: 'the instance is founded' });
      });
    } finally {
      store.close();
    }
  }

  /** @throws RegisterError not-found when no instance was founded there */
  static async open(path: string, now: () => Date = () => new Date()): Promise<Register> {
    const store = openStore<RegisterTables>(path, registerSteps);
    const instance = await readInstance(store.db);
    if (instance === undefined) {
      store.close();
      throw new RegisterError('not-found', `${path} holds no register: run \`waygate registry init\` first`);
    }
    try {
      const history = new HistoryRows(store.database, captureRules);
      history.state(now());
      return new Register(store, history, instance, now);
    } catch (error) {
      store.close();
      throw error;
    }
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
        certificateProfiles: await listOwnProfiles(book),
        trustedAnchors: await listTrustedAnchors(book),
        settings: await readSettings(book),
        keys: await listKeys(book),
        ...(registrationCertificate !== undefined && { registrationCertificate }),
      };
    });
  }

  /** Reads in one transaction. @throws Error when something was written: that is what `change` is for */
  read<Answer>(look: (book: Book) => Promise<Answer>): Promise<Answer> {
    return this.#store.db.transaction().execute(async (db) => {
      const answer = await look({ db, instance: this.instance });
      this.history.requireNothing();
      return answer;
    });
  }

  /**
   * Changes the register in one transaction: durable, in its history and announced when the promise resolves, undone
   * when `make` throws.
   * @param act who, and why
   * @param isPublished whether what was made shows in the configuration; it does unless told
   */
  async change<Answer>(
    act: Act,
    make: (book: Book) => Promise<Answer>,
    isPublished: (answer: Answer) => boolean = () => true,
  ): Promise<Answer> {
    const { answer, entry } = await this.#store.db.transaction().execute(async (db) => {
      const made = await make({ db, instance: this.instance });
      return { answer: made, entry: this.history.record(this.#now(), act) };
    });
    if (entry !== undefined) this.history.committed(entry);
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
