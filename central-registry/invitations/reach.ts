import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';
import { type Connection, type ConnectionOutcome, tryConnection } from '../../gateway/joining/index.ts';

/**
 * Which addresses the registry connects to when a joining server asks to be tried. `private` admits the networks of
 * RFC 1918 and their like, which a registry on such a network wants; `loopback` this machine too, for trials.
 */
export type ReachableAddresses = 'public' | 'private' | 'loopback';

export interface ReachSettings {
  /** At which servers of this instance are reached by others: nothing else is tried. */
  readonly ports: readonly number[];
  readonly addresses: ReachableAddresses;
}

const timeoutMs = 4_000;

/**
 * Tries whether a server can be reached at the address that it announced. The name is resolved once, and what is
 * connected to is what was judged; only a TLS handshake is made, and only what became of it is told.
 * @param host as it was announced at redemption
 */
export async function tryToReach(
  host: string,
  { ports, addresses }: ReachSettings,
  resolve: Resolve = resolveHost,
): Promise<Connection[]> {
  const resolved = await resolve(host);
  const outcome = judge(resolved, addresses);
  const direction = 'registry-to-joiner';
  if (typeof outcome === 'string') return ports.map((port) => ({ direction, host, port, outcome }));
  const { address } = outcome;
  return Promise.all(
    ports.map(async (port) => ({
      ...{ direction, host, port },
      outcome: await tryConnection({ host, port, address, tls: true, timeoutMs }),
    })),
  );
}

/** @returns addresses of a host; none when its name is not known */
export type Resolve = (host: string) => Promise<readonly string[]>;

async function resolveHost(host: string): Promise<readonly string[]> {
  if (isIP(host) !== 0) return [host];
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address);
  } catch {
    // Whatever the resolver says, there is nowhere to connect to.
    return [];
  }
}

/** A name with one address that is not allowed is not tried at all: it could be had at another time. */
function judge(
  resolved: readonly string[],
  addresses: ReachableAddresses,
): ConnectionOutcome | { readonly address: string } {
  const [address] = resolved;
  if (address === undefined) return 'unknown-name';
  return resolved.every((one) => isAllowed(one, addresses)) ? { address } : 'address-not-allowed';
}

/** @param address IPv4 or IPv6 */
export function isAllowed(address: string, addresses: ReachableAddresses): boolean {
  // Zones and spellings of IPv4 inside IPv6 are ways round a list, and no server is registered by them.
  const family = familyOf(address);
  if (address.includes('%') || (family === 'ipv6' && embedded.check(address, family))) return false;
  if (never.check(address, family)) return false;
  if (loopback.check(address, family)) return addresses === 'loopback';
  return addresses !== 'public' || !privateUse.check(address, family);
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4';
}

function listOf(subnets: readonly string[]): BlockList {
  const list = new BlockList();
  for (const subnet of subnets) {
    const [network = '', prefix] = subnet.split('/');
    list.addSubnet(network, Number(prefix), familyOf(network));
  }
  return list;
}

/** @see RFC 6890 and the registries of special-purpose addresses */
const never = listOf([
  '0.0.0.0/8',
  // Link-local: addresses at which clouds hand out credentials.
  '169.254.0.0/16',
  '192.0.0.0/24',
  '192.88.99.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '::/128',
  '100::/64',
  '2002::/16',
  '2001::/32',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
]);
const loopback = listOf(['127.0.0.0/8', '::1/128']);
const privateUse = listOf([
  '10.0.0.0/8',
  '100.64.0.0/10',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '192.0.2.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '2001:db8::/32',
  'fc00::/7',
]);
/** IPv4 inside IPv6: mapped, and translated. */
const embedded = listOf(['::ffff:0:0/96', '64:ff9b::/96', '64:ff9b:1::/48']);
