import { createHash } from 'node:crypto';
import { digestOf } from '../../certs/key/index.ts';
import {
  type Anchor,
  anchorFingerprint,
  buildFromFiles,
  type ConfigurationFile,
  type GlobalConfiguration,
  instanceFolder,
  parseAnchor,
  parsePrivateParameters,
  verifyDirectory,
} from '../configuration/index.ts';
import { Fault, spellCode } from '../fault/index.ts';
import type { BundleConfiguration } from './model.ts';
import { bad, good, type Step, type Trust } from './verdict.ts';
import { bundleNames } from './write-bundle.ts';

const id = 'configuration';
const anchorFile = 'anchor.xml';
const ownerFile = 'instance-identifier';
const directoryFile = 'directory';
const metadataEnding = '.metadata';

export interface JudgedConfiguration {
  readonly step: Step;
  /** Undefined when the snapshot cannot be relied on. */
  readonly configuration?: GlobalConfiguration;
  readonly warnings: readonly string[];
}

/**
 * Whether a snapshot is what records name, and was signed as its anchor demands. Its directories may have expired by
 * now; whether they counted when a message passed is asked for each record.
 */
export function judgeConfiguration(snapshot: BundleConfiguration, trust: Trust): JudgedConfiguration {
  const about = bundleNames.configuration(snapshot.id);
  const refuse = (code: string, text: string) => ({ step: bad(id, about, code, text), warnings: [] });
  if (snapshotIdOf(snapshot) !== snapshot.id) {
    return refuse(
      'configuration-differs',
      'The files of this configuration are not those that its name is the hash of.',
    );
  }
  try {
    const files = new Map(snapshot.files.map(({ name, bytes }) => [name, bytes]));
    const anchorBytes = demand(files, anchorFile);
    const fingerprint = anchorFingerprint(anchorBytes);
    if (trust.anchorHash !== undefined && trust.anchorHash.toUpperCase() !== fingerprint) {
      const text = `The anchor of this configuration has the fingerprint ${fingerprint}, not the one you gave.`;
      return refuse('anchor-differs', text);
    }
    const configuration = verifySnapshot(files, parseAnchor(anchorBytes));
    const text = `The configuration of ${configuration.instance} was signed as its anchor demands, and counted until ${configuration.expiresAt.toISOString()}.`;
    const isTold = trust.anchorHash !== undefined || trust.configuration !== undefined;
    const warning = `Judged by a configuration that is in the bundle: compare the fingerprint of its anchor, ${fingerprint}, with the one the operator of ${configuration.instance} publishes.`;
    return {
      step: good(id, about, text, [
        ['instance', configuration.instance],
        ['fingerprint of the anchor', fingerprint],
        ['counted until', configuration.expiresAt.toISOString()],
        ['files', String(snapshot.files.length)],
      ]),
      configuration,
      warnings: isTold ? [] : [warning],
    };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return refuse(spellCode(error), `This configuration is not good: ${error.message}.`);
  }
}

/** SHA-256 over lines of hash and name, as `sha256sum` would print them, by name. */
function snapshotIdOf({ files }: BundleConfiguration): string {
  const hash = createHash('sha256');
  const sorted = [...files].sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const { name, bytes } of sorted) {
    hash.update(`${createHash('sha256').update(bytes).digest('hex')}  ${name}\n`);
  }
  return hash.digest('hex');
}

type Files = ReadonlyMap<string, Buffer>;

/** The anchor vouches for the own instance; its private parameters have the anchors of others. */
function verifySnapshot(files: Files, anchor: Anchor): GlobalConfiguration {
  const own = demand(files, ownerFile).toString('utf8').trim();
  if (anchor.instance !== own) {
    throw new Fault(
      'MalformedGlobalConf',
      `the anchor is that of ${anchor.instance}, and the configuration of ${own}`,
    );
  }
  const verified = readInstance(files, anchor);
  const privatePart = verified.find(({ contentIdentifier }) => contentIdentifier === 'PRIVATE-PARAMETERS');
  const federated =
    privatePart === undefined ? [] : parsePrivateParameters(privatePart.content).federatedAnchors;
  for (const other of federated) {
    const isHere = files.has(`${instanceFolder(other.instance)}/${directoryFile}`);
    if (isHere && other.instance !== own) verified.push(...readInstance(files, other));
  }
  const known = new Set([
    anchorFile,
    ownerFile,
    ...verified.map(({ instance, fileName }) => `${instanceFolder(instance)}/${fileName}`),
    ...verified.map(({ instance }) => `${instanceFolder(instance)}/${directoryFile}`),
  ]);
  // Metadata are not signed, and not read here: all they say the directory says too.
  const unsigned = [...files.keys()].find((name) => !known.has(name) && !name.endsWith(metadataEnding));
  if (unsigned !== undefined) throw new Fault('MalformedGlobalConf', `nobody signed ${unsigned}`);
  return buildFromFiles(own, verified);
}

/** Files of one instance that its signed directory names. */
function readInstance(files: Files, { instance, sources }: Anchor): ConfigurationFile[] {
  const folder = `${instanceFolder(instance)}/`;
  const certificates = sources.flatMap(({ verificationCerts }) => verificationCerts);
  const directory = verifyDirectory(demand(files, `${folder}${directoryFile}`), certificates, undefined);
  const found: ConfigurationFile[] = [];
  for (const { contentIdentifier, digest, hash, location, instance: of } of directory.parts) {
    if (of !== instance) continue;
    for (const [name, content] of files) {
      const isOther =
        !name.startsWith(folder) || name.endsWith(metadataEnding) || name === `${folder}${directoryFile}`;
      if (isOther || !digestOf(digest.name, content).equals(hash)) continue;
      const { expiresAt, version } = directory;
      found.push({
        ...{ instance, contentIdentifier, content, location, expiresAt, version },
        fileName: name.slice(folder.length),
      });
      break;
    }
  }
  return found;
}

function demand(files: Files, name: string): Buffer {
  const bytes = files.get(name);
  if (bytes === undefined) throw new Fault('MalformedGlobalConf', `the configuration has no ${name}`);
  return bytes;
}
