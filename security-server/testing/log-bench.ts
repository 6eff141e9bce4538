import { randomUUID } from 'node:crypto';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digestOf } from '../../certs/key/index.ts';
import { createOcspRequest } from '../../certs/ocsp/index.ts';
import type { GlobalConfiguration } from '../../gateway/configuration/index.ts';
import { createKey, type KeyAndCertificate } from '../../gateway/configuration/testing/samples.ts';
import { signSnapshot } from '../../gateway/evidence/testing/world.ts';
import type { ClientId, ServiceId } from '../../gateway/identifier/index.ts';
import type { LogEntry } from '../../gateway/road/index.ts';
import { type SigningMaterial, signBatch } from '../../gateway/signature/index.ts';
import { createBodySink, type HeldBody, prepareSpool } from '../../gateway/transport/index.ts';
import { type SnapshotArchive, SnapshotStore } from '../configurations/index.ts';
import { type MessageLogOptions, SqliteMessageLog } from '../message-log/index.ts';
import { member, startTrustServices, type TrustServices } from './trust-services.ts';

export const portal = { ...member, kind: 'SUBSYSTEM', subsystemCode: 'portal' } as const satisfies ClientId;
export const echo = {
  ...member,
  kind: 'SERVICE',
  subsystemCode: 'data',
  serviceCode: 'echo',
} as const satisfies ServiceId;

/** Real message logs in a folder of their own, with messages that are really signed. */
export interface LogBench {
  readonly root: string;
  readonly services: TrustServices;
  /** Signs the snapshots that are kept. */
  readonly registry: KeyAndCertificate;
  /** What logs told of trouble since the last `reset`. */
  readonly troubles: Error[];
  /** A log in a folder that is new after each `reset`. */
  open(more?: Partial<MessageLogOptions>): Promise<SqliteMessageLog>;
  /** Keeps a snapshot of a configuration beside a log, as the server does before records name it. @returns its id */
  keep(configuration: GlobalConfiguration, dir?: string): Promise<string>;
  /** For archivers of logs beside which no configuration is kept. */
  readonly noSnapshots: Pick<SnapshotArchive, 'snapshot' | 'configurationOf' | 'removeExpired'>;
  reopen(log: SqliteMessageLog, more?: Partial<MessageLogOptions>): Promise<SqliteMessageLog>;
  /** Folder of logs opened without another. */
  readonly dir: string;
  /** One signed REST request to `echo`, with these bodies: in memory up to 1 KiB, else in sealed files. */
  entry(queryId: string, ...bodies: readonly Buffer[]): Promise<LogEntry>;
  /** Requests that are under one signature. */
  entries(...requests: readonly (readonly [string, ...Buffer[]])[]): Promise<LogEntry[]>;
  /** Closes what is open, sets the clock to when it was started. */
  reset(): Promise<void>;
  close(): Promise<void>;
}

export async function startLogBench(): Promise<LogBench> {
  const root = mkdtempSync(join(tmpdir(), 'waygate-log-'));
  const services = await startTrustServices(root);
  const { keyId, certificate } = await services.issue(member);
  const { authority, token } = services;
  const status = await authority.answerOcsp(createOcspRequest(certificate, authority.caCertificate));
  const key = token.signingKey(keyId);
  const material: SigningMaterial = { key, certificate, intermediates: [], ocspResponses: [status] };
  // Not the time of now: statuses are of the clock of the services, and are an hour good.
  const startedAt = services.at;
  const opened: SqliteMessageLog[] = [];
  const troubles: Error[] = [];
  const spool = join(root, 'spool');
  await prepareSpool(spool);
  let dir = mkdtempSync(join(root, 'messages-'));

  const bodyOf = async (bytes: Buffer): Promise<HeldBody> => {
    const sink = createBodySink({ dir: spool, memoryLimit: 1024, maxSize: 10_000_000, digest: 'sha512' });
    await sink.write(bytes);
    return sink.finish();
  };
  const registry = await createKey('Registry');
  /** Each kept once, and copied from there: tests open many logs, and what they copy need not outlive a power cut. */
  const kept = new Map<GlobalConfiguration, { readonly id: string; readonly from: string }>();
  const keep = async (configuration: GlobalConfiguration, into = dir) => {
    const { id, from } = kept.get(configuration) ?? (await keepFirst(configuration));
    cpSync(from, join(into, 'configurations'), { recursive: true });
    return id;
  };
  const keepFirst = async (configuration: GlobalConfiguration) => {
    const snapshot = await signSnapshot({ configuration }, registry, new Date('2040-01-01T00:00:00Z'));
    const from = mkdtempSync(join(root, 'kept-'));
    await (await SnapshotStore.open(from)).save(snapshot);
    const one = { id: snapshot.id, from };
    kept.set(configuration, one);
    return one;
  };
  const open = async (more: Partial<MessageLogOptions> = {}) => {
    const id = await keep(services.configuration, more.dir);
    const log = await SqliteMessageLog.open({
      dir,
      origin: 'DEV/GOV/1/server/messages',
      token,
      configurationId: () => id,
      bodyPolicy: () => ({ kind: 'keep' }),
      strippedHead: ({ head }) => head.subarray(0, 4),
      configuration: { current: () => services.configuration },
      timestampUrls: [],
      acceptableTimestampFailureMs: 3_600_000,
      now: services.now,
      onTimestampFailure: (error) => troubles.push(error),
      onTrouble: (error) => troubles.push(error),
      ...more,
    });
    opened.push(log);
    return log;
  };
  const unsigned = async (queryId: string, bodies: readonly Buffer[]) => {
    const requestId = randomUUID();
    const lines = [
      'POST',
      '/r1/DEV/GOV/1/data/echo',
      'X-Road-Client:DEV/GOV/1/portal',
      `x-road-request-id:${requestId}`,
      `x-road-id:${queryId}`,
      '',
    ];
    const head = Buffer.from(lines.join('\r\n'));
    const attachments = await Promise.all(bodies.map(bodyOf));
    const parts = [
      { name: '/message.xml', digest: digestOf('sha512', head) } as const,
      ...attachments.map(({ digest }, index) => ({ name: `/attachment${index + 1}` as const, digest })),
    ];
    return { parts, message: { queryId, requestId, client: portal, service: echo, head, attachments } };
  };
  const entries: LogBench['entries'] = async (...requests) => {
    const made = await Promise.all(requests.map(([queryId, ...bodies]) => unsigned(queryId, bodies)));
    const signed = await signBatch(
      made.map(({ parts }) => parts),
      { ...material, digest: 'sha512', signedAt: services.now() },
    );
    return made.map(({ message }, index) => {
      const kind = { protocol: 'rest', direction: 'request', side: 'client' };
      return { ...kind, ...message, ...signed[index], at: services.now() } as LogEntry;
    });
  };
  return {
    root,
    services,
    registry,
    troubles,
    get dir() {
      return dir;
    },
    open,
    keep,
    noSnapshots: {
      snapshot: async () => undefined,
      configurationOf: async () => services.configuration,
      removeExpired: async () => [],
    },
    reopen: async (log, more) => {
      opened.splice(opened.indexOf(log), 1);
      await log.close();
      return open(more);
    },
    entries,
    entry: async (queryId, ...bodies) => {
      const [made] = await entries([queryId, ...bodies]);
      if (made === undefined) throw new Error('there is one');
      return made;
    },
    reset: async () => {
      for (const log of opened.splice(0)) await log.close();
      services.at = startedAt;
      services.isDown = false;
      troubles.splice(0);
      dir = mkdtempSync(join(root, 'messages-'));
      await prepareSpool(spool);
    },
    close: async () => {
      for (const log of opened.splice(0)) await log.close();
      await services.close();
      rmSync(root, { recursive: true });
    },
  };
}
