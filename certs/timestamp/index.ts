export { checkTimestamp, type TimestampQuestion } from './check.ts';
export {
  createTimestampRefusal,
  createTimestampResponse,
  createTimestampToken,
  readTimestampResponse,
  type TokenToCreate,
} from './create.ts';
export { TimestampError, type TimestampErrorCode } from './error.ts';
export { createTimestampRequest, parseTimestampRequest, type TimestampRequest } from './request.ts';
export {
  embeddedCertificates,
  parseTimestampToken,
  type TimestampToken,
  withCertificateFirst,
} from './token.ts';
