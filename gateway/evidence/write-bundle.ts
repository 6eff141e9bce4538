import { writeZip, type ZipEntry } from '../signature/index.ts';
import { saltBytes } from './facts.ts';
import type { BundleContent, BundleRecord, BundleTally } from './model.ts';

export const bundleVersion = 1;

/** Names of the entries of a bundle. */
export const bundleNames = {
  index: 'bundle.json',
  checkpoint: 'checkpoint',
  container: (index: number) => `records/${index}.asice`,
  /** @param place from 0 */
  timestamp: (place: number) => `timestamps/${place + 1}`,
  configuration: (id: string) => `configurations/${id}`,
} as const;

/** Files of a timestamp, in their order. */
export const timestampFiles = {
  checkpoint: 'checkpoint',
  token: 'token.tst',
  result: 'ts-hashchainresult.xml',
  chain: 'ts-hashchain.xml',
} as const;

/**
 * Writes a bundle. There is one form for each content: entries in a fixed order, nothing compressed (containers are
 * already), no times, so that nothing can be put where nobody looks.
 * @param content lists in the order of their indices and ids, else `readBundle` refuses what was written
 * @throws RangeError beyond 65,535 files or 4 GiB; a party's long period is then exported in pieces
 */
export function writeBundle(content: BundleContent): Buffer {
  const { records, timestamps, configurations } = content;
  const entries: ZipEntry[] = [
    { name: bundleNames.index, data: Buffer.from(JSON.stringify(indexOf(content))) },
    { name: bundleNames.checkpoint, data: Buffer.from(content.checkpoint) },
  ];
  for (const { index, container } of records) {
    if (container !== null) entries.push({ name: bundleNames.container(index), data: container });
  }
  for (const [place, { checkpoint, token, result, chain }] of timestamps.entries()) {
    const folder = bundleNames.timestamp(place);
    entries.push({ name: `${folder}/${timestampFiles.checkpoint}`, data: Buffer.from(checkpoint) });
    entries.push({ name: `${folder}/${timestampFiles.token}`, data: token });
    entries.push({ name: `${folder}/${timestampFiles.result}`, data: result });
    entries.push({ name: `${folder}/${timestampFiles.chain}`, data: chain });
  }
  for (const { id, files } of configurations) {
    const folder = bundleNames.configuration(id);
    const sorted = [...files].sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const { name, bytes } of sorted) entries.push({ name: `${folder}/${name}`, data: bytes });
  }
  return writeZip(entries, { isStored: true });
}

/** What stands in `bundle.json`, in the order of its keys. */
function indexOf(content: BundleContent) {
  const { scope, origin, verifierKey, createdAt, configurations, records, tallies, consistency } = content;
  return {
    version: bundleVersion,
    scope: scopeOf(scope),
    origin,
    verifierKey,
    createdAt,
    configurations: configurations.map(({ id }) => id),
    records: records.map(recordOf),
    tallies: tallies.map(tallyOf),
    consistency: consistency.map(({ oldSize, oldRoot, proof }) => ({
      oldSize,
      oldRoot: base64(oldRoot),
      proof: proof.map(base64),
    })),
  };
}

function scopeOf(scope: BundleContent['scope']) {
  if (scope.kind === 'exchange') return { kind: scope.kind, queryId: scope.queryId };
  if (scope.kind === 'case') return { kind: scope.kind, title: scope.title };
  return { kind: scope.kind, party: scope.party, from: scope.from, to: scope.to };
}

function recordOf({ index, facts, salts, inclusion, container, erased, timestamp }: BundleRecord) {
  return {
    index,
    facts: facts.toString('utf8'),
    salts: {
      facts: salt(salts.facts),
      head: salt(salts.head),
      signature: salt(salts.signature),
      bodies: salts.bodies.map(salt),
    },
    inclusion: inclusion.map(base64),
    container: container === null ? null : bundleNames.container(index),
    erased,
    timestamp: timestamp === null ? null : bundleNames.timestamp(timestamp),
  };
}

function tallyOf({ index, facts, salt: factsSalt, inclusion, pairs }: BundleTally) {
  return {
    index,
    facts: facts.toString('utf8'),
    salt: salt(factsSalt),
    inclusion: inclusion.map(base64),
    pairs: pairs.map((pair) => ({ position: pair.position, text: pair.text, salt: salt(pair.salt) })),
  };
}

const base64 = (bytes: Buffer) => bytes.toString('base64');

function salt(bytes: Buffer): string {
  if (bytes.length !== saltBytes) throw new RangeError(`a salt has ${saltBytes} octets`);
  return base64(bytes);
}
