import type { GlobalConfiguration } from '../configuration/index.ts';
import { Fault } from '../fault/index.ts';
import { type ClientId, equal, printFull, type ServerId } from '../identifier/index.ts';
import type { PeerAddress } from '../transport/index.ts';

/**
 * Addresses of the security servers that serve `provider`, in the order they are to be tried.
 * @param pinned the one server the caller asked for, if any
 * @param random a number in [0, 1), so that load spreads over a provider's servers
 * @throws Fault UnknownMember, InvalidSecurityServer, MaintenanceMode
 */
export function findPeer(
  provider: ClientId,
  pinned: ServerId | undefined,
  configuration: GlobalConfiguration,
  port: number,
  random: () => number,
): PeerAddress[] {
  const serving = configuration.serversOf(provider);
  if (serving.length === 0) {
    throw new Fault('UnknownMember', `No security server is known for provider '${printFull(provider)}'`);
  }
  const asked = pinned === undefined ? serving : serving.filter(({ id }) => equal(id, pinned));
  if (asked.length === 0 && pinned !== undefined) {
    const message = `Security server '${printFull(pinned)}' does not serve '${printFull(provider)}'`;
    throw new Fault('InvalidSecurityServer', message);
  }
  const open = asked.filter(({ inMaintenanceMode }) => inMaintenanceMode === undefined);
  if (open.length === 0) {
    const notice = asked
      .map(({ inMaintenanceMode }) => inMaintenanceMode?.message)
      .find((text) => text !== undefined);
    const message = `Every security server of '${printFull(provider)}' is in maintenance`;
    throw new Fault('MaintenanceMode', notice === undefined ? message : `${message}: ${notice}`);
  }
  const addresses = open.flatMap(({ address }) => (address === undefined ? [] : [{ host: address, port }]));
  if (addresses.length === 0) {
    throw new Fault(
      'UnknownMember',
      `No address is registered for a security server of '${printFull(provider)}'`,
    );
  }
  return shuffled(addresses, random);
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  return items
    .map((item) => ({ item, weight: random() }))
    .sort((a, b) => a.weight - b.weight)
    .map(({ item }) => item);
}
