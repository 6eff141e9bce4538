import { readFile } from 'node:fs/promises';
import { writeFileDurably } from '../file/index.ts';

export interface IssuedEntry {
  /** Hex. */
  readonly serialNumber: string;
  readonly subject: string;
  readonly notAfter: string;
  readonly revokedAt?: string;
}

/** Everything an authority has issued, durable before a certificate is handed out. */
export class IssuedBook {
  readonly #path: string;
  readonly #entries: Map<string, IssuedEntry>;

  private constructor(path: string, entries: readonly IssuedEntry[]) {
    this.#path = path;
    this.#entries = new Map(entries.map((entry) => [entry.serialNumber, entry]));
  }

  static async open(path: string): Promise<IssuedBook> {
    try {
      return new IssuedBook(path, JSON.parse(await readFile(path, 'utf8')) as IssuedEntry[]);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new IssuedBook(path, []);
      throw error;
    }
  }

  get(serialNumber: string): IssuedEntry | undefined {
    return this.#entries.get(serialNumber);
  }

  async put(entry: IssuedEntry): Promise<void> {
    const next = new Map(this.#entries).set(entry.serialNumber, entry);
    await writeFileDurably(this.#path, JSON.stringify([...next.values()]));
    this.#entries.set(entry.serialNumber, entry);
  }
}
