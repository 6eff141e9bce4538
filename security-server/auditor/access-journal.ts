import { type FileHandle, open } from 'node:fs/promises';

/** What is written down when evidence is read; never what was read. */
export interface AccessEvent {
  readonly actor: string;
  /** Dotted: `evidence.search`. */
  readonly action: string;
  /** What was read: a message id, a record, a party. */
  readonly target: string;
  readonly outcome: 'done' | 'refused' | 'failed';
  /** Why, in the words of who read it. */
  readonly purpose?: string;
  readonly detail?: Readonly<Record<string, unknown>>;
}

/** Where it is written down. */
export interface AccessJournal {
  /** Resolves once the event is on disk: only then evidence leaves. */
  append(event: AccessEvent): Promise<unknown>;
}

/** One line of JSON for each event, in a file that is only ever appended to. */
export class FileAccessJournal implements AccessJournal {
  readonly #file: FileHandle;
  readonly #now: () => Date;
  /** Lines are written one after another, so that none is torn by the next. */
  #last: Promise<void> = Promise.resolve();

  private constructor(file: FileHandle, now: () => Date) {
    this.#file = file;
    this.#now = now;
  }

  static async open(path: string, now: () => Date): Promise<FileAccessJournal> {
    const file = await open(path, 'a+', 0o600);
    const { size } = await file.stat();
    const { buffer } = await file.read(Buffer.alloc(1), 0, 1, Math.max(0, size - 1));
    // A crash may have left half a line: what comes next must not become part of it.
    if (size > 0 && buffer.toString() !== '\n') await file.appendFile('\n');
    return new FileAccessJournal(file, now);
  }

  /** @throws Error of the file system, when the event may not be on disk */
  append(event: AccessEvent): Promise<void> {
    const line = `${JSON.stringify({ at: this.#now().toISOString(), ...event })}\n`;
    const written = this.#last.then(() => this.#file.appendFile(line)).then(() => this.#file.datasync());
    // Who waits for this line is told of its failure; the next line tries for itself.
    this.#last = written.catch(() => undefined);
    return written;
  }

  async close(): Promise<void> {
    await this.#last;
    await this.#file.close();
  }
}
