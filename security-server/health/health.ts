import { verifySignature } from '../../certs/key/index.ts';
import type { GlobalConfiguration } from '../../gateway/configuration/index.ts';
import { identifierKey, memberOf, printShort } from '../../gateway/identifier/index.ts';
import type { Signer } from '../../gateway/road/index.ts';
import { type DiskStatus, explainDisk } from '../disk/index.ts';
import type { LogHealth } from '../message-log/index.ts';
import type { HistoryTrouble } from '../registry-history/index.ts';
import type { SettingsSnapshot } from '../settings/index.ts';

export interface HealthCheck {
  readonly name:
    | 'configuration'
    | 'registry-history'
    | 'token'
    | 'authentication'
    | 'signature'
    | 'message-log'
    | 'timestamp'
    | 'disk'
    | 'backups';
  readonly isGood: boolean;
  /** What was found; when it is not good, also what to do. */
  readonly detail: string;
}

export interface Health {
  /** Whether messages can be exchanged now; that the process answers at all shows that it lives. */
  readonly isReady: boolean;
  readonly checks: readonly HealthCheck[];
}

export interface HealthSources {
  /** @throws Fault OutdatedGlobalConf */
  readonly configuration: () => GlobalConfiguration;
  readonly settings: () => SettingsSnapshot;
  readonly signer: Signer;
  /** Whether the software token has its PIN: it seals the log, whatever signs. */
  readonly isSignedIn: () => boolean;
  readonly log: { health(): LogHealth; checkWritable(): Promise<void> };
  readonly disk: () => DiskStatus;
  /** What is wrong with the history that the registry commits to; undefined when nothing is. */
  readonly registryHistory: () => HistoryTrouble | undefined;
  /** Whether there is a backup to come back with. */
  readonly backups: () => { readonly isGood: boolean; readonly code: string; readonly detail: string };
  readonly now: () => Date;
}

const trial = Buffer.from('readiness of this security server');

/** Tries for real what an exchange needs: a signature of each member, a write of the log. */
export async function checkHealth(sources: HealthSources): Promise<Health> {
  const checks = [
    await check('configuration', async () => {
      const { instance, id } = sources.configuration();
      return `configuration ${id.slice(0, 12)} of ${instance} is in force`;
    }),
    historyCheck(sources.registryHistory()),
    tokenCheck(sources.isSignedIn()),
    await check('authentication', async () => {
      await sources.signer.authenticationIdentity();
      return 'the server can prove to peers who it is';
    }),
    await check('signature', () => signForEveryMember(sources)),
    await check('message-log', async () => {
      await sources.log.checkWritable();
      return 'the log can be written';
    }),
    timestampCheck(sources.log.health()),
    diskCheck(sources.disk()),
    backupCheck(sources.backups()),
  ];
  const isReady = checks.every(({ name, isGood }) => isGood || !needed(name));
  return { isReady, checks };
}

/**
 * Whether exchanges need it. The last good configuration goes on counting, until it expires: that is a check of its
 * own. Backups are for another day.
 */
function needed(name: HealthCheck['name']): boolean {
  return name !== 'registry-history' && name !== 'backups';
}

function tokenCheck(isSignedIn: boolean): HealthCheck {
  const detail = isSignedIn
    ? 'the token has its PIN'
    : 'the token waits for its PIN: enter it in the console, under tokens, or with POST /api/v1/tokens/{token}/activation';
  return { name: 'token', isGood: isSignedIn, detail };
}

async function signForEveryMember({ settings, signer }: HealthSources): Promise<string> {
  const clients = settings().content.clients.filter(({ status }) => status === 'registered');
  const members = new Map(clients.map(({ id }) => [identifierKey(memberOf(id)), memberOf(id)]));
  if (members.size === 0)
    throw new Error('no client is registered yet: add one with PUT /api/v1/clients/{client}');
  for (const member of members.values()) {
    const { key, certificate } = await signer.signingIdentity(member);
    if (!verifySignature(key.algorithm, certificate.publicKey, trial, await key.sign(trial))) {
      throw new Error(`the key of ${printShort(member)} does not fit its certificate`);
    }
  }
  return `${members.size} member${members.size === 1 ? '' : 's'} can sign`;
}

function timestampCheck({ isAccepting, reason, withoutTimestamp, lastTimestampAt }: LogHealth): HealthCheck {
  const last = lastTimestampAt === undefined ? 'none so far' : lastTimestampAt.toISOString();
  const detail = reason ?? `last timestamp: ${last}; ${withoutTimestamp} records wait for the next`;
  return { name: 'timestamp', isGood: isAccepting, detail };
}

function historyCheck(trouble: HistoryTrouble | undefined): HealthCheck {
  const detail = trouble === undefined ? 'no contradiction was seen' : `${trouble.code}: ${trouble.text}`;
  return { name: 'registry-history', isGood: trouble === undefined, detail };
}

/** Ready as long as new exchanges are taken, if slowly. */
function diskCheck(status: DiskStatus): HealthCheck {
  return { name: 'disk', isGood: status.level !== 'full', detail: `${status.level}: ${explainDisk(status)}` };
}

function backupCheck({ isGood, code, detail }: ReturnType<HealthSources['backups']>): HealthCheck {
  return { name: 'backups', isGood, detail: `${code}: ${detail}` };
}

async function check(name: HealthCheck['name'], run: () => Promise<string>): Promise<HealthCheck> {
  try {
    return { name, isGood: true, detail: await run() };
  } catch (error) {
    return { name, isGood: false, detail: error instanceof Error ? error.message : String(error) };
  }
}
