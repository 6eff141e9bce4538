import { createHash } from 'node:crypto';
import { access, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { buildFromFiles, parseAnchor } from '../../gateway/configuration/index.ts';
import { printShort } from '../../gateway/identifier/index.ts';
import { downloadConfiguration } from '../configuration-client/index.ts';
import { initServer } from '../init.ts';
import { describeReached, listenForTrial, missingLines, tryRegistry, tryServers } from './connections.ts';
import { JoinError, messageOf } from './error.ts';
import type { RunStep } from './step.ts';

/** Steps until there is a server: whether all can be reached comes first, for it takes others longest to mend. */

const openLine = 'have this line opened in the firewalls, or the program there started; it is tried again';

export const reachRegistry: RunStep = async ({ claims }) => {
  const connections = await tryRegistry(claims);
  const missing = missingLines(connections);
  if (missing !== undefined) return { state: 'waiting', detail: missing, remedy: openLine };
  return { state: 'done', detail: describeReached(connections) };
};

export const redeemInvitation: RunStep = async ({ claims, link, state, keep }) => {
  const { invitation = '', secret = '', address, subsystems } = state();
  const { anchor, ports, instance } = await link.redeem({ invitation, secret, address, subsystems });
  const hash = createHash('sha256').update(anchor).digest('hex');
  if (hash !== claims.anchorSha256 || instance !== claims.iss) {
    throw new JoinError('refused', 'the registry handed out another anchor than the invitation names', {
      remedy: 'ask the registration officer by another channel before you go on',
    });
  }
  await keep({ anchor, ports });
  return { state: 'done', detail: `anchor of ${instance}, SHA-256 ${hash}` };
};

export const reachServer: RunStep = async ({ link, places, isListening }) => {
  const stop = isListening()
    ? undefined
    : await listenForTrial(places.peerHost, places.peerPorts).catch((cause: unknown) => {
        throw new JoinError('failed', messageOf(cause), { cause });
      });
  try {
    const connections = await link.tryConnections();
    const missing = missingLines(connections);
    if (missing !== undefined) return { state: 'waiting', detail: missing, remedy: openLine };
    return { state: 'done', detail: describeReached(connections) };
  } finally {
    await stop?.();
  }
};

export const verifyConfiguration: RunStep = async ({ claims, state, places, now }) => {
  const { instance, sources } = parseAnchor(Buffer.from(state().anchor ?? ''));
  if (instance !== claims.iss) throw new JoinError('refused', `the anchor is of instance ${instance}`);
  const { files } = await downloadConfiguration({
    ...{ instance, sources, now, known: [], served: new Map() },
  }).catch((cause: unknown) => {
    const remedy = 'ask the registry whether its keys changed since the invitation; then ask for a new one';
    throw new JoinError('failed', messageOf(cause), { cause, remedy });
  });
  const configuration = buildFromFiles(instance, files);
  const provider = configuration.private?.managementService.providerId;
  const hosts = provider === undefined ? [] : configuration.serversOf(provider).flatMap(addressesOf);
  const connections = await tryServers(hosts, places.instancePeerPort);
  const missing = missingLines(connections);
  if (missing !== undefined) {
    return { state: 'waiting', detail: missing, remedy: openLine, awaits: 'network-administrator' };
  }
  const detail = `configuration ${configuration.id.slice(0, 12)} of ${instance} is verified; ${describeReached(connections)}`;
  return { state: 'done', detail };
};

export const foundServer: RunStep = async ({ places, serverId, pin, state, keep, now }) => {
  const { data } = places;
  const detail = `${printShort(serverId)} in ${data}`;
  const { administrator } = state();
  if (!(await isThere(join(data, 'settings.sqlite')))) {
    const chosen = pin();
    if (chosen === undefined) {
      return {
        ...{ state: 'waiting', detail: 'the PIN for the token of the new server is not known any more' },
        remedy: 'enter it on this page, or start the program with it',
      };
    }
    // Founding was cut short: nothing uses the keys of that token.
    await rm(join(data, 'token'), { recursive: true, force: true });
    await initServer({
      ...{ data, id: serverId, pin: chosen, anchor: Buffer.from(state().anchor ?? ''), now },
      ...(administrator !== undefined && { administrator }),
    });
  }
  if (administrator !== undefined) await keep({ administrator: undefined });
  return { state: 'done', detail };
};

function addressesOf({ address }: { readonly address?: string }): string[] {
  return address === undefined ? [] : [address];
}

export async function isThere(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    // Whatever keeps it from being read, there is nothing to go on with.
    return false;
  }
}
