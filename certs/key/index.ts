export {
  algorithmByIdentifierDer,
  algorithmByXmlUri,
  defaultAlgorithm,
  type KeyType,
  type SignatureAlgorithm,
  type SignatureEncoding,
  signatureAlgorithms,
  verifySignature,
} from './algorithms.ts';
export {
  type DigestAlgorithm,
  type DigestName,
  digestAlgorithms,
  digestByHeaderName,
  digestByOid,
  digestByXmlUri,
  digestOf,
} from './digests.ts';
export { KeyError, type KeyErrorCode } from './error.ts';
export {
  checkKeyStrength,
  generateKeyPair,
  type KeyPair,
  type KeySpec,
  type SigningKey,
  softwareSigningKey,
} from './keys.ts';
