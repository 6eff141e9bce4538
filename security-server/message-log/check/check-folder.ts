import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { openSoftwareToken } from '../../../certs/token/index.ts';
import { readConfigurationFolder } from '../../../gateway/configuration/index.ts';
import { findLogFolder } from '../log-folder.ts';
import { LogKeys } from '../log-keys.ts';
import { type CheckReport, checkLog, type LogToCheck } from './check-log.ts';

export interface FolderToCheck extends Pick<LogToCheck, 'heldCheckpoints' | 'onProgress'> {
  /** Data folder of a security server, or the folder of a log alone. */
  readonly folder: string;
  /** Opens the token beside the log, and with it what is sealed. */
  readonly pin?: string;
  /** Key that the log must have; absent: the one that it says itself. */
  readonly verifierKey?: string;
}

export interface FolderReport extends CheckReport {
  readonly origin: string;
  readonly verifierKey: string | null;
}

/**
 * Checks a log as it lies on disk, whether its server runs or not.
 * @throws Error when there is no log; TokenError pin-incorrect, pin-locked; MessageLogError damaged
 */
export async function checkFolder({ folder, pin, ...question }: FolderToCheck): Promise<FolderReport> {
  const dir = findLogFolder(folder);
  const token = await tokenOf(folder, pin);
  const locked = { isActive: () => false, wrapKey: noKey, unwrapKey: noKey };
  const keys = await LogKeys.open({ dir, token: token ?? locked, origin: 'unknown', now: () => new Date() });
  try {
    const verifierKey = question.verifierKey ?? keys.verifierKey;
    const report = await checkLog({
      ...{ ...question, dir, verifierKey },
      ...(token !== undefined && { periodKey: (id) => keys.periodKey(id) }),
      keyFaults: keys.faults(token !== undefined),
      tsasNow: () => tsasOf(join(folder, 'globalconf')),
    });
    return { ...report, origin: keys.origin, verifierKey: verifierKey ?? null };
  } finally {
    token?.deactivate();
  }
}

async function tokenOf(folder: string, pin: string | undefined) {
  if (pin === undefined) return undefined;
  const token = await openSoftwareToken(join(folder, 'token'));
  await token.activate(pin);
  return token;
}

/** Authorities of the configuration in force. @throws Fault MalformedGlobalConf */
async function tsasOf(dir: string) {
  return existsSync(dir) ? (await readConfigurationFolder(dir)).tsaCertificates() : [];
}

function noKey(): never {
  throw new Error('without the PIN nothing is opened');
}
