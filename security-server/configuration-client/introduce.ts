import {
  type Anchor,
  type Introduction,
  introducedCertificates,
  verifyDirectory,
} from '../../gateway/configuration/index.ts';
import { Fault } from '../../gateway/fault/index.ts';
import type { Fetched } from './snapshot-in-force.ts';

/**
 * How the anchor leads to who signed a directory of the own instance. Servers follow a registry to new keys that its
 * shared parameters name; whoever has only the anchor must be able to follow them.
 * @param body directory that was verified, by the anchor or by the shared parameters of `before`
 * @param before what was in force when it was fetched
 * @returns nothing when the anchor names the signer itself
 */
export function introduce(anchor: Anchor, body: Buffer, before: Fetched): readonly Introduction[] {
  const { instance, sources } = anchor;
  const anchored = sources.flatMap(({ verificationCerts }) => verificationCerts);
  if (isSignedBy(body, anchored)) return [];
  const last = before.directories.find((one) => one.instance === instance);
  const known = last?.introductions ?? [];
  if (known.length > 0 && isSignedBy(body, followedBefore(instance, anchored, known))) return known;
  const shared = before.files.find(
    (file) => file.instance === instance && file.contentIdentifier === 'SHARED-PARAMETERS',
  );
  if (last === undefined || shared === undefined) return known;
  return [...known, { directory: last.body, shared: shared.content }];
}

/** Parsing the shared parameters of a large instance takes a second, and polls come every minute. */
const followed = new WeakMap<readonly Introduction[], readonly Buffer[]>();

function followedBefore(
  instance: string,
  anchored: readonly Buffer[],
  introductions: readonly Introduction[],
): readonly Buffer[] {
  const certificates =
    followed.get(introductions) ?? introducedCertificates(instance, anchored, introductions);
  followed.set(introductions, certificates);
  return certificates;
}

function isSignedBy(body: Buffer, certificates: readonly Buffer[]): boolean {
  try {
    verifyDirectory(body, certificates, undefined);
    return true;
  } catch (error) {
    if (error instanceof Fault && error.code === 'CertNotFound') return false;
    throw error;
  }
}
