import { readFile } from 'node:fs/promises';
import type { Agent } from 'undici';
import { parseCertificate } from '../../../certs/x509/index.ts';
import { ArchivingError } from '../archive-source.ts';
import type { TargetSettings } from '../settings.ts';
import { agentFor } from './agent.ts';
import type { AskOptions } from './ask.ts';
import { FolderTarget } from './folder.ts';
import { HttpsTarget } from './https.ts';
import { S3Target } from './s3.ts';
import type { ArchiveTarget } from './target.ts';

export type { ArchiveTarget } from './target.ts';

/** 64 MiB in that time is a line of one megabit. */
const timeoutMs = 600_000;
const attempts = 4;

/** A second, four, sixteen; then the next run tries again. */
function retry(attempt: number): number | undefined {
  return attempt < attempts ? 1_000 * 4 ** (attempt - 1) : undefined;
}

export interface OpenTarget {
  readonly target: ArchiveTarget;
  close(): Promise<void>;
}

/** @throws ArchivingError target-refused when a file the settings name cannot be read */
export async function openTarget(settings: TargetSettings): Promise<OpenTarget> {
  if (settings.kind === 'folder') {
    return { target: new FolderTarget(settings.path), close: async () => undefined };
  }
  const dispatcher = await agentOf(settings);
  const how: AskOptions = { dispatcher, timeoutMs, retry };
  const close = () => dispatcher.close();
  if (settings.kind === 's3') {
    const { endpoint, bucket, prefix, region, accessKeyId, secretAccessKeyFile } = settings;
    const secretAccessKey = await readLine(secretAccessKeyFile);
    const where = { endpoint, bucket, prefix, region, accessKeyId, secretAccessKey };
    return { target: new S3Target({ ...how, ...where }), close };
  }
  const { url, method, authorizationFile, trustAnswer } = settings;
  const authorization = authorizationFile === undefined ? undefined : await readLine(authorizationFile);
  const known = authorization === undefined ? {} : { authorization };
  return { target: new HttpsTarget({ ...how, url, method, trustAnswer, ...known }), close };
}

async function agentOf(settings: Exclude<TargetSettings, { readonly kind: 'folder' }>): Promise<Agent> {
  if (settings.kind === 's3') return agentFor({});
  const { rootsFile, pinnedCertificateFile } = settings;
  const pinned =
    pinnedCertificateFile === undefined
      ? undefined
      : parseCertificate(await readNamed(pinnedCertificateFile)).der;
  const ca = rootsFile === undefined ? undefined : (await readNamed(rootsFile)).toString('utf8');
  return agentFor({ ...(ca !== undefined && { ca }), ...(pinned !== undefined && { pinned }) });
}

async function readLine(path: string): Promise<string> {
  return (await readNamed(path)).toString('utf8').trim();
}

async function readNamed(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ArchivingError('target-refused', `A file that archive.target names cannot be read: ${reason}`, {
      cause,
    });
  }
}
