import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { backupsFolder, leftOutOf } from './backup.ts';
import { BackupError } from './error.ts';
import { type KeptBackup, KeptBackups, newBackupName } from './kept.ts';
import { makeBackupApart } from './make-apart.ts';
import type { BackedUpProgram } from './programs.ts';
import { checkRecipients } from './recipients.ts';
import { readSpace, requireRoom } from './room.ts';
import { type BackupSettings, readSettings, writeSettings } from './settings.ts';
import { type BackupFailure, type BackupStatus, judgeBackups, nextBackupAt } from './status.ts';

/** The part of an audit log that backups are written down in. */
export interface BackupJournal {
  append(event: {
    readonly actor: string;
    readonly action: string;
    readonly target: string;
    readonly outcome: 'done' | 'failed';
    readonly code?: string;
    readonly purpose?: string;
    readonly detail?: Readonly<Record<string, unknown>>;
  }): unknown;
}

export interface BackupsOptions {
  /** Data folder of the running program. */
  readonly data: string;
  readonly program: BackedUpProgram;
  /** @returns name of the instance or server */
  readonly name: () => string;
  readonly journal: BackupJournal;
  readonly now: () => Date;
  /** Told when a backup fails, or that cannot be written down. */
  readonly onTrouble: (error: Error) => void;
  /** Makes a backup; in a process of its own unless told. */
  readonly make?: typeof makeBackupApart;
  /** Reads the disk of the data folder; the file system says unless told. */
  readonly readSpace?: typeof readSpace;
  /** Pause between looks whether a backup is due; a minute unless told. */
  readonly lookEveryMs?: number;
}

/** Backups that are made by hand stay until somebody removes them, within this. */
const maxKept = 500;
const settingsFile = 'backup-settings.json';

/** Makes backups of the program it runs in, by hand and by schedule, and keeps them in a folder beside its data. */
export class Backups {
  readonly #options: BackupsOptions;
  readonly #kept: KeptBackups;
  readonly #ending = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #settings: BackupSettings;
  #newest: KeptBackup | undefined;
  #failure: BackupFailure | undefined;
  #making: (NonNullable<BackupStatus['making']> & { readonly done: Promise<KeptBackup> }) | undefined;

  private constructor(options: BackupsOptions, kept: KeptBackups, settings: BackupSettings) {
    this.#options = options;
    this.#kept = kept;
    this.#settings = settings;
    this.#timer = setInterval(() => void this.makeIfDue(), options.lookEveryMs ?? 60_000).unref();
  }

  /** @throws BackupError damaged when its settings cannot be read */
  static async open(options: BackupsOptions): Promise<Backups> {
    const folder = join(options.data, backupsFolder);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const kept = new KeptBackups(folder);
    await kept.sweep();
    const backups = new Backups(options, kept, await readSettings(join(options.data, settingsFile)));
    await backups.#look();
    return backups;
  }

  get program(): BackedUpProgram {
    return this.#options.program;
  }

  settings(): BackupSettings {
    return this.#settings;
  }

  /** @param by whom the journal names @throws BackupError private-key, wrong-key, no-recipients */
  async change(by: string, settings: BackupSettings): Promise<void> {
    await checkRecipients(settings.recipients);
    if (settings.everyHours !== undefined) requireRecipients(settings);
    await writeSettings(join(this.#options.data, settingsFile), settings);
    this.#settings = settings;
    const event = { actor: by, action: 'backup.settings', target: settingsFile, outcome: 'done' } as const;
    await this.#options.journal.append({ ...event, detail: { ...settings } });
  }

  status(): BackupStatus {
    const [settings, newest, failure, now] = [
      this.#settings,
      this.#newest,
      this.#failure,
      this.#options.now(),
    ];
    const nextAt = nextBackupAt(settings, newest, failure, now);
    const { name, startedAt, by } = this.#making ?? {};
    return {
      ...judgeBackups(settings, newest, failure, now),
      ...(newest !== undefined && { newest: { name: newest.name, createdAt: newest.createdAt } }),
      ...(nextAt !== undefined && { nextAt: nextAt.toISOString() }),
      ...(name !== undefined &&
        startedAt !== undefined &&
        by !== undefined && { making: { name, startedAt, by } }),
      ...(failure !== undefined && { failure }),
    };
  }

  /** Newest first. */
  list(): Promise<KeptBackup[]> {
    return this.#kept.list();
  }

  /** @throws BackupError unknown */
  read(name: string): Promise<KeptBackup> {
    return this.#kept.read(name);
  }

  /** Whether a backup's octets are those that were written; reads all of it. @throws BackupError unknown */
  isWhole(name: string): Promise<boolean> {
    return this.#kept.isWhole(name);
  }

  /**
   * Opens a backup for somebody who takes it away, which is written down before any of it leaves.
   * @throws BackupError unknown; Error when it cannot be written down
   */
  async open(by: string, name: string): Promise<{ readonly kept: KeptBackup; readonly content: Readable }> {
    const { sha256 } = await this.#kept.read(name);
    const event = { actor: by, action: 'backup.download', target: name, outcome: 'done' } as const;
    await this.#options.journal.append({ ...event, detail: { sha256 } });
    return this.#kept.open(name);
  }

  /** @param purpose why, in the words of whoever removes it @throws BackupError unknown */
  async remove(by: string, name: string, purpose?: string): Promise<void> {
    const { sha256 } = await this.#kept.read(name);
    await this.#kept.remove(name);
    await this.#look();
    const event = { actor: by, action: 'backup.remove', target: name, outcome: 'done' } as const;
    await this.#options.journal.append({ ...event, detail: { sha256 }, ...(purpose && { purpose }) });
  }

  /**
   * Begins a backup.
   * @param by whom the journal names
   * @returns its name, and when it is made what is known of it
   * @throws BackupError no-recipients, busy, too-many, stopped
   */
  async begin(by: string): Promise<{ readonly name: string; readonly done: Promise<KeptBackup> }> {
    requireRecipients(this.#settings);
    if ((await this.#kept.list()).length >= maxKept) {
      throw new BackupError(
        'too-many',
        `${maxKept} backups are kept here: remove some that are elsewhere too`,
      );
    }
    if (this.#ending.signal.aborted) throw new BackupError('stopped', 'The program is being stopped');
    if (this.#making !== undefined) {
      throw new BackupError('busy', `${this.#making.name} is being made: ask again when it is done`);
    }
    const now = this.#options.now();
    const name = newBackupName(this.#options.program, now);
    const done = this.#make(name, by, now).finally(() => {
      this.#making = undefined;
    });
    this.#making = { name, startedAt: now.toISOString(), by, done };
    // Its failure is told of, whoever waits for it or not.
    done.catch(() => undefined);
    return { name, done };
  }

  /** Makes a backup when the schedule wants one, and removes those that it made too long ago. Never throws. */
  async makeIfDue(): Promise<void> {
    const now = this.#options.now();
    const nextAt = nextBackupAt(this.#settings, this.#newest, this.#failure, now);
    if (nextAt === undefined || nextAt > now || this.#making !== undefined) return;
    try {
      await (await this.begin('system')).done;
      await this.#prune();
    } catch (error) {
      // What failed while it was made was told then.
      if (this.#failure === undefined || this.#failure.at < now.toISOString()) {
        await this.#fail({ actor: 'system', action: 'backup.make', target: settingsFile }, error);
      }
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#ending.abort();
    await this.#making?.done.catch(() => undefined);
  }

  async #make(name: string, by: string, now: Date): Promise<KeptBackup> {
    const { data, program, name: nameOf, journal, make = makeBackupApart } = this.#options;
    const { recipients } = this.#settings;
    const event = { actor: by, action: 'backup.make', target: name };
    try {
      await requireRoom(data, leftOutOf(program), await (this.#options.readSpace ?? readSpace)(data));
      const order = { data, program, name: nameOf(), out: this.#kept.pathOf(name), now };
      const made = await make({ ...order, seal: { recipients } }, this.#ending.signal);
      const { octets: size, sha256, files } = made;
      const createdAt = now.toISOString();
      const kept: KeptBackup = { name, size, sha256, createdAt, madeBy: by, files, recipients };
      await this.#kept.add(kept);
      this.#failure = undefined;
      await this.#look();
      await journal.append({ ...event, outcome: 'done', detail: { sha256, size, files, recipients } });
      return kept;
    } catch (error) {
      await this.#fail(event, error);
      throw error;
    }
  }

  /** Tells of a failure, and removes what it left: there may be readable copies of databases. Never throws. */
  async #fail(event: Readonly<Record<'actor' | 'action' | 'target', string>>, error: unknown): Promise<void> {
    const { now, journal, onTrouble } = this.#options;
    const code = error instanceof BackupError ? error.code : 'unexpected';
    this.#failure = { at: now().toISOString(), code, text: asError(error).message };
    // While the program is stopped, it is no news.
    if (!this.#ending.signal.aborted) onTrouble(asError(error));
    const after = [() => this.#kept.sweep(), () => journal.append({ ...event, outcome: 'failed', code })];
    for (const act of after) {
      try {
        await act();
      } catch (another) {
        onTrouble(asError(another));
      }
    }
  }

  async #prune(): Promise<void> {
    const scheduled = (await this.#kept.list()).filter(({ madeBy }) => madeBy === 'system');
    for (const { name } of scheduled.slice(this.#settings.keepLast)) {
      await this.remove('system', name, `more than ${this.#settings.keepLast} were kept`);
    }
  }

  async #look(): Promise<void> {
    [this.#newest] = await this.#kept.list();
  }
}

function requireRecipients({ recipients }: BackupSettings): void {
  if (recipients.length > 0) return;
  const text =
    'Nobody could open a backup: make a key with the command backup-key, and give its public half as recipient';
  throw new BackupError('no-recipients', text);
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
