export { checkOcsp, type OcspQuestion, type OcspVerdict } from './check.ts';
export { OcspError, type OcspErrorCode } from './error.ts';
export { createOcspRequest, parseOcspRequest, type RequestedStatus } from './request.ts';
export { createOcspRefusal, createOcspResponse, parseOcspResponse, type StatusToWrite } from './response.ts';
