import { join } from 'node:path';
import type { Token } from '../certs/token/index.ts';
import { printRest, type ServerId } from '../gateway/identifier/index.ts';
import { type Archiving, startArchiving } from './archive/index.ts';
import type { AskedBook } from './asked/index.ts';
import { BodyPolicyStore, strippedHead } from './body-policy/index.ts';
import type { ConfigurationClient } from './configuration-client/index.ts';
import { SnapshotArchive, type SnapshotStore } from './configurations/index.ts';
import { DiskWatch, diskReader } from './disk/index.ts';
import { measureLog, SqliteMessageLog } from './message-log/index.ts';
import type { Closers, ServerSettings } from './running-server.ts';

interface EvidenceParts {
  readonly serverId: ServerId;
  readonly token: Token;
  readonly configuration: ConfigurationClient;
  readonly configurations: SnapshotStore;
  readonly onAsked: AskedBook['note'];
}

export interface Evidence {
  readonly bodyPolicies: BodyPolicyStore;
  readonly log: SqliteMessageLog;
  readonly snapshots: SnapshotArchive;
  readonly archiving: Archiving;
  readonly disk: DiskWatch;
}

/** Starts what keeps evidence: the message log with what it keeps of bodies, its archives, and the watch of its disk. */
export async function startEvidence(
  options: ServerSettings,
  { serverId, token, configuration, configurations, onAsked }: EvidenceParts,
  closers: Closers,
): Promise<Evidence> {
  const { data, onTrouble, now = () => new Date() } = options;
  const bodyPolicies = new BodyPolicyStore(join(data, 'body-policies.sqlite'));
  closers.push(() => bodyPolicies.close());
  const log = await SqliteMessageLog.open({
    dir: join(data, 'messages'),
    origin: `${printRest(serverId)}/messages`,
    token,
    configuration,
    configurationId: () => configuration.snapshotId(),
    bodyPolicy: (service, side) => bodyPolicies.of(service, side),
    strippedHead,
    timestampUrls: options.timestampUrls,
    acceptableTimestampFailureMs: options.acceptableTimestampFailureMs,
    now,
    onTimestampFailure: (error) => onTrouble('timestamping', error),
    onAsked,
    onTrouble: (error) => onTrouble('message log', error),
    ...(options.logMaxPages !== undefined && { maxPages: options.logMaxPages }),
  });
  closers.push(() => log.close());

  const snapshots = new SnapshotArchive(configurations, () => configuration.current());
  const archiving = await startArchiving(options.archive, {
    ...{ data, token, log, configurations: snapshots, now },
    name: printRest(serverId),
    onTrouble: (error) => onTrouble('archive', error),
  });
  closers.push(() => archiving.close());
  const disk = await DiskWatch.open({
    settings: options.disk ?? {},
    read: options.readDisk ?? diskReader(data),
    measure: () => measureLog(join(data, 'messages')),
    file: join(data, 'disk-samples.json'),
    now,
    makeRoom: async () => {
      await log.eraseDue();
      if (options.archive !== undefined) await archiving.require().run();
    },
    onLevel: (status, former) => options.onDiskLevel?.(status, former),
    onTrouble: (error) => onTrouble('disk', error),
    ...(options.readDiskEveryMs !== undefined && { readEveryMs: options.readDiskEveryMs }),
  });
  closers.push(() => disk.close());
  return { bodyPolicies, log, snapshots, archiving, disk };
}
