import { Fault } from '../fault/index.ts';

/** A semantic version, as far as order needs it: build metadata plays no part. */
interface Version {
  readonly numbers: readonly bigint[];
  /** Dot-separated identifiers behind the hyphen; none for a release. */
  readonly preRelease: readonly string[];
}

/** Far more than any release has; keeps what follows linear in something small. */
const maxLength = 128;

const number = '(0|[1-9][0-9]*)';
const identifiers = '[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*';
const pattern = new RegExp(`^${number}\\.${number}\\.${number}(?:-(${identifiers}))?(?:\\+${identifiers})?$`);

/**
 * Refuses a peer whose program is older than this server takes.
 * @param header `x-proxy-version` as the peer sent it
 * @param minimum a semantic version; undefined takes every peer, whatever it says of itself
 * @throws Fault ClientProxyVersionNotSupported for a lower version, none, or one that cannot be read
 * @see Semantic Versioning 2.0.0, clause 11
 */
export function checkPeerVersion(header: string | undefined, minimum: string | undefined): void {
  if (minimum === undefined) return;
  const least = parseVersion(minimum);
  if (least === undefined) throw new Error(`'${minimum}' is no semantic version: expected one such as 7.6.0`);
  if (header === undefined || header === '') {
    throw unsupported(`does not say its version; ${minimum} or later is expected in x-proxy-version`);
  }
  const version = parseVersion(header);
  if (version === undefined) {
    throw unsupported(`says a version that cannot be read; ${minimum} or later is expected`);
  }
  if (compare(version, least) < 0)
    throw unsupported(`is of version ${header}; it must be ${minimum} or later`);
}

/** Whether a text is a version that peers' versions can be compared with. */
export function isPeerVersion(text: string): boolean {
  return parseVersion(text) !== undefined;
}

function unsupported(finding: string): Fault {
  return new Fault('ClientProxyVersionNotSupported', `The calling security server ${finding}`);
}

function parseVersion(text: string): Version | undefined {
  const found = text.length > maxLength ? null : pattern.exec(text);
  if (found === null) return undefined;
  const [, major = '', minor = '', patch = '', preRelease] = found;
  const parts = preRelease?.split('.') ?? [];
  // Numbers have one spelling.
  if (parts.some((part) => /^0[0-9]+$/.test(part))) return undefined;
  return { numbers: [BigInt(major), BigInt(minor), BigInt(patch)], preRelease: parts };
}

/** @returns below, at or above zero as `a` comes before, with or after `b` */
function compare(a: Version, b: Version): number {
  for (const [index, own] of a.numbers.entries()) {
    const other = b.numbers[index] ?? 0n;
    if (own !== other) return own < other ? -1 : 1;
  }
  // A release comes after everything that led up to it.
  if (a.preRelease.length === 0 || b.preRelease.length === 0) {
    return b.preRelease.length - a.preRelease.length;
  }
  for (let index = 0; index < Math.max(a.preRelease.length, b.preRelease.length); index += 1) {
    const difference = compareIdentifiers(a.preRelease[index], b.preRelease[index]);
    if (difference !== 0) return difference;
  }
  return 0;
}

function compareIdentifiers(a: string | undefined, b: string | undefined): number {
  // The longer list comes after, when all before it is equal.
  if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? -1 : 1;
  const areNumbers = [a, b].map((one) => /^[0-9]+$/.test(one));
  if (areNumbers[0] !== areNumbers[1]) return areNumbers[0] === true ? -1 : 1;
  if (areNumbers[0] === true) return BigInt(a) < BigInt(b) ? -1 : BigInt(a) > BigInt(b) ? 1 : 0;
  return a < b ? -1 : a > b ? 1 : 0;
}
