export { anchorFingerprint, parseAnchor, writeAnchor } from './anchor.ts';
export { buildFromFiles, type ReadBefore } from './build-from-files.ts';
export {
  certificateProfilesPart,
  type OwnProfiles,
  writeCertificateProfiles,
} from './certificate-profiles.ts';
export { type Directory, type DirectoryPart, readDirectory, verifyDirectory } from './directory-read.ts';
export { type DirectoryToWrite, writeDirectory } from './directory-write.ts';
export {
  type ConfigurationFile,
  describeFile,
  directoryFile,
  type Introduction,
  instanceFolder,
  instanceOfFolder,
  isProofName,
  metadataEnding,
  ownerFile,
  type SignedDirectory,
} from './folder-layout.ts';
export { readConfigurationFiles, readConfigurationFolder, readConfigurationOnDisk } from './folder-read.ts';
export { writeConfigurationFolder } from './folder-write.ts';
export {
  buildConfiguration,
  type ConfigurationContent,
  type GlobalConfiguration,
  type IssuingCa,
} from './global-configuration.ts';
export { introducedCertificates } from './introductions.ts';
export {
  type AcmeServer,
  type Anchor,
  type AnchorSource,
  type ApprovedCa,
  type CertificationAuthority,
  type ConfigurationVersion,
  type CostType,
  type Member,
  type PrivateParameters,
  type SecurityServer,
  type SharedParameters,
  versions,
} from './model.ts';
export { type OptionalParameters, type OptionalPart, writeOptionalParts } from './optional-parts.ts';
export { directoryTag, pollingConfigurationHeader, pollingServerHeader } from './polling.ts';
export { parsePrivateParameters, writePrivateParameters } from './private-parameters.ts';
export {
  type RegistryHistory,
  readRegistryHistory,
  registryHistoryPart,
  writeRegistryHistory,
} from './registry-history.ts';
export { parseSharedParameters } from './shared-parameters-read.ts';
export { writeSharedParameters } from './shared-parameters-write.ts';
export {
  anchorFingerprintOf,
  buildSnapshot,
  type ConfigurationSnapshot,
  listSnapshot,
  parseListing,
  type SnapshotContent,
  type SnapshotFile,
  snapshotId,
} from './snapshot.ts';
export { readSnapshot } from './snapshot-read.ts';
export { type SnapshotFinding, type SnapshotFindingCode, verifySnapshot } from './snapshot-verify.ts';
