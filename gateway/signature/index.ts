export {
  type ArchivedContainer,
  readArchive,
  type VerifiedArchive,
  type WrittenArchive,
  writeArchive,
} from './container/archive.ts';
export { ArchiveError, type ArchiveErrorCode, type ArchiveLink } from './container/linking-info.ts';
export { containerNameOf } from './container/name.ts';
export { type MessageParties, partiesOfMessage } from './container/parties.ts';
export { type Container, type ErasedContainer, readErasedContainer } from './container/read.ts';
export { sideFolder as archiveSideFolder } from './container/side-files.ts';
export { type ContainerQuestion, type VerifiedContainer, verifyContainer } from './container/verify.ts';
export { type VerifiedErasure, verifyErasedContainer } from './container/verify-erased.ts';
export { type BatchTimestamp, type ContainerToWrite, writeContainer } from './container/write.ts';
export { ZipError } from './container/zip-error.ts';
export { type ZipNames, zipNames } from './container/zip-names.ts';
export { readZip } from './container/zip-read.ts';
export { writeZip, type ZipEntry, type ZipOptions } from './container/zip-write.ts';
export { buildHashChains, type HashChains, type HashedFile } from './hash-chain-build.ts';
export { verifyHashChain } from './hash-chain-verify.ts';
export { readSignature } from './read.ts';
export {
  type MessageToSign,
  type SignatureDocuments,
  type SigningMaterial,
  type SigningTerms,
  signBatch,
  signMessage,
} from './sign.ts';
export {
  createVerifier,
  type SignatureQuestion,
  type SignatureVerifier,
  type VerifiedSignature,
} from './verify.ts';
