import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { digestOf } from '../../../certs/key/index.ts';
import { openSoftwareToken, type Token } from '../../../certs/token/index.ts';
import { parseCertificate } from '../../../certs/x509/index.ts';
import { readSnapshot } from '../../../gateway/configuration/index.ts';
import { type SigningMaterial, signBatch } from '../../../gateway/signature/index.ts';
import { createBodySink, type HeldBody, prepareSpool } from '../../../gateway/transport/index.ts';
import { Archiver } from '../../archive/archiver.ts';
import { FolderTarget } from '../../archive/target/folder.ts';
import { SnapshotArchive, SnapshotStore } from '../../configurations/index.ts';
import { type BodyPolicy, SqliteMessageLog } from '../../message-log/index.ts';
import { echo, portal } from '../log-bench.ts';
import { pin } from '../trust-services.ts';
import { type Ground, groundFile, laterFolder, type Told } from './told.ts';

export const dayMs = 86_400_000;
/** So small that a few messages make several archives. */
const archiveBytes = 30_000;

/** Services by what is kept of their messages. */
const policies: Readonly<Record<string, BodyPolicy>> = {
  echo: { kind: 'keep' },
  brief: { kind: 'days', days: 1 },
  silent: { kind: 'digest' },
};

interface RecordOptions {
  /** Octets of each body: those above a KiB lie in files of their own. */
  readonly bodies?: readonly number[];
  readonly service?: 'echo' | 'brief' | 'silent';
  readonly side?: 'client' | 'provider';
}

/** A message log with all that belongs to it, in the folder of one run: the product's own parts, as a server has them. */
export class World {
  readonly root: string;
  readonly ground: Ground;
  readonly token: Token;
  readonly store: SnapshotStore;
  readonly log: SqliteMessageLog;
  readonly tell: (told: Told) => void;
  readonly #clock: { at: number };
  readonly #naming: { id: string };
  readonly #material: SigningMaterial;
  readonly #archives: SnapshotArchive;

  private constructor(
    root: string,
    ground: Ground,
    parts: Pick<World, 'token' | 'store' | 'log' | 'tell'>,
    clock: { at: number },
    naming: { id: string },
    archives: SnapshotArchive,
  ) {
    this.root = root;
    this.ground = ground;
    this.token = parts.token;
    this.store = parts.store;
    this.log = parts.log;
    this.tell = parts.tell;
    this.#clock = clock;
    this.#naming = naming;
    this.#archives = archives;
    const { keyId, certificate, status } = ground.signing;
    this.#material = {
      key: parts.token.signingKey(keyId),
      certificate: parseCertificate(Buffer.from(certificate, 'base64')),
      intermediates: [],
      ocspResponses: [Buffer.from(status, 'base64')],
    };
  }

  /** @param afterDays how long after the beginning of the scenario its clock stands */
  static async open(root: string, tell: (told: Told) => void, afterDays = 0): Promise<World> {
    const ground = JSON.parse(readFileSync(join(root, groundFile), 'utf8')) as Ground;
    const clock = { at: ground.at + afterDays * dayMs };
    const naming = { id: ground.snapshot };
    const token = await openSoftwareToken(join(root, 'token'));
    await token.activate(pin);
    await prepareSpool(join(root, 'spool'));
    const dir = join(root, 'messages');
    const store = await SnapshotStore.open(join(dir, 'configurations'));
    const snapshot = await store.load(ground.snapshot);
    if (snapshot === undefined) throw new Error('the first configuration is not there');
    const { configuration } = readSnapshot(snapshot.files);
    const note = (what: string) => (error: unknown) => tell(refusal(what, error));
    const log = await SqliteMessageLog.open({
      dir,
      origin: 'DEV/GOV/1/server/messages',
      token,
      configuration: { current: () => configuration },
      configurationId: () => naming.id,
      bodyPolicy: (service) => policies[service.serviceCode] ?? { kind: 'keep' },
      strippedHead: ({ head }) => head.subarray(0, 4),
      timestampUrls: [],
      acceptableTimestampFailureMs: 0,
      now: () => new Date(clock.at),
      onTimestampFailure: note('timestamp by itself'),
      onTrouble: note('by itself'),
    });
    tell({ kind: 'opened' });
    const archives = new SnapshotArchive(store, () => configuration);
    return new World(root, ground, { token, store, log, tell }, clock, naming, archives);
  }

  /** What fails is told, and the next goes on. */
  async attempt(what: string, act: () => Promise<unknown>): Promise<void> {
    try {
      await act();
    } catch (error) {
      this.tell(refusal(what, error));
    }
  }

  passDays(days: number): void {
    this.#clock.at += days * dayMs;
  }

  record(id: string, options: RecordOptions = {}): Promise<void> {
    return this.attempt(`record ${id}`, async () => {
      const { bodies = [100], service = 'echo', side = 'client' } = options;
      this.#clock.at += 1_000;
      const contents = bodies.map((size, at) => Buffer.alloc(size, `${id} ${at} `));
      const attachments = await Promise.all(contents.map((bytes) => this.#hold(bytes)));
      const head = Buffer.from(`POST\r\n/r1/DEV/GOV/1/data/${service}\r\nx-road-id:${id}\r\n`);
      const parts = [
        { name: '/message.xml', digest: digestOf('sha512', head) } as const,
        ...attachments.map(({ digest }, at) => ({ name: `/attachment${at + 1}` as const, digest })),
      ];
      const at = new Date(this.#clock.at);
      const [signed] = await signBatch([parts], { ...this.#material, digest: 'sha512', signedAt: at });
      if (signed === undefined) throw new Error('the message was not signed');
      await this.log.record({
        ...{ protocol: 'rest', direction: 'request', side, queryId: id, requestId: id, client: portal },
        ...{ service: { ...echo, serviceCode: service }, head, attachments, ...signed, at },
      });
      const kept = service === 'silent' ? [] : contents;
      const digests = kept.map((bytes) => digestOf('sha256', bytes).toString('hex'));
      this.tell({ kind: 'recorded', id, bodies: digests });
    });
  }

  checkpoint(): Promise<void> {
    return this.attempt('checkpoint', async () => {
      this.tell({ kind: 'checkpoint', note: await this.log.checkpoint() });
    });
  }

  stamp(): Promise<void> {
    return this.attempt('stamp', () => this.log.stampNow());
  }

  erase(id: string): Promise<void> {
    return this.attempt(`erase ${id}`, async () => {
      await this.log.eraseBodies(this.log.find(id)[0]?.index ?? -1);
      this.tell({ kind: 'erased', id });
    });
  }

  /** Takes one of the later snapshots in, and has records name it. @returns its id */
  async renew(which: number): Promise<string> {
    const id = this.ground.later[which] ?? '';
    await this.attempt(`snapshot ${which}`, async () => {
      const later = await SnapshotStore.open(join(this.root, laterFolder));
      const snapshot = await later.load(id);
      if (snapshot === undefined) throw new Error('a later configuration is not there');
      await this.store.save(snapshot);
      this.tell({ kind: 'snapshot', id });
      this.#naming.id = id;
    });
    return id;
  }

  openArchiver(keepDays?: number): Promise<Archiver> {
    return Archiver.open({
      ...{ dir: join(this.root, 'archive'), log: this.log, token: this.token, grouping: 'none' },
      ...{ configurations: this.#archives, target: new FolderTarget(join(this.root, 'target')) },
      ...{ maxBytes: archiveBytes, intervalMs: 0, now: () => new Date(this.#clock.at) },
      ...(keepDays !== undefined && { keepMs: keepDays * dayMs }),
      onTrouble: (error) => this.tell(refusal('archive by itself', error)),
    });
  }

  /** Archives what is stamped. */
  archive(keepDays?: number): Promise<void> {
    return this.attempt('archive', async () => {
      const archiver = await this.openArchiver(keepDays);
      try {
        const { delivered } = await archiver.run();
        for (const { name } of delivered) this.tell({ kind: 'delivered', name });
      } finally {
        await archiver.close();
      }
    });
  }

  close(): Promise<void> {
    return this.attempt('close', () => this.log.close());
  }

  async #hold(bytes: Buffer): Promise<HeldBody> {
    const dir = join(this.root, 'spool');
    const sink = createBodySink({ dir, memoryLimit: 1024, maxSize: 1_000_000, digest: 'sha512' });
    await sink.write(bytes);
    return sink.finish();
  }
}

function refusal(what: string, error: unknown): Told {
  return { kind: 'refused', what, reason: error instanceof Error ? error.message : String(error) };
}
