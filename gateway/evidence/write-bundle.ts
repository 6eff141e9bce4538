import { writeZip, type ZipEntry } from '../signature/index.ts';
import { saltBytes } from './facts.ts';
import type { BundleContent, BundleRecord, BundleTally, BundleWitness } from './model.ts';

/** Version 1 has no word of the log on what the export holds. */
export const bundleVersions = { unsigned: 1, signed: 2 } as const;

/** Names of the entries of a bundle. */
export const bundleNames = {
  index: 'bundle.json',
  checkpoint: 'checkpoint',
  contents: 'contents',
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
  return writeZip(zipEntriesOf(content), { isStored: true });
}

/** All entries of a bundle, in their order. */
export function zipEntriesOf(content: BundleContent): ZipEntry[] {
  const { contents } = content;
  const version = contents === undefined ? bundleVersions.unsigned : bundleVersions.signed;
  const [index, checkpoint, ...others] = entriesOf(content, version);
  const head = [index, checkpoint].flatMap((entry) => entry ?? []);
  const signed = contents === undefined ? [] : [{ name: bundleNames.contents, data: Buffer.from(contents) }];
  return [...head, ...signed, ...others];
}

/** Entries of a bundle but for what signs for them: the index, the checkpoint, and the rest. */
export function entriesOf(content: BundleContent, version: number): ZipEntry[] {
  const { records, timestamps, configurations } = content;
  const entries: ZipEntry[] = [
    { name: bundleNames.index, data: Buffer.from(JSON.stringify(indexOf(content, version))) },
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
  return entries;
}

/** What stands in `bundle.json`, in the order of its keys. */
function indexOf(content: BundleContent, version: number) {
  const { scope, origin, verifierKey, createdAt, configurations, records, tallies, consistency } = content;
  const { witnesses } = content;
  return {
    version,
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
    ...(witnesses !== undefined && { witnesses: witnesses.map(witnessOf) }),
  };
}

function scopeOf(scope: BundleContent['scope']) {
  if (scope.kind === 'exchange') return { kind: scope.kind, queryId: scope.queryId };
  if (scope.kind === 'case') return { kind: scope.kind, title: scope.title, queryIds: scope.queryIds };
  if (scope.kind === 'archive') {
    const { kind, grouping, group, from, to, previous } = scope;
    const link = previous && { digest: previous.digest, fileName: previous.fileName };
    return { kind, grouping, group, from, to, previous: link };
  }
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

function witnessOf({ index, facts, salt: factsSalt, inclusion }: BundleWitness) {
  return { index, facts: facts.toString('utf8'), salt: salt(factsSalt), inclusion: inclusion.map(base64) };
}

const base64 = (bytes: Buffer) => bytes.toString('base64');

function salt(bytes: Buffer): string {
  if (bytes.length !== saltBytes) throw new RangeError(`a salt has ${saltBytes} octets`);
  return base64(bytes);
}
