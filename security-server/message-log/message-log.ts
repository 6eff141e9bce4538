import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { digestOf } from '../../certs/key/index.ts';
import { Fault } from '../../gateway/fault/index.ts';
import { printEncoded } from '../../gateway/identifier/index.ts';
import type { ConfigurationSource, LogEntry, MessageLog } from '../../gateway/road/index.ts';
import type { HeldBody } from '../../gateway/transport/index.ts';
import type { FoundRecord, StoredBody } from './model.ts';
import { openRecordReader, type RecordReader } from './record-reader.ts';
import { Timestamper } from './timestamper.ts';
import { LogWriter } from './writer.ts';

export interface MessageLogOptions {
  /** Folder of the log: `messages.sqlite` and `bodies/`. */
  readonly dir: string;
  readonly configuration: ConfigurationSource;
  readonly timestampUrls: readonly string[];
  /** How long no timestamp may be had before messages are refused; 0 never refuses. */
  readonly acceptableTimestampFailureMs: number;
  readonly now: () => Date;
  readonly onTimestampFailure: (error: Error) => void;
  readonly maxPages?: number;
}

export interface LogHealth {
  readonly isAccepting: boolean;
  readonly reason?: string;
  readonly withoutTimestamp: number;
  readonly lastTimestampAt?: Date;
}

const failingSince = 'timestampingFailsSince';

/**
 * The evidence of this server: every message of either direction is on disk here before anyone is told that it
 * arrived, and gets a timestamp soon after.
 */
export class SqliteMessageLog implements MessageLog {
  readonly #options: MessageLogOptions;
  readonly #writer: LogWriter;
  readonly #database: Database.Database;
  readonly #reader: RecordReader;
  readonly #timestamper: Timestamper;
  /** Milliseconds since the epoch; survives restarts, so that restarting does not buy time. */
  #failingSince: number | undefined;

  private constructor(options: MessageLogOptions, writer: LogWriter, path: string) {
    this.#options = options;
    this.#writer = writer;
    this.#database = new Database(path, { readonly: true });
    this.#reader = openRecordReader(this.#database);
    this.#failingSince = this.#reader.condition(failingSince);
    this.#timestamper = new Timestamper({
      writer,
      configuration: options.configuration,
      urls: options.timestampUrls,
      now: options.now,
      onSuccess: () => this.#noteTimestamping(undefined),
      onFailure: (error) => {
        this.#noteTimestamping(this.#failingSince ?? options.now().getTime());
        options.onTimestampFailure(error);
      },
    });
  }

  static async open(options: MessageLogOptions): Promise<SqliteMessageLog> {
    await mkdir(join(options.dir, 'bodies'), { recursive: true, mode: 0o700 });
    const path = join(options.dir, 'messages.sqlite');
    const { maxPages } = options;
    const writer = await LogWriter.open({ path, ...(maxPages !== undefined && { maxPages }) });
    const log = new SqliteMessageLog(options, writer, path);
    await log.#removeOrphans();
    log.#timestamper.start();
    return log;
  }

  requireAccepting(): void {
    const configuration = this.#options.configuration.current();
    const hasTsa =
      this.#options.timestampUrls.length > 0 || configuration.tsas(configuration.instance).length > 0;
    if (!hasTsa) {
      throw new Fault(
        'TimestampingFailed',
        'No timestamping authority is configured, so no message is taken',
        {
          within: ['LoggingFailed'],
        },
      );
    }
    const { acceptableTimestampFailureMs: acceptable, now } = this.#options;
    if (acceptable === 0 || this.#failingSince === undefined) return;
    if (now().getTime() - this.#failingSince > acceptable) {
      const since = new Date(this.#failingSince).toISOString();
      throw new Fault(
        'TimestampingFailed',
        `No timestamp could be had since ${since}, so no further message is taken`,
        {
          within: ['LoggingFailed'],
        },
      );
    }
  }

  async record(entry: LogEntry): Promise<void> {
    const adopted: string[] = [];
    try {
      const bodies: StoredBody[] = [];
      for (const [index, held] of entry.attachments.entries()) {
        bodies.push(await this.#keepBody(held, index + 1, adopted));
      }
      await this.#writer.append({
        at: entry.at.getTime(),
        direction: entry.direction,
        side: entry.side,
        protocol: entry.protocol,
        queryId: entry.queryId,
        requestId: entry.requestId,
        client: printEncoded(entry.client),
        service: printEncoded(entry.service),
        head: entry.head,
        signature: entry.signature,
        hashChainResult: entry.hashChainResult ?? null,
        hashChain: entry.hashChain ?? null,
        signatureHash: digestOf('sha512', entry.signature),
        bodies,
      });
    } catch (cause) {
      // A writer that is gone may have committed before it went: what its record may refer to stays for the clean-up
      // at the next start.
      if (!this.#writer.isGone) {
        await Promise.all(adopted.map((file) => rm(this.#bodyPath(file), { force: true })));
      }
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new Fault('LoggingFailed', `The message could not be written to the log: ${reason}`, { cause });
    }
  }

  /** Timestamps everything recorded so far. @throws Fault TimestampingFailed */
  stampNow(): Promise<void> {
    return this.#timestamper.stampNow();
  }

  /** Records of one message id, both directions, oldest first. */
  find(queryId: string): FoundRecord[] {
    return this.#reader.byQueryId(queryId);
  }

  bodyPath(body: StoredBody): string | undefined {
    return body.file === null ? undefined : this.#bodyPath(body.file);
  }

  health(): LogHealth {
    const lastTimestampAt = this.#reader.lastTimestampAt();
    const shown = {
      withoutTimestamp: this.#reader.countWithoutTimestamp(),
      ...(lastTimestampAt !== undefined && { lastTimestampAt: new Date(lastTimestampAt) }),
    };
    try {
      this.requireAccepting();
      return { isAccepting: true, ...shown };
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      return { isAccepting: false, reason: error.message, ...shown };
    }
  }

  /** Whether a write reaches the disk now. @throws Error with the reason when it does not */
  async checkWritable(): Promise<void> {
    await this.#writer.setCondition('checked', this.#options.now().getTime());
  }

  async close(): Promise<void> {
    await this.#timestamper.close();
    await this.#writer.close();
    this.#database.close();
  }

  async #keepBody(held: HeldBody, position: number, adopted: string[]): Promise<StoredBody> {
    const { size, bytes } = held;
    if (bytes !== undefined) return { position, size, bytes, file: null, key: null };
    const file = randomUUID();
    adopted.push(file);
    const { key } = await held.adopt(this.#bodyPath(file));
    return { position, size, bytes: null, file, key };
  }

  #bodyPath(file: string): string {
    return join(this.#options.dir, 'bodies', file);
  }

  #noteTimestamping(since: number | undefined): void {
    if (since === this.#failingSince) return;
    this.#failingSince = since;
    this.#writer.setCondition(failingSince, since).catch(this.#options.onTimestampFailure);
  }

  /** A crash between taking a file over and committing its record leaves a file that nothing refers to. */
  async #removeOrphans(): Promise<void> {
    const known = this.#reader.bodyFiles();
    const dir = join(this.#options.dir, 'bodies');
    for (const file of await readdir(dir)) if (!known.has(file)) await rm(join(dir, file));
  }
}
