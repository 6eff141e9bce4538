import { createPrivateKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Token } from '../../certs/token/index.ts';
import { writeFileDurably } from '../../gateway/store/index.ts';
import { createNoteSigner, type NoteSigner } from '../../gateway/transparency/index.ts';
import { MessageLogError } from './model.ts';
import type { PeriodKey } from './partition-writer.ts';

/** What the log asks of the token that holds its keys. */
export type KeyWrapping = Pick<Token, 'isActive' | 'wrapKey' | 'unwrapKey'>;

const storedSchema = z.object({
  version: z.literal(1),
  /** Name of the log in its checkpoints: for good, also when the server gets another owner. */
  origin: z.string(),
  verifierKey: z.string(),
  /** PKCS#8 of the Ed25519 key that signs checkpoints, wrapped by the token. */
  checkpointKey: z.string(),
  periods: z.array(
    z.object({ id: z.number().int(), partition: z.string(), createdAt: z.string(), key: z.string() }),
  ),
  /** Partitions that are being removed, whose keys go when they are gone. */
  leaving: z.array(z.string()).optional(),
});
type Stored = z.infer<typeof storedSchema>;

export const keysFile = 'keys.json';
const checkpointPurpose = 'message log checkpoint key';

/**
 * The keys of the log, each wrapped by the token: one that signs checkpoints, and one for each period, under which
 * the keys of its records lie sealed. A period's key goes with the period.
 */
export class LogKeys {
  readonly #dir: string;
  readonly #token: KeyWrapping;
  readonly #newOrigin: string;
  readonly #now: () => Date;
  #stored: Stored | undefined;
  #signer: NoteSigner | undefined;
  readonly #opened = new Map<number, Buffer>();
  /** Changes of the file, one after another: two at once would each lose the other's key. */
  #changes: Promise<unknown> = Promise.resolve();

  private constructor(options: LogKeysOptions, stored: Stored | undefined) {
    this.#dir = options.dir;
    this.#token = options.token;
    this.#newOrigin = options.origin;
    this.#now = options.now;
    this.#stored = stored;
  }

  /** @throws MessageLogError damaged */
  static async open(options: LogKeysOptions): Promise<LogKeys> {
    const path = join(options.dir, keysFile);
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (text === undefined) return new LogKeys(options, undefined);
    try {
      return new LogKeys(options, storedSchema.parse(JSON.parse(text)));
    } catch (cause) {
      throw new MessageLogError('damaged', `${path} cannot be read; restore it from a backup`, { cause });
    }
  }

  get origin(): string {
    return this.#stored?.origin ?? this.#newOrigin;
  }

  /** Undefined until the first record: the key is made by the token. */
  get verifierKey(): string | undefined {
    return this.#stored?.verifierKey;
  }

  /** @throws MessageLogError locked */
  noteSigner(): Promise<NoteSigner> {
    return this.#inTurn(() => this.#openSigner());
  }

  async #openSigner(): Promise<NoteSigner> {
    const stored = await this.#require();
    if (this.#signer === undefined) {
      const pkcs8 = this.#unwrap(stored.checkpointKey, checkpointPurpose);
      this.#signer = createNoteSigner(
        stored.origin,
        createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' }),
      );
    }
    return this.#signer;
  }

  /** The key that seals what is recorded in a partition, made when it is needed. @throws MessageLogError locked */
  sealingKey(partition: string): Promise<PeriodKey> {
    return this.#inTurn(async () => {
      const stored = await this.#require();
      const known = stored.periods.findLast((period) => period.partition === partition);
      return known === undefined
        ? this.#addPeriod(partition)
        : { id: known.id, key: this.periodKey(known.id) };
    });
  }

  /** A new key for a partition; what was sealed before stays under the former. @throws MessageLogError locked */
  rotate(partition: string): Promise<PeriodKey> {
    return this.#inTurn(() => this.#addPeriod(partition));
  }

  async #addPeriod(partition: string): Promise<PeriodKey> {
    const stored = await this.#require();
    const id = 1 + Math.max(0, ...stored.periods.map((period) => period.id));
    const key = randomBytes(32);
    const period = {
      ...{ id, partition, createdAt: this.#now().toISOString() },
      key: this.#token.wrapKey(key, purposeOf(id)),
    };
    await this.#save({ ...stored, periods: [...stored.periods, period] });
    this.#opened.set(id, key);
    return { id, key };
  }

  /** @throws MessageLogError locked; damaged when there is no such key */
  periodKey(id: number): Buffer {
    const open = this.#opened.get(id);
    if (open !== undefined && this.#token.isActive()) return open;
    const period = this.#stored?.periods.find((candidate) => candidate.id === id);
    if (period === undefined) {
      throw new MessageLogError(
        'damaged',
        `Key ${id} of the log is not in ${keysFile}; restore it from a backup`,
      );
    }
    const key = this.#unwrap(period.key, purposeOf(id));
    this.#opened.set(id, key);
    return key;
  }

  /** Partitions that were being removed when the log was closed, or died. */
  get leaving(): readonly string[] {
    return this.#stored?.leaving ?? [];
  }

  /** Notes that a partition is about to be removed, so that its keys are forgotten whatever dies in between. */
  announceLeaving(partition: string): Promise<void> {
    return this.#inTurn(async () => {
      const stored = this.#stored;
      if (stored === undefined || this.leaving.includes(partition)) return;
      await this.#save({ ...stored, leaving: [...this.leaving, partition] });
    });
  }

  /** Forgets the keys of a partition that was removed: copies of it cannot be opened by this server any more. */
  forget(partition: string): Promise<void> {
    return this.#inTurn(async () => {
      const stored = this.#stored;
      if (stored === undefined) return;
      const gone = stored.periods.filter((period) => period.partition === partition);
      for (const { id } of gone) this.#opened.delete(id);
      await this.#save({
        ...stored,
        periods: stored.periods.filter((period) => !gone.includes(period)),
        leaving: this.leaving.filter((name) => name !== partition),
      });
    });
  }

  /**
   * What in the file does not fit: the origin, the checkpoint key, the keys of periods. Not found is a change of when a
   * key was made, which decides nothing, and of the partition with which it goes: at the turn of a month records may lie
   * under their neighbour's key, so that comparing would accuse an honest log. Both are what the owner of the file may
   * do to it anyway; a key that went too early shows as records that cannot be opened.
   * @param isOpened whether the token is signed in: what it wraps can only be tried then
   */
  faults(isOpened: boolean): string[] {
    const stored = this.#stored;
    if (stored === undefined) return [];
    const { origin, verifierKey, checkpointKey, periods } = stored;
    const faults: string[] = [];
    const attempt = (what: string, act: () => boolean) => {
      try {
        if (!act()) faults.push(`${what} does not fit the others`);
      } catch (error) {
        faults.push(`${what} cannot be opened: ${error instanceof Error ? error.message : String(error)}`);
      }
    };
    attempt('origin', () => verifierKey.startsWith(`${origin}+`));
    attempt('number of a period', () => new Set(periods.map(({ id }) => id)).size === periods.length);
    if (!isOpened) return faults;
    attempt('checkpoint key', () => {
      const key = this.#unwrap(checkpointKey, checkpointPurpose);
      const privateKey = createPrivateKey({ key, format: 'der', type: 'pkcs8' });
      return createNoteSigner(origin, privateKey).verifierKey === verifierKey;
    });
    for (const { id, key } of periods) {
      attempt(`key ${id}`, () => this.#unwrap(key, purposeOf(id)).length === 32);
    }
    return faults;
  }

  #inTurn<Value>(act: () => Promise<Value>): Promise<Value> {
    const done = this.#changes.then(act);
    this.#changes = done.catch(() => undefined);
    return done;
  }

  async #require(): Promise<Stored> {
    if (!this.#token.isActive()) throw locked();
    if (this.#stored !== undefined) return this.#stored;
    const { privateKey } = generateKeyPairSync('ed25519');
    const pkcs8 = privateKey.export({ format: 'der', type: 'pkcs8' });
    const origin = this.#newOrigin;
    await this.#save({
      ...{ version: 1, origin, periods: [] },
      verifierKey: createNoteSigner(origin, privateKey).verifierKey,
      checkpointKey: this.#token.wrapKey(pkcs8, checkpointPurpose),
    });
    return this.#require();
  }

  #unwrap(wrapped: string, purpose: string): Buffer {
    if (!this.#token.isActive()) throw locked();
    return this.#token.unwrapKey(wrapped, purpose);
  }

  async #save(stored: Stored): Promise<void> {
    await writeFileDurably(join(this.#dir, keysFile), JSON.stringify(stored));
    this.#stored = stored;
  }
}

export interface LogKeysOptions {
  readonly dir: string;
  readonly token: KeyWrapping;
  /** Name of a new log. */
  readonly origin: string;
  readonly now: () => Date;
}

function purposeOf(id: number): string {
  return `message log period key ${id}`;
}

function locked(): MessageLogError {
  return new MessageLogError(
    'locked',
    'The keys of the message log are in the token, which is not signed in: enter its PIN',
  );
}
