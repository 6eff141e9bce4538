import { digestOf } from '../../certs/key/index.ts';
import { Fault } from '../fault/index.ts';
import { anchorFingerprint } from './anchor.ts';
import { certificateProfilesPart } from './certificate-profiles.ts';
import { verifyDirectory } from './directory-read.ts';
import { directoryFile } from './folder-layout.ts';
import { introducedCertificates } from './introductions.ts';
import type { AnchorSource, PrivateParameters } from './model.ts';
import { parsePrivateParameters } from './private-parameters.ts';
import { anchorFile, type ConfigurationSnapshot, snapshotId } from './snapshot.ts';
import { layOut, partFileName, type SnapshotInstance, type SnapshotLayout } from './snapshot-read.ts';

export type SnapshotFindingCode =
  /** Files are missing, too many, or cannot be read; nothing further was looked at. */
  | 'configuration-malformed'
  /** The files are not those that the id names. */
  | 'configuration-id'
  /** The anchor is another than the one that is trusted. */
  | 'anchor-untrusted'
  /** A directory was signed by a certificate that the anchor of its instance neither names nor leads to. */
  | 'directory-signer-unknown'
  /** The signature of a directory is not good. */
  | 'directory-signature'
  /** The own instance's directory did not count any more at the instant. */
  | 'directory-expired'
  /** A file is not the one that the directory was signed for. */
  | 'part-changed'
  /** A file that the directory names is not there. */
  | 'part-missing'
  /** The own private parameters do not name the instance as one of the federation. */
  | 'instance-unknown';

export interface SnapshotFinding {
  readonly code: SnapshotFindingCode;
  /** Which file of the snapshot; undefined when it is none alone. */
  readonly name: string | undefined;
  /** A plain sentence. */
  readonly text: string;
}

export interface SnapshotTrust {
  /** Fingerprint of the trusted anchor as people compare it: SHA-224 in hex, with colons or without. */
  readonly anchorHash?: string;
  /** When the configuration was relied on; undefined leaves expiry unjudged. */
  readonly at?: Date;
}

/**
 * Checks that the registry vouched for every file of a snapshot: its anchor, the directories by the anchor's
 * certificates, each file by its hash in the directory, and other instances by the anchors inside the own private
 * parameters. The clock of the present counts for nothing. A directory of another instance may have expired by
 * then: its instance was unknown to the server, and `inForceAt` of the configuration leaves it out.
 * @returns what is wrong, in the order of the files; nothing when all is good
 */
export function verifySnapshot(
  { id, files }: ConfigurationSnapshot,
  { anchorHash, at }: SnapshotTrust = {},
): SnapshotFinding[] {
  try {
    const layout = layOut(files);
    const findings: SnapshotFinding[] = [];
    if (snapshotId(files) !== id) {
      findings.push({ code: 'configuration-id', name: undefined, text: `The files are not those of ${id}` });
    }
    if (anchorHash !== undefined) findings.push(...checkAnchor(layout, anchorHash));
    const trusted = readTrusted(layout);
    for (const instance of layout.instances) {
      const isOwn = instance.instance === layout.own;
      const sources = isOwn ? layout.anchor.sources : anchoredSources(trusted, instance.instance);
      findings.push(...checkDirectory(instance, sources, isOwn ? at : undefined), ...checkParts(instance));
      findings.push(...findMissing(instance, isOwn));
    }
    return findings;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return [{ code: 'configuration-malformed', name: undefined, text: error.message }];
  }
}

function checkAnchor({ anchorBytes }: SnapshotLayout, anchorHash: string): SnapshotFinding[] {
  const found = anchorFingerprint(anchorBytes);
  if (compact(found) === compact(anchorHash)) return [];
  const text = `The anchor has the fingerprint ${found}, trusted is ${anchorHash}`;
  return [{ code: 'anchor-untrusted', name: anchorFile, text }];
}

function compact(fingerprint: string): string {
  return fingerprint.replaceAll(':', '').toLowerCase();
}

/** @throws Fault MalformedGlobalConf */
function readTrusted({ instances: [own] }: SnapshotLayout): PrivateParameters | undefined {
  const part = own?.parts.find(({ listed }) => listed.contentIdentifier === 'PRIVATE-PARAMETERS');
  return part && parsePrivateParameters(part.file.content);
}

/** @returns undefined for an instance that is not of the federation */
function anchoredSources(trusted: PrivateParameters | undefined, instance: string) {
  return trusted?.federatedAnchors.find((anchor) => anchor.instance === instance)?.sources;
}

function checkDirectory(
  { folder, instance, signed }: SnapshotInstance,
  sources: readonly AnchorSource[] | undefined,
  at: Date | undefined,
): SnapshotFinding[] {
  const name = `${folder}/${directoryFile}`;
  if (sources === undefined) {
    const text = `The private parameters name no anchor of instance ${instance}`;
    return [{ code: 'instance-unknown', name, text }];
  }
  try {
    const anchored = sources.flatMap(({ verificationCerts }) => verificationCerts);
    const certificates = introducedCertificates(instance, anchored, signed.introductions ?? []);
    verifyDirectory(signed.body, certificates, at);
    return [];
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const code = codes.get(error.code);
    if (code === undefined) throw error;
    return [{ code, name, text: error.message }];
  }
}

const codes: ReadonlyMap<string, SnapshotFindingCode> = new Map([
  ['CertNotFound', 'directory-signer-unknown'],
  ['InvalidSignatureValue', 'directory-signature'],
  ['OutdatedGlobalConf', 'directory-expired'],
]);

function checkParts({ folder, parts }: SnapshotInstance): SnapshotFinding[] {
  return parts
    .filter(({ file, listed }) => !digestOf(listed.digest.name, file.content).equals(listed.hash))
    .map(({ file }) => {
      const name = `${folder}/${file.fileName}`;
      return {
        code: 'part-changed',
        name,
        text: `${name} is not the file that the directory was signed for`,
      };
    });
}

/** What is read of other instances. */
const readOfOthers = new Set<string>(['SHARED-PARAMETERS', certificateProfilesPart]);

/** Of the own instance everything counts. */
function findMissing({ folder, directory, parts }: SnapshotInstance, isOwn: boolean): SnapshotFinding[] {
  const have = new Set(parts.map(({ listed }) => listed));
  return directory.parts
    .filter((listed) => !have.has(listed) && (isOwn || readOfOthers.has(listed.contentIdentifier)))
    .map((listed) => {
      const name = `${folder}/${partFileName(listed)}`;
      return { code: 'part-missing', name, text: `${name}, which the directory names, is not there` };
    });
}
