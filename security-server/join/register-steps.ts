import {
  type ClientId,
  equal,
  memberOf,
  printEncoded,
  type ServerId,
  type SubsystemId,
} from '../../gateway/identifier/index.ts';
import type { JoiningStatus } from '../../gateway/joining/index.ts';
import type { CertificateUse } from './enrol.ts';
import { JoinError } from './error.ts';
import { JoiningDeclined, type JoiningServer, type RunStep, type StepContext } from './step.ts';

/** Steps of a server that runs: all it does is asked of its administration API, as an administrator would. */

const keySpec = { type: 'ec', curve: 'P-256' } as const;

interface KnownToken {
  readonly id?: string;
  readonly kind: string;
  readonly name: string;
}
interface Key {
  readonly id: string;
  readonly label: string;
}
interface OwnCertificate {
  readonly sha256: string;
  readonly use: CertificateUse;
  readonly keyId: string;
}

export const makeKeys: RunStep = async ({ server, state, keep, claims }) => {
  const running = await server();
  const { keys: former, signingToken } = state();
  const known = await running.ask<readonly Key[]>('GET', '/keys');
  const keyFor = async (use: CertificateUse): Promise<string> => {
    // By its label, should a crash have come between the key and the note of it.
    const label = `${use} ${claims.jti}`;
    const key = known.find(({ id }) => id === former?.[use]) ?? known.find((one) => one.label === label);
    if (key !== undefined) return key.id;
    const tokenId =
      use === 'signing' && signingToken !== undefined ? await deviceOf(running, signingToken) : {};
    return (await running.ask<Key>('POST', '/keys', { label, spec: keySpec, ...tokenId })).id;
  };
  await keep({ keys: { signing: await keyFor('signing'), authentication: await keyFor('authentication') } });
  const where = signingToken === undefined ? '' : `; the one for signing in ${signingToken}`;
  return { state: 'done', detail: `a key for signing and one for authentication, P-256${where}` };
};

async function deviceOf(running: JoiningServer, name: string): Promise<{ readonly tokenId?: string }> {
  const tokens = await running.ask<readonly KnownToken[]>('GET', '/tokens');
  const id = tokens.find((one) => one.kind === 'device' && one.name === name)?.id;
  // That it is there and signed in was seen before this step.
  if (id === undefined) throw new JoinError('failed', `the device ${name} is away`);
  return { tokenId: id };
}

export const requestServer: RunStep = async ({ server, state, serverId, report }) => {
  const running = await server();
  await running.ask('POST', '/configuration/refresh');
  const { requests } = await report();
  const isAsked = requests.some(({ kind, status }) => kind === 'authCertReg' && isAlive(status));
  if (isAsked || isRegistered(running, memberOf(serverId), serverId)) return { state: 'done' };
  const { keys, address } = state();
  const own = await running.ask<readonly OwnCertificate[]>('GET', '/certificates');
  const certificate = own.find(({ keyId }) => keyId === keys?.authentication)?.sha256;
  await running.ask('POST', '/management-requests', { kind: 'authCertReg', certificate, address });
  return { state: 'done', detail: `the authentication certificate, at ${address}` };
};

export const awaitServer: RunStep = (context) =>
  awaitRegistration(context, [memberOf(context.serverId)], 'authCertReg');

export const requestClients: RunStep = async ({ server, state, serverId, report }) => {
  const running = await server();
  const { requests, hosts } = await report();
  // The requests below go through the server behind which the registry takes them: this one, of an instance that begins.
  if (hosts !== undefined) await running.ask('POST', '/management-services', hosts);
  for (const { code, name } of state().subsystems) {
    const id = subsystemOf(serverId, code);
    const client = printEncoded(id);
    const isAsked = requests.some(
      (one) => one.kind === 'clientReg' && one.client === client && isAlive(one.status),
    );
    if (isAsked || isRegistered(running, id, serverId)) continue;
    const settings = { status: 'saved', connectionType: 'NOSSL', certificates: [] };
    await running.ask('PUT', `/clients/${encodeURIComponent(client)}`, settings);
    const subsystemName = name ?? code;
    await running.ask('POST', '/management-requests', { kind: 'clientReg', client, subsystemName });
  }
  const codes = state()
    .subsystems.map(({ code }) => code)
    .join(', ');
  const host = hosts === undefined ? '' : `; takes management requests of the instance as ${hosts.provider}`;
  return { state: 'done', detail: `${codes}${host}` };
};

export const awaitClients: RunStep = (context) => {
  const clients = context.state().subsystems.map(({ code }) => subsystemOf(context.serverId, code));
  return awaitRegistration(context, clients, 'clientReg');
};

export const firstTimestamp: RunStep = async ({ server }) => {
  const running = await server();
  await running.ask('POST', '/timestamps');
  const { lastTimestampAt, recordsWithoutTimestamp } = await running.ask<{
    readonly lastTimestampAt?: string;
    readonly recordsWithoutTimestamp: number;
  }>('GET', '/status');
  if (lastTimestampAt !== undefined) return { state: 'done', detail: lastTimestampAt };
  // The first server of an instance may have sent nothing yet: its one subsystem came with the management service.
  if (recordsWithoutTimestamp === 0)
    return { state: 'done', detail: 'nothing is recorded yet to be timestamped' };
  return { state: 'waiting', detail: 'nothing was timestamped yet' };
};

/** Approved is what the configuration shows; whatever else was decided, the registry tells with its reason. */
async function awaitRegistration(
  { server, serverId, report }: StepContext,
  clients: readonly ClientId[],
  kind: 'authCertReg' | 'clientReg',
): ReturnType<RunStep> {
  const running = await server();
  const status = await report();
  await running.ask('POST', '/configuration/refresh');
  if (clients.every((client) => isRegistered(running, client, serverId))) {
    // The settings follow what the configuration shows.
    await running.ask('POST', '/management-requests/refresh');
    return { state: 'done', detail: clients.map(printEncoded).join(', ') };
  }
  requireUndeclined(status, kind);
  const waiting = status.requests.filter((one) => one.kind === kind && one.status === 'waiting');
  const numbers = waiting.map(({ id }) => id).join(', ');
  const detail =
    waiting.length === 0
      ? 'approved; the configuration does not show it yet'
      : `request ${numbers} waits for the registration officer`;
  return { state: 'waiting', detail };
}

function requireUndeclined({ decision, reason, requests }: JoiningStatus, kind: string): void {
  if (decision === 'declined') throw new JoiningDeclined(reason ?? 'no reason was given');
  const last = requests.filter((one) => one.kind === kind).at(-1);
  if (last?.status === 'declined') throw new JoiningDeclined(last.reason ?? 'no reason was given');
  if (last?.status === 'revoked') {
    const message = `the registry has taken request ${last.id} back: ${last.reason ?? 'no reason was given'}`;
    throw new JoinError('refused', message, { remedy: 'ask the registration officer for a new invitation' });
  }
}

function isAlive(status: JoiningStatus['requests'][number]['status']): boolean {
  return status === 'waiting' || status === 'approved';
}

function isRegistered(running: JoiningServer, client: ClientId, serverId: ServerId): boolean {
  return running
    .configuration()
    .serversOf(client)
    .some(({ id }) => equal(id, serverId));
}

function subsystemOf(serverId: ServerId, subsystemCode: string): SubsystemId {
  return { ...memberOf(serverId), kind: 'SUBSYSTEM', subsystemCode };
}
